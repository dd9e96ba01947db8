"""The option, what it says, and which test it names: in one process and in several."""

import errno
import os
from pathlib import Path

import pytest
from guard.conftest import Bench

from pytest_linkcheck.guard import looks
from pytest_linkcheck.guard.looks import Survey
from pytest_linkcheck.guard.tracker import Tracker
from pytest_linkcheck.links.inotify import Inotify

# Each opening of a FIFO waits for the other side: both tests run while the file is written.
GUILTY = """
{names}
def test_guilty():
    with open(CACHE.parent / "begun", "w"):
        append(FILE)
    open(CACHE.parent / "written", "w").close()

def test_later(): pass
"""
BESIDE = """
{names}
def test_beside():
    open(CACHE.parent / "begun").close()
    open(CACHE.parent / "written").close()

def test_later(): pass
"""


def test_workers_name_every_test_that_ran_meanwhile(bench: Bench) -> None:
    for name in ("begun", "written"):
        os.mkfifo(bench.one.cache.parent / name)
    bench.pytester.makepyfile(
        test_one=GUILTY.format(names=bench.names), test_two=BESIDE.format(names=bench.names)
    )
    result = bench.run("-v", "-n2", "--dist=loadfile")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=4)
    (line,) = (line for line in result.outlines if "while these ran" in line)
    tests = line.partition(": ")[2].split(", ")
    assert sorted(tests) == ["test_one.py::test_guilty", "test_two.py::test_beside"]


def test_a_test_that_does_not_end_is_named(bench: Bench) -> None:
    """Of a worker that died no report comes: others that ran then would stand there alone."""
    bench.write("append(FILE)\nos._exit(1)")
    result = bench.run("-v", "-n1", "--max-worker-restart=0")
    assert result.ret != pytest.ExitCode.OK
    result.stdout.fnmatch_lines(
        ["    or while this ran, which did not end: test_inner.py::test_it"]
    )


@pytest.mark.parametrize("args", [(), pytest.param(("-n1",), marks=pytest.mark.slow)])
def test_a_name_that_is_no_text_is_told(
    bench: Bench, tmp_path: Path, args: tuple[str, ...]
) -> None:
    """A worker cannot send it as it is."""
    path = os.fsencode(tmp_path / "store/name") + b"\xff"
    (tmp_path / "store").mkdir()
    Path(os.fsdecode(path)).write_text("")
    bench.write(f"append({path!r})")
    result = bench.run(f"--linkcheck-guard={tmp_path}/store", "-v", *args)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(
        [
            f"  {tmp_path}/store/name\\xff: size 0 -> 1 bytes, *",
            "    while this ran: test_inner.py::test_it",
        ]
    )


def test_a_test_that_ran_after_is_not_named(bench: Bench) -> None:
    bench.write("append(FILE)")
    result = bench.run("-v", "-n2", "--dist=loadfile")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["    while this ran: test_inner.py::test_it"])


def test_without_verbosity_the_tests_are_not_tracked(bench: Bench) -> None:
    bench.write("append(FILE)")
    result = bench.run()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["which test: run again with -v"])
    result.stdout.no_fnmatch_line("*while*ran*")


def test_what_a_fixture_changes_in_its_teardown_is_laid_to_the_test(bench: Bench) -> None:
    bench.pytester.makepyfile(
        test_inner=f"{bench.names}\n"
        "import pytest\n\n"
        "@pytest.fixture\n"
        "def thing():\n"
        "    yield\n"
        "    append(FILE)\n\n"
        "def test_it(thing): pass\n"
        "def test_next(): pass\n"
    )
    result = bench.run("-v", "-p", "no:randomly")
    result.stdout.fnmatch_lines(["    while this ran: test_inner.py::test_it"])


def test_a_change_at_import_is_laid_to_no_test(bench: Bench) -> None:
    bench.pytester.makepyfile(test_inner=f"{bench.names}\nappend(FILE)\ndef test_it(): pass\n")
    result = bench.run("-v")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["    which test cannot be told: outside of any*"])


def test_a_run_without_tests_fails_too(bench: Bench) -> None:
    bench.pytester.makepyfile(test_inner=f"{bench.names}\nappend(FILE)\n")
    assert bench.run().ret == pytest.ExitCode.TESTS_FAILED


def test_other_failures_keep_their_status(bench: Bench) -> None:
    bench.write("append(FILE)\nimport pytest\npytest.exit('enough', 7)")
    result = bench.run("-v")
    assert int(result.ret) == 7
    # Though pytest writes no summary then.
    result.stdout.fnmatch_lines(
        [
            "*: 1 written through a link",
            "    or while this ran, which did not end: test_inner.py::test_it",
        ]
    )


def test_an_error_at_the_end_does_not_hide_it(bench: Bench) -> None:
    bench.pytester.makeconftest("def pytest_sessionfinish(): raise RuntimeError('in the way')")
    bench.write("append(FILE)")
    result = bench.pytester.runpytest_subprocess(
        "-p", "linkcheck", f"--linkcheck-guard={bench.one.prefix}"
    )
    assert result.ret != pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["*= linkcheck guard =*", "*: 1 written through a link"])


@pytest.mark.skipif(not hasattr(pytest, "RaisesGroup"), reason="arguments in files: pytest 8.2")
def test_the_option_may_stand_in_a_file(bench: Bench) -> None:
    bench.pytester.path.joinpath("options").write_text(f"--linkcheck-guard={bench.one.prefix}\n")
    bench.write("append(FILE)")
    result = bench.pytester.runpytest_inprocess("-p", "linkcheck", "@options")
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_a_run_without_a_terminal_fails_too(bench: Bench) -> None:
    bench.write("append(FILE)")
    assert bench.run("-p", "no:terminal").ret == pytest.ExitCode.TESTS_FAILED


def test_header_says_what_is_watched(bench: Bench) -> None:
    bench.write("pass")
    result = bench.run()
    result.stdout.fnmatch_lines(
        [
            f"linkcheck guard: environment {bench.one.prefix}, * files",
            f"linkcheck guard: uv cache {bench.one.cache}, * files",
        ]
    )


def test_alone_it_watches_the_running_environment_and_the_cache_of_uv(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_CACHE_DIR", str(bench.one.cache))
    monkeypatch.setattr("sys.prefix", str(bench.one.prefix))
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(bench.one.site_packages))
    bench.write("append(FILE)")
    result = bench.pytester.runpytest_inprocess("-p", "linkcheck", "--linkcheck-guard")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            f"linkcheck guard: environment {bench.one.prefix}, * files",
            f"linkcheck guard: uv cache {bench.one.cache}, * files",
            "*: 1 written through a link",
        ]
    )


def test_any_folder_can_be_watched(bench: Bench, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    folder.mkdir()
    (folder / "thing").write_text("one")
    (folder / "other").write_text("one")
    bench.write(
        f"Path({str(folder)!r}, 'thing').write_text('two')\nPath({str(folder)!r}, 'other').unlink()"
    )
    result = bench.run(f"--linkcheck-guard={folder}")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            f"linkcheck guard: folder {folder}, 2 files",
            "*: 1 written through a link",
            f"  {folder}/thing: bytes differ, time of modification moved",
        ]
    )


def test_a_folder_that_is_not_there_is_a_usage_error(bench: Bench) -> None:
    result = bench.run("--linkcheck-guard=nowhere")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --linkcheck-guard=nowhere: there is no such folder"])


@pytest.mark.parametrize("from_variable", [False, True])
def test_it_does_not_take_tests_for_a_folder(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, *, from_variable: bool
) -> None:
    bench.write("pass")
    if from_variable:
        monkeypatch.setenv("PYTEST_ADDOPTS", "--linkcheck-guard")
        result = bench.pytester.runpytest_inprocess("test_inner.py", "-p", "linkcheck")
    else:
        result = bench.run("--linkcheck-guard", "test_inner.py")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: --linkcheck-guard took test_inner.py for a folder to watch: write *"]
    )


def test_without_inotify_every_file_is_looked_at(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_self: Inotify, _folder: str) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Inotify, "add", refuse)
    bench.write("append(OTHER)")
    result = bench.run("-v")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "linkcheck guard: every file is looked at after each test, no inotify: No space left*",
            "    while this ran: test_inner.py::test_it",
        ]
    )


def test_what_was_written_before_a_test_is_not_laid_to_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("one")
    survey = Survey()
    look = looks.take_look(str(path))
    assert look is not None
    survey.looks[str(path)] = look
    tracker = Tracker(survey)
    path.write_text("two!")
    assert tracker.changed(path.stat().st_ctime_ns + 1_000_000_000) == []
    path.write_text("three")
    assert tracker.changed(path.stat().st_ctime_ns) == [str(path)]
    path.unlink()
    assert tracker.changed() == [str(path)]
    tracker.close()
