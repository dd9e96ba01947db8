"""`--linkcheck-report`: what is written, when, and what becomes of paths that take nothing."""

import json
import os
import xml.etree.ElementTree as ET
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from report.samples import report as sample
from support.mounting import mounted, needs_root

from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.report import collector  # noqa: F401 - pytester forgets what runs import
from pytest_linkcheck.report.files import SUFFIXES, read_report, write_report, write_whole
from pytest_linkcheck.report.model import Report

Run = Callable[..., pytest.RunResult]

CHECKS = """
    import pytest
    from pytest_linkcheck.conformance import check

    @check("must", why="https://example.org/1")
    def test_it_holds(installer, link_mode):
        "It holds."

    @check("must", why="https://example.org/2")
    def test_it_breaks(installer, link_mode):
        "It does not break."
        assert link_mode == "copy", "it broke\\n  here"

    @check("hazard", why="https://example.org/3")
    def test_it_is_dangerous(installer, link_mode):
        "It is safe."
        raise AssertionError("it is not safe")

    @check("must", why="https://example.org/6")
    def test_it_cannot(installer, link_mode):
        "It can."
        pytest.skip("no reflinks here: run as root, or choose btrfs")

    @pytest.mark.linkcheck
    def test_compares(tmp_path):
        from pytest_linkcheck import assert_hardlinked
        (tmp_path / "a").write_text("a")
        (tmp_path / "b").write_text("b")
        assert_hardlinked(tmp_path / "a", tmp_path / "b")

    def test_of_somebody_else():
        pass
"""
PLUGINS = ("-p", "linkcheck", "-p", "xdist", "--linkcheck")
OUTCOMES = {
    ("it_holds", "copy"): "passed",
    ("it_holds", "hardlink"): "passed",
    ("it_breaks", "copy"): "passed",
    ("it_breaks", "hardlink"): "failed",
    ("it_is_dangerous", "copy"): "hazard",
    ("it_is_dangerous", "hardlink"): "hazard",
    ("it_cannot", "copy"): "skipped",
    ("it_cannot", "hardlink"): "skipped",
}


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")

    def run_pytest(*args: str) -> pytest.RunResult:
        chosen = (*PLUGINS, "--linkcheck-installer", "uv", "--linkcheck-link-mode", "hardlink,copy")
        return pytester.runpytest_inprocess(*chosen, *args)

    return run_pytest


def read(path: Path) -> Report:
    """Read a report and hold it against the schema."""
    data = json.loads(path.read_text(encoding="ascii"))
    schema = json.loads(files("pytest_linkcheck.report").joinpath("schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(data)
    return read_report(path)


@pytest.mark.parametrize("distribution", [(), ("-n0",), ("-n2",)], ids=["alone", "n0", "n2"])
def test_a_report_has_every_result(
    pytester: pytest.Pytester, run: Run, distribution: tuple[str, ...]
) -> None:
    path = pytester.makepyfile(CHECKS)
    done = run(path.name, "--linkcheck-report", "out.json", *distribution)
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.stdout.fnmatch_lines(["linkcheck: report written to *out.json"])
    report = read(pytester.path / "out.json")
    (ran,) = report.runs
    assert (ran.complete, ran.interrupted, ran.exit_status) == (True, "", 1)
    assert (ran.workers, ran.host.system) == ((), os.uname().sysname)
    assert ran.started <= ran.finished
    assert {(one.check, one.link_mode): one.outcome for one in report.checks} == OUTCOMES
    told = {(one.check, one.link_mode): one for one in report.checks}
    broken = told["it_breaks", "hardlink"]
    assert broken.reason == "it broke"
    assert "  here" in broken.evidence
    assert broken.nodeid == f"{path.name}::test_it_breaks[uv-hardlink]"
    assert "it is not safe" in told["it_is_dangerous", "copy"].evidence
    assert told["it_cannot", "copy"].remedy == "run as root, or choose btrfs"
    assert {one.worker for one in report.checks} <= ({"gw0", "gw1"} if "-n2" in distribution
                                                     else {""})  # fmt: skip
    (test,) = report.tests
    assert (test.outcome, test.sharing) == ("failed", {"different": 1})
    assert "not hard linked" in test.evidence


def test_a_case_has_the_same_name_in_every_run(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile("""
        import pytest
        from pytest_linkcheck.conformance import check

        def write(): pass

        class Thing:
            pass

        @pytest.mark.parametrize("act", [write, Thing(), 5, "text"], ids=list("abcd"))
        @check("must", why="https://example.org/1")
        def test_it_holds(act):
            "It holds."
    """)
    run("test_a_case_has_the_same_name_in_every_run.py", "--linkcheck-report", "out.json")
    report = read(pytester.path / "out.json")
    assert [one.case for one in report.checks] == ["write", "b", "5", "text"]


def test_it_stands_in_junit_too(pytester: pytest.Pytester, run: Run) -> None:
    path = pytester.makepyfile(CHECKS)
    run(path.name, "--junitxml", "out.xml")
    cases = ET.parse(pytester.path / "out.xml").iter("testcase")  # noqa: S314 - ours
    found = {
        case.get("name"): {one.get("name"): one.get("value") for one in case.iter("property")}
        for case in cases
    }
    told: Any = json.loads(found["test_it_breaks[uv-hardlink]"]["linkcheck-check"] or "")
    assert told["outcome"] == "failed"
    assert set(found["test_compares"]) == {"linkcheck-test", "linkcheck-where"}
    assert found["test_of_somebody_else"] == {}


def test_a_failed_teardown_fails_the_check(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile("""
        import pytest
        from pytest_linkcheck.conformance import check

        @pytest.fixture
        def broken():
            yield
            raise AssertionError("left something behind")

        @check("must", why="https://example.org/1")
        def test_it_holds(broken):
            "It holds."
    """)
    run("test_a_failed_teardown_fails_the_check.py", "--linkcheck-report", "out.json")
    (one,) = read(pytester.path / "out.json").checks
    assert (one.outcome, one.reason) == ("failed", "left something behind")


STOPS = {
    "keyboard": ("raise KeyboardInterrupt", (), "KeyboardInterrupt"),
    "exit": ("pytest.exit('enough')", (), "enough"),
    "first": ("assert False", ("-x",), "stopping after 1 failures"),
    "maxfail": ("assert False", ("--maxfail=1", "-n1"), "stopping after 1 failures"),
    "crash": ("import os; os._exit(9)", ("-n1", "--max-worker-restart=0"), "a worker crashed in *"),
}


@pytest.mark.slow
@pytest.mark.parametrize("stop", STOPS)
def test_a_run_that_ends_early_says_so(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, stop: str
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    body, args, told = STOPS[stop]
    pytester.makepyfile(
        test_it=f"""
        import pytest
        from pytest_linkcheck.conformance import check

        @check("must", why="https://example.org/1")
        def test_a_first():
            "It holds."

        @check("must", why="https://example.org/1")
        def test_b_stops():
            "It stops."
            {body}

        def test_c_never(): pass
    """
    )
    # Not in this process: an interrupt would end the run that this test is of.
    reports = ("--linkcheck-report", "out.json", "--linkcheck-report", "out.md")
    pytester.runpytest_subprocess(*PLUGINS, "test_it.py", *reports, *args)
    report = read(pytester.path / "out.json")
    assert not report.runs[0].complete
    assert [one.outcome for one in report.checks if one.check == "a_first"] == ["passed"]
    pytest.LineMatcher([report.runs[0].interrupted]).fnmatch_lines([told])
    assert "**interrupted, not every test ran" in (pytester.path / "out.md").read_text("utf-8")
    if stop == "crash":
        assert [one.nodeid for one in report.tests] == ["test_it.py::test_b_stops"]


@pytest.mark.skipif(pytest.version_tuple < (9,), reason="pytest has subtests from 9.0 on")
def test_a_check_with_a_failed_subtest_has_failed(pytester: pytest.Pytester, run: Run) -> None:
    path = pytester.makepyfile("""
        from pytest_linkcheck.conformance import check

        @check("must", why="https://example.org/1")
        def test_it_holds(subtests):
            "It holds."
            with subtests.test("a"):
                assert False, "not here"
            with subtests.test("b"):
                pass

        @check("hazard", why="https://example.org/1")
        def test_it_is_safe(subtests):
            "It is safe."
            with subtests.test("a"):
                assert False, "not here"

        def test_plain(subtests, wheelhouse):
            with subtests.test("a"):
                assert False, "not here"
    """)
    done = run(path.name, "--linkcheck-report", "out.json")
    done.stdout.fnmatch_lines([": 2 checks, 0 passed, 1 failed, 1 hazard, 0 skipped"])
    found = read(pytester.path / "out.json")
    told = {one.check: (one.outcome, one.reason) for one in found.checks}
    assert told == {"it_holds": ("failed", "not here"), "it_is_safe": ("hazard", "not here")}
    assert [one.outcome for one in found.tests] == ["failed"]


def test_a_test_that_is_run_again_is_told_anew(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makeconftest("""
        from _pytest.runner import runtestprotocol

        def pytest_runtest_protocol(item, nextitem):
            runtestprotocol(item, nextitem=nextitem, log=False)
            item._initrequest()
            for report in runtestprotocol(item, nextitem=nextitem, log=False):
                item.ihook.pytest_runtest_logreport(report=report)
            return True
    """)
    path = pytester.makepyfile("""
        from pytest_linkcheck.conformance import check

        TRIES = []

        @check("must", why="https://example.org/1")
        def test_it_holds():
            "It holds."
            TRIES.append(1)
            assert len(TRIES) == 2
    """)
    run(path.name, "--linkcheck-report", "out.json")
    assert [one.outcome for one in read(pytester.path / "out.json").checks] == ["passed"]


def test_checks_of_one_name_in_two_modules_are_two(pytester: pytest.Pytester, run: Run) -> None:
    body = """
        from pytest_linkcheck.conformance import check

        @check("must", why="https://example.org/1")
        def test_it_holds():
            "It holds."
            assert {holds}
    """
    pytester.makepyfile(test_a=body.format(holds=True), test_b=body.format(holds=False))
    done = run("--linkcheck-report", "out.json")
    done.stdout.fnmatch_lines(["    test_b.py::it_holds"])
    checks = read(pytester.path / "out.json").checks
    assert {one.check: one.outcome for one in checks} == {
        "test_a.py::it_holds": "passed",
        "test_b.py::it_holds": "failed",
    }


@pytest.mark.slow
def test_a_check_whose_worker_crashed_in_its_teardown_has_failed(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(
        test_it="""
        import os
        import pytest
        from pytest_linkcheck.conformance import check

        @pytest.fixture
        def crashing():
            yield
            os._exit(9)

        @check("must", why="https://example.org/1")
        def test_it_holds(crashing):
            "It holds."
    """
    )
    args = ("-n1", "--max-worker-restart=0", "--linkcheck-report", "out.json")
    done = pytester.runpytest_subprocess(*PLUGINS, "test_it.py", *args)
    done.stdout.fnmatch_lines(["*: 1 check, 0 passed, 1 failed, 0 hazards, 0 skipped"])
    report = read(pytester.path / "out.json")
    ((one,), tests) = report.checks, report.tests
    assert (one.outcome, tests) == ("failed", ())
    assert "crashed while running" in one.reason


@pytest.mark.parametrize("distribution", [(), ("-n1",)], ids=["alone", "n1"])
def test_a_run_that_stops_after_its_last_test_is_complete(
    pytester: pytest.Pytester, run: Run, distribution: tuple[str, ...]
) -> None:
    path = pytester.makepyfile("def test_it(): pass\ndef test_last(): assert False")
    run(path.name, "-x", "--linkcheck-report", "out.json", *distribution)
    assert read(pytester.path / "out.json").runs[0].complete


def test_tests_that_never_ran_make_no_complete_run(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makeconftest("def pytest_runtest_protocol(item): return item.name == 'test_b' or None")
    path = pytester.makepyfile("def test_a(): pass\ndef test_b(): pass")
    assert run(path.name, "--linkcheck-report", "out.json").ret == pytest.ExitCode.OK
    (ran,) = read(pytester.path / "out.json").runs
    assert (ran.complete, ran.interrupted) == (False, "1 of 2 tests ran")


def test_what_cannot_be_collected_is_no_complete_run(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(test_a="raise ValueError", test_b="def test_it(): pass")
    run("--continue-on-collection-errors", "test_a.py", "test_b.py", "--linkcheck-report", "o.json")
    (ran,) = read(pytester.path / "o.json").runs
    assert (ran.complete, ran.interrupted) == (False, "an error while collecting test_a.py")


def test_an_internal_error_is_told(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makeconftest("def pytest_runtest_logfinish(): raise ValueError('oh no')")
    pytester.makepyfile("def test_it(): pass")
    done = run("test_an_internal_error_is_told.py", "--linkcheck-report", "out.json")
    assert done.ret == pytest.ExitCode.INTERNAL_ERROR
    assert read(pytester.path / "out.json").runs[0].interrupted == "an internal error: oh no"
    done.stderr.fnmatch_lines(["linkcheck: report written to *out.json"])


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("out.xml", "out.xml: the format goes by the suffix: give one of .json, .md, .html"),
        ("no/out.json", "*out.json: there is no folder *no: make it before"),
        ("folder.md", "*folder.md is a folder: name a file in it"),
    ],
)
def test_a_path_that_takes_no_report_is_an_error_at_the_start(
    pytester: pytest.Pytester, run: Run, name: str, told: str
) -> None:
    (pytester.path / "folder.md").mkdir()
    pytester.makepyfile("def test_it(): pass")
    done = run("--linkcheck-report", name)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines([f"ERROR: --linkcheck-report *{told}"])


def test_a_run_that_is_killed_leaves_no_report_of_another(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    path = pytester.makepyfile("""
        import os, signal

        def test_it():
            os.kill(os.getpid(), signal.SIGTERM)
    """)
    write_report(sample(), pytester.path / "out.json")
    reports = [f"--linkcheck-report=out{suffix}" for suffix in SUFFIXES]
    pytester.runpytest_subprocess(*PLUGINS, path.name, *reports)
    found = read(pytester.path / "out.json")
    (ran,) = found.runs
    assert (ran.complete, ran.exit_status, ran.finished) == (False, 2, "")
    assert found == Report(runs=(ran,))
    for suffix in SUFFIXES:
        told = (pytester.path / f"out{suffix}").read_text("utf-8")
        assert "it has not ended yet, or was killed" in told


def test_without_jinja_the_json_is_written(
    pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "jinja2", None)
    path = pytester.makepyfile("def test_it(): pass")
    done = run(path.name, "--linkcheck-report", "out.html")
    done.stdout.fnmatch_lines([
        "linkcheck: out.html: HTML needs Jinja2: *; out.json will be written in its place",
        "linkcheck: HTML needs Jinja2: pip install 'pytest-linkcheck?report?'",
        "linkcheck: report written to *out.json in its place",
    ])  # fmt: skip
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    assert read(pytester.path / "out.json").runs[0].complete
    assert not (pytester.path / "out.html").exists()


def test_a_report_that_cannot_be_written_fails_the_run(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile("""
        import shutil

        def test_it():
            shutil.rmtree("reports")
    """)
    (pytester.path / "reports").mkdir()
    done = run("test_a_report_that_cannot_be_written_fails_the_run.py",
               "--linkcheck-report", "reports/out.json")  # fmt: skip
    done.stdout.fnmatch_lines(["linkcheck: no report was written to *out.json: No such file*"])
    done.stdout.no_fnmatch_line("*Traceback*")
    assert done.ret == pytest.ExitCode.TESTS_FAILED


@needs_root
def test_on_a_full_disk_the_old_report_stays(tmp_path: Path) -> None:
    tmp_path.joinpath("small").mkdir()
    with mounted("none", tmp_path / "small", "-t", "tmpfs", "-o", "size=16k") as folder:
        path = folder / "out.md"
        path.write_text("before")
        with pytest.raises(LinkcheckError, match=r"no report was written to .*: No space left"):
            write_whole(path, "after" * 10_000)
        assert path.read_text() == "before"
        assert [one.name for one in folder.iterdir()] == ["out.md"]


def test_a_new_report_has_the_mode_and_the_place_of_the_old(tmp_path: Path) -> None:
    path = tmp_path / "out.md"
    path.write_text("before")
    path.chmod(0o640)
    (tmp_path / "link.md").symlink_to(path)

    write_whole(tmp_path / "link.md", "after")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("after", 0o640)
    assert (tmp_path / "link.md").is_symlink()
