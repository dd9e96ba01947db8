"""The suite as a user runs it: levels, the block of each installer, known deviations, xdist."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_linkcheck.conformance.deviations import gone, parse_deviations
from pytest_linkcheck.conformance.results import Result
from pytest_linkcheck.conformance.terminal import conformance_lines
from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.filesystems.expectations import MEASURED

pytestmark = pytest.mark.slow

Run = Callable[..., pytest.RunResult]

CHECKS = """
    import pytest
    from pytest_linkcheck.conformance import check

    @pytest.fixture
    def expected(link_mode):
        from pytest_linkcheck import Sharing
        return Sharing(link_mode)

    @check("must", why="https://example.org/1")
    def test_it_holds(installer):
        "It holds."

    @check("must", why="https://example.org/2")
    def test_it_breaks(installer):
        "It does not break."
        assert False, "it broke"

    @check("hazard", why="https://example.org/3")
    def test_it_is_dangerous(installer):
        "It is safe."
        raise AssertionError("it is not safe")

    @check("must", why="https://example.org/4", hazard_if=("hardlink",))
    def test_it_depends(installer, link_mode, expected):
        "It is safe but with hard links."
        raise AssertionError("it is shared")

    @check("hazard", why="https://example.org/5")
    def test_it_errs(installer):
        "An error is no hazard."
        raise ValueError("not looked at")

    @check("must", why="https://example.org/6")
    def test_it_cannot(installer):
        "It can."
        pytest.skip("no such thing here")
"""
ACCEPTED = """
    [pytest]
    linkcheck_known_deviations =
        it_breaks uv: it is known
        it_errs uv==*: so is that
        it_depends uv copy: and that
        it_is_dangerous uv: hazards too
"""
UV = ("--linkcheck-installer", "uv", "--linkcheck-link-mode", "hardlink,copy")


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    return lambda *args: pytester.runpytest_inprocess(
        "-p", "linkcheck", "-p", "xdist", "--linkcheck", *UV, *args
    )


def result(outcome: str, **changes: str) -> Result:
    told = {"check": "a_check", "promise": "P.", "why": "W", "installer": "uv", "version": "1.0",
            "link_mode": "copy", "filesystem": "ext4", "case": ""}  # fmt: skip
    return Result.from_json({**told, "outcome": outcome, **changes})


@pytest.mark.parametrize("distribution", [(), ("-n0",), ("-n2",)], ids=["alone", "n0", "n2"])
def test_each_outcome_is_told(
    pytester: pytest.Pytester, run: Run, distribution: tuple[str, ...]
) -> None:
    pytester.makepyfile(CHECKS)
    done = run("test_each_outcome_is_told.py", *distribution)
    done.stdout.fnmatch_lines(
        [
            "uv *: 7 checks, 1 passed, 3 failed, 2 hazards, 1 skipped",
            "  failed:",
            "    it_breaks",
            "      It does not break.",
            "      seen: it broke*",
            "      why: https://example.org/2",
            "    it_depends (copy)",
            "    it_errs",
            "  hazards:",
            "    it_depends (hardlink)",
            "    it_is_dangerous",
            "  skipped:",
            "    1 x no such thing here",
        ]
    )
    assert done.ret == pytest.ExitCode.TESTS_FAILED


def test_what_is_accepted_does_not_fail(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(CHECKS)
    pytester.makeini(ACCEPTED)
    done = run("test_what_is_accepted_does_not_fail.py")
    done.stdout.fnmatch_lines(["uv *: 7 checks, 1 passed, 0 failed, 1 hazard, 1 skipped, 4 known"])
    assert done.ret == pytest.ExitCode.OK


@pytest.mark.parametrize("distribution", [(), ("-n2",)], ids=["alone", "n2"])
def test_an_accepted_deviation_that_is_gone_fails(
    pytester: pytest.Pytester, run: Run, distribution: tuple[str, ...]
) -> None:
    pytester.makepyfile(CHECKS)
    pytester.makeini("[pytest]\nlinkcheck_known_deviations = it_holds uv: it did not once")
    done = run("-k", "it_holds", *distribution)
    done.stdout.fnmatch_lines(["a known deviation no longer occurs: it_holds uv: it did not once"])
    assert done.ret == pytest.ExitCode.TESTS_FAILED


def test_without_linkcheck_no_check_runs(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(CHECKS)
    done = pytester.runpytest_inprocess("-p", "linkcheck")
    done.assert_outcomes(skipped=6)


def test_a_deviation_without_a_reason_is_an_error(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makeini("[pytest]\nlinkcheck_known_deviations = it_holds uv")
    done = run()
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["*write CHECK INSTALLER*REASON*"])


def test_a_check_need_not_name_what_its_level_depends_on(
    pytester: pytest.Pytester, run: Run
) -> None:
    pytester.makepyfile("""
        from pytest_linkcheck.conformance import check

        @check("must", why="https://example.org/4", hazard_if=("hardlink",))
        def test_it_depends():
            "It is safe but with hard links."
            raise AssertionError("it is shared")
    """)
    done = run("test_a_check_need_not_name_what_its_level_depends_on.py")
    done.stdout.fnmatch_lines(
        ["uv *: 2 checks, 0 passed, 1 failed, 1 hazard, 0 skipped", "    it_depends (copy on *)",
         "    it_depends (hardlink on *)"]
    )  # fmt: skip


def test_a_deviation_fits_by_pattern() -> None:
    lines = ["a_check uv==1.*: r", "a_* uv copy ext*: r", "a_check pip: r", "a_check uv clone: r"]
    fits = [one.fits(result("failed")) for one in parse_deviations(lines)]
    assert fits == [True, True, False, False]
    with pytest.raises(LinkcheckError, match="write CHECK INSTALLER"):
        parse_deviations(["a_check: no installer"])


def test_a_deviation_is_gone_only_where_it_was_looked_for() -> None:
    (accepted,) = parse_deviations(["a_check uv: r"])
    assert gone([accepted], [result("passed")]) == [accepted]
    assert gone([accepted], [result("passed"), result("known")]) == []
    assert gone([accepted], [result("skipped"), result("passed", check="another")]) == []
    assert gone([accepted], [result("skipped"), result("passed")]) == [accepted]
    assert gone([accepted], [result("passed"), result("failed")]) == []
    assert gone([accepted], []) == []
    assert str(accepted) == "a_check uv: r"


def test_each_installer_has_a_block() -> None:
    lines = conformance_lines([result("passed"), result("failed", installer="pip", reason="no")])
    assert [line for line in lines if not line.startswith(" ")] == [
        "pip 1.0: 1 check, 0 passed, 1 failed, 0 hazards, 0 skipped",
        "uv 1.0: 1 check, 1 passed, 0 failed, 0 hazards, 0 skipped",
    ]


def test_a_version_that_was_not_measured_is_said_so(
    pytester: pytest.Pytester, run: Run, tmp_path: Path
) -> None:
    newer = tmp_path / "uv"
    newer.write_text("#!/bin/sh\necho uv 99.0\n")
    newer.chmod(0o755)
    pytester.makepyfile(CHECKS)
    done = run("-k", "it_holds", "--linkcheck-installer", f"uv={newer}")
    head, caution = (line for line in done.outlines if "uv" in line and "99.0" in line)
    assert head == f"uv={newer} 99.0: 1 check, 1 passed, 0 failed, 0 hazards, 0 skipped"
    assert caution == (
        f"  uv 99.0 is newer than {MEASURED['uv'][1]}, the newest that was measured: it is "
        "assumed to do the same"
    )


def test_of_an_installer_that_is_none_of_ours_nothing_is_assumed() -> None:
    lines = conformance_lines([result("passed", installer="mine", version="99.0")])
    assert lines == ["mine 99.0: 1 check, 1 passed, 0 failed, 0 hazards, 0 skipped"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('@check("perhaps", why="x")\ndef test_it(): "It."', "no level of a check"),
        ('@check("must", why="x")\ndef test_it(): pass', "promises nothing"),
    ],
)
def test_a_check_says_what_it_is(pytester: pytest.Pytester, run: Run, text: str, told: str) -> None:
    pytester.makepyfile(f"from pytest_linkcheck.conformance import check\n{text}")
    run("test_a_check_says_what_it_is.py").stdout.fnmatch_lines([f"*{told}*"])
