"""Where and whether marked tests run."""

import os

import pytest
from plugin.conftest import Run
from support.users import nobody, open_way

from pytest_linkcheck import fixtures
from pytest_linkcheck.markers import first_unmet

MARKED = """
    import pytest

    @pytest.mark.{}
    def test_it(request):
        pass
"""


def test_markers_are_described_in_a_line_each(run: Run) -> None:
    lines = [line for line in run("--markers").outlines if "linkcheck" in line]
    assert [line.partition(": ")[0] for line in lines] == [
        "@pytest.mark.linkcheck",
        "@pytest.mark.linkcheck_requires(*needs)",
        "@pytest.mark.linkcheck_expect(sharing, link_count=, device=)",
        "@pytest.mark.linkcheck_matrix(installers=, link_modes=, filesystems=, cache_filesystems=)",
        "@pytest.mark.linkcheck_check(level, why=, hazard_if=)",
    ]


def test_linkcheck_is_skipped_unless_asked_for_and_says_how(
    pytester: pytest.Pytester, run: Run
) -> None:
    path = pytester.makepyfile(MARKED.format("linkcheck"))
    result = run("-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(
        [f"SKIPPED * {path.name}:3: marked linkcheck: run with --linkcheck, or set the ini key *"]
    )
    run("--linkcheck", path.name).assert_outcomes(passed=1)


def test_linkcheck_runs_by_the_ini_key_and_audits_nothing(
    pytester: pytest.Pytester, run: Run
) -> None:
    pytester.makepyfile(MARKED.format("linkcheck"))
    pytester.makeini("[pytest]\nlinkcheck = true")
    result = run()
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("linkcheck: *")


def test_strict_turns_the_skip_into_a_failure_without_traceback(
    pytester: pytest.Pytester, run: Run
) -> None:
    pytester.makepyfile(MARKED.format("linkcheck"))
    result = run("--linkcheck-strict")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["marked linkcheck: run * (a failure by --linkcheck-strict)"])
    result.stdout.no_fnmatch_line("*plugin.py*")


@pytest.mark.parametrize("need", ["hardlink", "symlink", "uv>=0.1", "pip", "uv<99,!=0.0.1"])
def test_a_need_that_is_met(pytester: pytest.Pytester, run: Run, need: str) -> None:
    pytester.makepyfile(MARKED.format(f"linkcheck_requires({need!r})"))
    run("--linkcheck-strict").assert_outcomes(passed=1)


@pytest.mark.skipif(os.geteuid() != 0, reason="run the tests as root")
def test_root_is_met_by_root_alone(
    pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(MARKED.format("linkcheck_requires('root')"))
    run().assert_outcomes(passed=1)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    result = run("-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED * requires root: run pytest as root"])


def test_a_second_device_is_met_where_there_is_one(
    pytester: pytest.Pytester, run: Run, other_device: object
) -> None:
    assert other_device
    pytester.makepyfile(MARKED.format("linkcheck_requires('second-device')"))
    run().assert_outcomes(passed=1)


def test_a_second_device_is_unmet_where_all_places_lie_on_one(
    pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fixtures, "places", lambda: [pytester.path])
    pytester.makepyfile(MARKED.format("linkcheck_requires('second-device')"))
    result = run("-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(
        ["SKIPPED * requires second-device: nothing writable lies on another device than *: *"]
    )


@pytest.mark.parametrize("need", ["hardlink", "symlink"])
def test_links_are_unmet_where_nothing_can_be_made(pytester: pytest.Pytester, need: str) -> None:
    item = pytester.getitem(MARKED.format(f"linkcheck_requires({need!r})"), "test_it")
    base = item.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]  # noqa: SLF001
    open_way(base)
    with nobody():
        reason = first_unmet(item)
    assert reason.startswith(f"requires {need}: no ")
    assert "Permission denied" in reason
    assert reason.endswith("; choose another --basetemp")


def test_needs_are_looked_at_without_temporary_folders_of_pytest_too(
    pytester: pytest.Pytester, run: Run
) -> None:
    pytester.makepyfile(MARKED.format("linkcheck_requires('symlink')"))
    (pytester.path / ".venv/lib/python3.11/site-packages").mkdir(parents=True)
    result = run("-p", "no:tmpdir", "--linkcheck")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*temporary folders*")


@pytest.mark.parametrize("name", ["uv", "pip"])
def test_another_version_of_an_installer_is_unmet(
    pytester: pytest.Pytester, run: Run, name: str
) -> None:
    pytester.makepyfile(MARKED.format(f"linkcheck_requires('{name}>=999')"))
    result = run("-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(
        [f"SKIPPED * requires {name}>=999: {name} * is here: install another, or name one *"]
    )


def test_the_first_unmet_need_of_several_is_told_and_strict_fails(
    pytester: pytest.Pytester, run: Run
) -> None:
    pytester.makepyfile(MARKED.format("linkcheck_requires('hardlink', 'uv>998', 'uv>999')"))
    result = run("--linkcheck-strict")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["requires uv>998: * (a failure by --linkcheck-strict)"])


def test_a_marker_on_a_class_or_module_counts(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(
        test_module="""
            import pytest
            pytestmark = pytest.mark.linkcheck
            def test_it(): pass
        """,
        test_class="""
            import pytest, unittest
            @pytest.mark.linkcheck_requires("uv>999")
            class TestIt:
                def test_it(self): pass
            @pytest.mark.linkcheck_requires("uv>999")
            class Case(unittest.TestCase):
                def test_it(self): pass
        """,
    )
    run().assert_outcomes(skipped=3)


WRONG = {
    "linkcheck(True)": "linkcheck takes no arguments",
    "linkcheck_requires": "linkcheck_requires takes names: hardlink, symlink, *",
    "linkcheck_requires(need='root')": "linkcheck_requires takes names: *",
    "linkcheck_requires('hardlinks')": "linkcheck_requires knows no 'hardlinks': give hardlink, *",
    "linkcheck_requires(['root'])": "linkcheck_requires knows no ['root']: give hardlink, *",
    "linkcheck_requires('uv>=x')": "linkcheck_requires knows no 'uv>=x': *",
    "linkcheck_requires('uv[x]')": "linkcheck_requires knows no 'uv[x]': *",
    "linkcheck_requires('conda>1')": "linkcheck_requires knows no 'conda>1': *",
    "linkcheck_expect": "linkcheck_expect expects nothing: give sharing, link_count=, device=",
    "linkcheck_expect('shared')": "linkcheck_expect is wrong: no file can be expected to be 's*",
    "linkcheck_expect(sharing=None)": "linkcheck_expect is wrong: no file can be expected to be N*",
    "linkcheck_expect('copy', 'own')": "linkcheck_expect takes one sharing",
    "linkcheck_expect('copy', sharing='own')": "linkcheck_expect takes one sharing",
    "linkcheck_expect(links=1)": "linkcheck_expect has no argument links=: give sharing, *",
    "linkcheck_expect(link_count=0)": "linkcheck_expect takes a link_count= of 1 or more, not 0",
    "linkcheck_expect(link_count=True)": "linkcheck_expect takes a link_count= of 1 or more, *True",
    "linkcheck_expect(device='other')": "linkcheck_expect takes device='same' or 'different', *",
    "linkcheck_expect(device=[])": "linkcheck_expect takes device='same' or 'different', not []",
    "linkcheck_matrix": "linkcheck_matrix takes keyword arguments: installers=*",
    "linkcheck_matrix(['uv'])": "linkcheck_matrix takes keyword arguments: installers=*",
    "linkcheck_matrix(modes=['copy'])": "linkcheck_matrix has no argument modes=: give *",
    "linkcheck_matrix(installers='uv')": "linkcheck_matrix takes a list for installers=, not 'uv'",
    "linkcheck_matrix(installers=[])": "linkcheck_matrix takes a list for installers=, not []",
    "linkcheck_matrix(installers={'uv'})": "linkcheck_matrix takes a list for installers=, *",
    "linkcheck_matrix(installers=['conda'])": "linkcheck_matrix knows no installer 'conda': *",
    "linkcheck_matrix(installers=[[]])": "linkcheck_matrix takes names for installers=, not []",
    "linkcheck_matrix(link_modes=['hard'])": "linkcheck_matrix knows no link mode 'hard': give *",
    "linkcheck_matrix(link_modes=[[]])": "linkcheck_matrix knows no link mode []: give *",
    "linkcheck_matrix(installers=['pip'], link_modes=['clone'])": (
        "linkcheck_matrix leaves nothing for pip, whose link modes are copy"
    ),
    "linkcheck_matrix(link_modes=['copy'])": (
        "linkcheck_matrix needs its fixtures: installer, link_mode"
    ),
}


def _as_pattern(text: str) -> str:
    return text.replace("[", "[[]")


def test_wrong_arguments_are_collection_errors_of_one_line(
    pytester: pytest.Pytester, run: Run
) -> None:
    """All in one run, and then the same by workers of xdist: the lines are equal."""
    for number, marker in enumerate(WRONG):
        pytester.makepyfile(**{f"test_{number:02}": MARKED.format(marker)})
    alone, spread = run("-q"), run("-q", "-n2")
    alone.assert_outcomes(errors=len(WRONG))
    for result in (alone, spread):
        assert result.ret in {pytest.ExitCode.INTERRUPTED, pytest.ExitCode.TESTS_FAILED}
        result.stdout.no_fnmatch_line("*Traceback*")
        result.stdout.no_fnmatch_line("*markers.py*")
    told = {line for line in alone.outlines if line.startswith("test_")}
    assert told == {line for line in spread.outlines if line.startswith("test_")}
    for number, words in enumerate(WRONG.values()):
        alone.stdout.fnmatch_lines([f"test_{number:02}.py::test_it: {_as_pattern(words)}"])


MATRIX = """
    import pytest

    @pytest.mark.linkcheck_matrix({})
    def test_it(installer, link_mode):
        assert installer.name in ("uv", "pip")
        print(installer.name, link_mode)
"""


def _ids(result: pytest.RunResult) -> list[str]:
    return [line.partition("[")[2].rstrip("]") for line in result.outlines if "::test_it" in line]


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        ("installers=['uv', 'pip']", ["uv", "pip"]),
        ("link_modes=['hardlink', 'copy']", ["uv-hardlink", "uv-copy"]),
        (
            "installers=('uv', 'pip'), link_modes=('clone', 'copy')",
            ["uv-clone", "uv-copy", "pip-copy"],
        ),
    ],
)
def test_the_matrix_runs_each_pair_that_there_is(
    pytester: pytest.Pytester, run: Run, arguments: str, ids: list[str]
) -> None:
    pytester.makepyfile(MATRIX.format(arguments))
    assert _ids(run("--collect-only", "-q")) == ids
    result = run("-rP")
    result.assert_outcomes(passed=len(ids))
    told = [line for line in result.outlines if line.startswith(("uv ", "pip "))]
    assert [line.replace(" None", "").replace(" ", "-") for line in told] == ids


def test_the_fixtures_of_the_matrix_without_it(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(
        """
        def test_it(installer, link_mode):
            assert (installer.name, link_mode) == ("uv", None)
        """
    )
    run().assert_outcomes(passed=1)
