"""What a watched folder tells, and what it does not."""

import mmap
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_linkcheck.links.inotify import Inotify

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="inotify is Linux's: run the tests there"
)


@pytest.fixture(name="folder")
def fixture_folder(tmp_path: Path) -> Path:
    """A folder with a file that has a second name in another one."""
    (tmp_path / "watched").mkdir()
    (tmp_path / "apart").mkdir()
    (tmp_path / "watched/file").write_text("bytes")
    (tmp_path / "apart/twin").hardlink_to(tmp_path / "watched/file")
    return tmp_path / "watched"


@pytest.fixture(name="inotify")
def fixture_inotify(folder: Path) -> Iterator[Inotify]:
    made = Inotify()
    made.add(str(folder))
    yield made
    made.close()


def _append(path: Path) -> None:
    with path.open("a") as file:
        file.write("#")


def _map(path: Path) -> None:
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as mapping:
        mapping[0] = 0


def _rename_over(path: Path) -> None:
    new = path.parent.parent / "new"
    new.touch()
    new.replace(path)


def _by_symlink(path: Path) -> None:
    link = path.parent.parent / "link"
    link.symlink_to(path)
    _append(link)


DONE: list[Callable[[Path], None]] = [
    _append, _map, _rename_over, _by_symlink, os.utime, Path.unlink, lambda path: path.chmod(0o600)
]  # fmt: skip


@pytest.mark.parametrize("done", DONE)
def test_what_is_done_by_a_watched_name_is_told_once(
    folder: Path, inotify: Inotify, done: Callable[[Path], None]
) -> None:
    done(folder / "file")
    assert inotify.read().paths == {str(folder / "file")}
    heard = inotify.read()
    assert not heard.paths
    assert not heard.is_short


def test_what_is_done_by_another_name_is_not(folder: Path, inotify: Inotify) -> None:
    twin = folder.parent / "apart/twin"
    _append(twin)
    twin.with_name("third").hardlink_to(twin)
    assert not inotify.read().paths


def test_too_many_events_are_said_to_be_short(folder: Path, inotify: Inotify) -> None:
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    path = folder / "file"
    for number in range(limit + 10):  # two equal events in a row are one
        os.utime(path) if number % 2 else os.truncate(path, 1)
    assert inotify.read().is_short


def test_a_folder_that_is_none_is_an_error(folder: Path, inotify: Inotify) -> None:
    with pytest.raises(NotADirectoryError):
        inotify.add(str(folder / "file"))
