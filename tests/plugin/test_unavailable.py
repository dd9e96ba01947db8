"""What this machine lacks is a skip with its remedy, and a failure with --linkcheck-strict."""

import importlib.util
import os
from pathlib import Path

import pytest
from plugin.conftest import Run

CLOSED = "http://127.0.0.1:9/simple"  # the discard port: nothing answers there
INSTALLERS = ("uv", "pip")


def _program(path: Path, script: str, mode: int = 0o755) -> Path:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(mode)
    return path


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without uv and pip."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)


@pytest.mark.usefixtures("nothing_installed")
@pytest.mark.parametrize("name", INSTALLERS)
def test_a_missing_installer(pytester: pytest.Pytester, run: Run, name: str) -> None:
    pytester.makepyfile(f"def test_it(venvs): venvs.{name}()")
    result = run("-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines([f"SKIPPED * {name} is missing: install the package *, or name *"])
    result = run("--linkcheck-strict")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"{name} is missing: * (a failure by --linkcheck-strict)"])
    result.stdout.no_fnmatch_line("*Traceback*")


@pytest.mark.usefixtures("nothing_installed")
def test_a_missing_installer_of_fixture_marker_and_shared_environment(
    pytester: pytest.Pytester, run: Run
) -> None:
    pytester.makepyfile(
        """
        import pytest

        def test_fixture(installer): pass
        def test_shared(shared_venvs): shared_venvs.uv()
        @pytest.mark.linkcheck_requires("uv")
        def test_required(): pass
        @pytest.mark.linkcheck_matrix(installers=["uv", "pip"])
        def test_matrix(installer): pass
        @pytest.mark.linkcheck_expect("own")
        def test_expected(venvs): venvs.uv()
        """
    )
    run().assert_outcomes(skipped=6)
    run("--linkcheck-strict").assert_outcomes(errors=4, failed=2)


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("exit 3", "* is no uv that works: asked for its version it ended with status 3 and *"),
        ("echo nonsense", "* is no uv that works: * printed 'nonsense'"),
        ("echo uv one.two", "* is no uv that works: * printed 'uv one.two'"),
    ],
)
def test_an_installer_that_is_none(
    pytester: pytest.Pytester, run: Run, tmp_path: Path, script: str, told: str
) -> None:
    option = f"--linkcheck-installer=uv={_program(tmp_path / 'uv', script)}"
    pytester.makepyfile("def test_it(venvs): venvs.uv()")
    result = run(option, "-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines([f"SKIPPED * {told}"])


def test_an_installer_that_cannot_be_run_is_an_error_without_our_frames(
    pytester: pytest.Pytester, run: Run, tmp_path: Path
) -> None:
    option = f"--linkcheck-installer=uv={_program(tmp_path / 'uv', '', mode=0o644)}"
    pytester.makepyfile(
        """
        import pytest
        def test_made(venvs): venvs.uv()
        @pytest.mark.linkcheck_requires("uv")
        def test_required(): pass
        """
    )
    result = run(option, "-rs")
    result.assert_outcomes(failed=1, skipped=1)
    told = f"*{tmp_path}/uv cannot be run: Permission denied"
    result.stdout.fnmatch_lines([f"E  {told}", f"SKIPPED * requires uv: {told}"])
    result.stdout.no_fnmatch_line("*process.py*")


def test_the_installer_of_the_option_is_the_one_that_is_used(
    pytester: pytest.Pytester, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _program(tmp_path / "uv", "echo uv 99.1")
    monkeypatch.setenv("HOME", str(tmp_path))
    pytester.makepyfile(
        """
        import pytest
        @pytest.mark.linkcheck_requires("uv==99.1")
        def test_it(installer):
            assert str(installer.version) == "99.1"
        """
    )
    for path in (tmp_path / "uv", os.path.relpath(tmp_path / "uv", pytester.path), "~/uv"):
        run(f"--linkcheck-installer=uv={path}").assert_outcomes(passed=1)


@pytest.mark.parametrize("name", INSTALLERS)
def test_no_network(
    pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for variable in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX"):
        monkeypatch.setenv(variable, CLOSED)
    monkeypatch.setenv("PIP_RETRIES", "1")  # with 0 pip says nothing of the network
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    pytester.makepyfile(f"def test_it(venvs): venvs.{name}('no-such-package-here')")
    result = run("-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(
        ["SKIPPED * no-such-package-here cannot be fetched, no package index answers: *"]
    )


def test_other_errors_stay_errors(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile("def test_it(venvs): venvs.uv(link_mode='hard')")
    result = run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E * uv has no link mode hard: it has clone, *"])
    result.stdout.no_fnmatch_line("*maker.py*")
