"""Installers chosen by options and markers, and those of other plugins."""

from pathlib import Path

import pytest
from plugin.conftest import Run

CONFTEST = """
    from packaging.version import Version
    from pytest_linkcheck.installs.installers import BaseInstaller, Command

    class Mine(BaseInstaller):
        name = "mine"
        link_modes = ("hardlink", "odd")

        def __init__(self, choice, tools):
            self.version = choice.version or Version("1.0")
            self.path = choice.path

    def pytest_linkcheck_installers():
        return {"mine": Mine}
"""
TEST = """
    import pytest

    @pytest.mark.linkcheck_matrix(installers=["mine"], link_modes=["odd", "copy"])
    def test_it(installer, link_mode):
        print("RUNS", installer.version, link_mode)
"""


def _uv(path: Path, version: str) -> Path:
    path.write_text(f"#!/bin/sh\necho uv {version}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_an_installer_of_a_conftest(pytester: pytest.Pytester, run: Run, workers: str) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(TEST)
    result = run("-rP", workers)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*test_it?mine-odd?*", "RUNS 1.0 odd"])


def test_an_installer_of_a_folders_own_conftest(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.linkcheck_matrix(installers=["uv"])
        def test_before(installer): pass
        """
    )
    folder = pytester.mkpydir("own")
    (folder / "conftest.py").write_text(_dedent(CONFTEST))
    (folder / "test_own.py").write_text(_dedent(TEST))
    run("-rP").assert_outcomes(passed=2)


def _dedent(text: str) -> str:
    return "\n".join(line.removeprefix("    ") for line in text.splitlines())


def test_options_choose_versions_and_paths(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(TEST)
    args = [f"--linkcheck-installer=mine=={version}" for version in ("1.5", "2.0", "1.5")]
    result = run("-rP", *args)
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        ["*test_it?mine==1.5-odd?*", "RUNS 1.5 odd", "*test_it?mine==2.0-odd?*", "RUNS 2.0 odd"]
    )


def test_a_test_without_a_marker_runs_with_each_that_is_chosen(
    pytester: pytest.Pytester, run: Run
) -> None:
    one, two = (
        _uv(pytester.path / name, version) for name, version in (("a", "1.0"), ("b", "2.0"))
    )
    pytester.makepyfile("def test_it(installer): print('RUNS', installer.version)")
    args = ("--linkcheck-installer", f"uv={one}", "--linkcheck-installer", "uv=b")
    result = run("-rP", *args)
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        [f"*test_it?uv={one}?*", "RUNS 1.0", f"*test_it?uv={two}?*", "RUNS 2.0"]
    )
    result = run("-rP", *args[:2])
    result.stdout.fnmatch_lines(["*test_it?uv?*", "RUNS 1.0"])
    pytester.makepyfile("def test_it(venvs): print('RUNS', venvs._toolbox.find('uv').version)")
    run("-rP", *args).stdout.fnmatch_lines(["RUNS 1.0"])  # the first is what the name means


def test_a_need_is_asked_of_the_installer_that_the_test_runs_with(
    pytester: pytest.Pytester, run: Run
) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.linkcheck_requires("mine>=2")
        @pytest.mark.linkcheck_matrix(installers=["mine==1.0", "mine==2.0"])
        def test_it(installer): pass
        """
    )
    result = run("-rs")
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(
        ["SKIPPED * requires mine>=2: mine 1.0 is here: install another, *"]
    )


def test_a_name_that_is_taken(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makeconftest("def pytest_linkcheck_installers(): return {'uv': None}")
    result = run("--linkcheck-installer", "uv")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [
            "ERROR: pytest_linkcheck_installers: uv is taken already: register your * another name",
        ]
    )


EXPECTS = """
    def test_it(filesystems):
        place = filesystems.get("default")
        print("TOLD", place.expected("pip"), place.expectation("uv", "copy").warning or "nothing")
"""


def test_a_project_expects_otherwise(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(EXPECTS)
    run("-rP").stdout.fnmatch_lines(["TOLD Sharing.COPY nothing"])
    pytester.makeconftest(
        """
        from dataclasses import replace
        from pytest_linkcheck import Role, Sharing

        def pytest_linkcheck_expectation(installer, link_mode, role, expectation):
            assert role is Role.PAYLOAD
            if installer == "pip" and link_mode is None:
                return replace(expectation, sharing=Sharing.HARDLINK)
        """
    )
    run("-rP").stdout.fnmatch_lines(["TOLD Sharing.HARDLINK nothing"])
    pytester.makeconftest("def pytest_linkcheck_expectation(): return 'hardlink'")
    run().stdout.fnmatch_lines(
        ["*pytest_linkcheck_expectation returned 'hardlink': return an Expectation, or None"]
    )
