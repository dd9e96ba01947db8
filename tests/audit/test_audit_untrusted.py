"""An audited environment is read, never run, and leads nowhere else."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from audit.conftest import Bench, Subject

from pytest_linkcheck import Wheelhouse

RUNS = {"subprocess.Popen", "os.exec", "os.posix_spawn", "os.spawn", "os.system", "os.fork",
        "os.forkpty"}  # fmt: skip
OPENS = {"open", "os.listdir", "os.scandir"}


class Watch:
    """What this process opens and starts: audit hooks stay, so there is one for all tests."""

    def __init__(self) -> None:
        self.active = False
        self.opened: list[Path] = []
        self.started: list[object] = []

    def see(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self.active:
            return
        if event in RUNS:
            self.started.append(arguments)
        elif event in OPENS and isinstance(arguments[0], str | bytes | os.PathLike):
            path = Path(os.fsdecode(arguments[0]))
            self.opened.append(Path(os.path.realpath(path.parent), path.name))

    @contextmanager
    def on(self) -> Iterator["Watch"]:
        self.active, self.opened, self.started = True, [], []
        try:
            yield self
        finally:
            self.active = False


@pytest.fixture(scope="session")
def the_watch() -> Watch:
    watch = Watch()
    sys.addaudithook(watch.see)
    return watch


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder outside of environment and cache, with a file that must never be opened."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "canary").write_text("canary\n")
    return folder


def _by_record(subject: Subject, outside: Path) -> None:
    way = os.path.relpath(outside / "canary", subject.site)
    subject.write_record(f"{outside}/canary,,", f"{way},,", f"sample/../{way},,")


def _by_symlink(subject: Subject, outside: Path) -> None:
    path = subject.site / "sample/tiny.py"
    path.unlink()
    path.symlink_to(outside / "canary")


def _by_symlink_in_two_steps(subject: Subject, outside: Path) -> None:
    (subject.site / "step").symlink_to(outside)
    path = subject.site / "sample/tiny.py"
    path.unlink()
    path.symlink_to("../step/canary")


def _by_folder(subject: Subject, outside: Path) -> None:
    shutil.copytree(subject.site / "sample", outside / "sample")
    (outside / "sample/__pycache__").mkdir()
    shutil.rmtree(subject.site / "sample")
    (subject.site / "sample").symlink_to(outside / "sample")


def _by_dist_info(subject: Subject, outside: Path) -> None:
    subject.info.rename(outside / "info")
    subject.info.symlink_to(outside / "info")


def _by_record_link(subject: Subject, outside: Path) -> None:
    for name in ("RECORD", "METADATA", "INSTALLER"):
        (subject.info / name).rename(outside / name)
        (subject.info / name).symlink_to(outside / name)


@pytest.mark.parametrize(
    "lead_out",
    [
        _by_record,
        _by_symlink,
        _by_symlink_in_two_steps,
        _by_folder,
        _by_dist_info,
        _by_record_link,
    ],
)
def test_nothing_outside_is_ever_opened(
    subject: Subject,
    outside: Path,
    the_watch: Watch,
    lead_out: Callable[[Subject, Path], None],
) -> None:
    lead_out(subject, outside)
    with the_watch.on() as seen:
        result = subject.audit()
    assert not [path for path in seen.opened if path.is_relative_to(outside)]
    assert any(path.is_relative_to(subject.site) for path in seen.opened)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["sample*1.0: *"])


def test_what_leads_out_is_said(subject: Subject, outside: Path) -> None:
    _by_symlink(subject, outside)
    (subject.site / "sample/data").rename(outside / "data")
    (subject.site / "sample/data").symlink_to(outside / "data")
    subject.audit().stdout.fnmatch_lines(
        [
            "  sample/data/table.csv is reached through a symlink that leads out of the *",
            f"  sample/tiny.py is a symlink out of the environment *, to {outside}/canary: not *",
        ]
    )


def test_no_program_of_the_environment_is_run(subject: Subject, the_watch: Watch) -> None:
    mark = subject.pytester.path / "mark"
    program = f"#!/bin/sh\ntouch {mark}\n"
    for python in subject.prefix.glob("bin/python*"):
        python.unlink()
        python.write_text(program)
        python.chmod(0o755)
    code = f"import pathlib; pathlib.Path({str(mark)!r}).touch()\n"
    (subject.site / "evil.pth").write_text(code)
    (subject.site / "sitecustomize.py").write_text(code)
    (subject.site / "sample/__init__.py").unlink()
    (subject.site / "sample/__init__.py").write_text(code)
    with the_watch.on() as seen:
        subject.audit().assert_outcomes(failed=1)
    assert not seen.started
    assert not mark.exists()
    assert not [name for name in sys.modules if name.startswith("sample")]


@pytest.mark.parametrize("workers", [(), ("-n", "1")])
def test_no_test_of_an_environment_is_run(
    bench: Bench, wheelhouse: Wheelhouse, workers: tuple[str, ...]
) -> None:
    subject = bench.make("uv", wheelhouse.sample, name="environment")
    # pytest knows it by these alone.
    for path in (subject.prefix / "pyvenv.cfg", *subject.prefix.glob("bin/activate*")):
        path.unlink()
    mark = subject.pytester.path / "mark"
    code = f"import pathlib; pathlib.Path({str(mark)!r}).touch()\ndef test_it(): pass\n"
    for folder in (subject.prefix, subject.site, subject.site / "sample"):
        (folder / "test_evil.py").write_text(code)
        (folder / "conftest.py").write_text(code)
    (subject.pytester.path / "by_symlink").symlink_to(subject.site / "sample")
    subject.pytester.makepyfile("def test_own(): pass")
    subject.audit("--linkcheck-env=environment", *workers).assert_outcomes(passed=2)
    assert not mark.exists()
    assert subject.pytester.runpytest("-p", "no:linkcheck").ret is pytest.ExitCode.INTERRUPTED
    assert mark.exists()


@pytest.mark.parametrize("workers", [(), ("-n", "1")])
@pytest.mark.parametrize("folder", ["prefix", "site"])
def test_no_installed_test_is_run_where_pytest_is_started_in_the_environment(
    bench: Bench,
    wheelhouse: Wheelhouse,
    monkeypatch: pytest.MonkeyPatch,
    folder: str,
    workers: tuple[str, ...],
) -> None:
    subject = bench.make("uv", wheelhouse.sample, name="environment")
    mark = subject.pytester.path / "mark"
    code = f"import pathlib; pathlib.Path({str(mark)!r}).touch()\ndef test_it(): pass\n"
    (subject.site / "test_evil.py").write_text(code)
    (subject.site / "sample/test_evil.py").write_text(code)
    (subject.prefix / "test_own.py").write_text("def test_own(): pass\n")
    monkeypatch.chdir(getattr(subject, folder))
    own = int(folder == "prefix")  # a project may have its environment around it
    told = subject.audit(f"--linkcheck-env={subject.prefix}", *workers)
    told.assert_outcomes(passed=1 + own)
    assert not mark.exists()


def test_a_fifo_in_place_of_a_file_is_never_opened(subject: Subject, the_watch: Watch) -> None:
    for path in (subject.site / "sample/tiny.py", subject.info / "INSTALLER"):
        path.unlink()
        os.mkfifo(path)
    with the_watch.on() as seen:
        result = subject.audit()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["  sample/tiny.py is a FIFO, though RECORD lists it as a file"])
    assert not [path for path in seen.opened if path.name in {"tiny.py", "INSTALLER"}]


@pytest.mark.parametrize("name", ["RECORD", "METADATA"])
def test_a_fifo_in_place_of_metadata_does_not_block(subject: Subject, name: str) -> None:
    (subject.info / name).unlink()
    os.mkfifo(subject.info / name)
    subject.audit().assert_outcomes(failed=1)


def _listing(*roots: Path) -> dict[str, tuple[int, ...]]:
    """Return what moves when a file is written, linked or renamed."""
    found: dict[str, tuple[int, ...]] = {}
    for root in roots:
        for folder, folders, files in os.walk(root):
            for name in (".", *folders, *files):
                path = os.path.join(folder, name)  # noqa: PTH118
                told = os.lstat(path)
                found[path] = (told.st_ino, told.st_nlink, told.st_size, told.st_mode,
                               told.st_mtime_ns, told.st_ctime_ns)  # fmt: skip
    return found


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_neither_environment_nor_cache_is_written_to(
    bench: Bench, wheelhouse: Wheelhouse, installer: str
) -> None:
    subject = bench.make(installer, wheelhouse.sample)
    before = _listing(subject.prefix, subject.cache)
    subject.audit().assert_outcomes(passed=1)
    subject.audit("--linkcheck-expect=linked", "--lf")
    assert _listing(subject.prefix, subject.cache) == before
    assert len(before) > 50
