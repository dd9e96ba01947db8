"""Verdicts on many pairs, fast where they are plainly reflinks; all others go the way of `compare`.

A pair is plainly a reflink if two regular files of one filesystem and of one size tell the same
extent map, in which every extent is an ordinary one with a place on disk: the first file before
and after the second was asked, and neither was written to since it was looked at.
"""

import os
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from typing import NamedTuple

from .compare import compare
from .content import READ_FLAGS
from .extents import EXTENT, FIEMAP_FLAG_SYNC, FS_IOC_FIEMAP, HEADER, WHOLE_FILE, ExtentFlag
from .facts import read_facts
from .filesystem import Location, locate, on_realtime_device
from .mounts import read_mounts
from .show import show_size
from .verdict import Sharing

AnyPath = str | os.PathLike[str]

_STRANGE = ~int(ExtentFlag.LAST | ExtentFlag.SHARED | ExtentFlag.MERGED)
_LAST = int(ExtentFlag.LAST)
_ROOM = 17  # extents: ioctl() takes up to 1,024 bytes without further ado
_QUERY = HEADER.pack(0, WHOLE_FILE, FIEMAP_FLAG_SYNC, 0, _ROOM, 0) + bytes(_ROOM * EXTENT.size)
_TYPES = frozenset({"btrfs", "xfs"})  # of one space of addresses per superblock, and with reflinks


class PairVerdict(NamedTuple):
    """The verdict on one pair, and its reason; `compare` has the evidence."""

    sharing: Sharing
    reason: str


def compare_pairs(pairs: Iterable[tuple[AnyPath, AnyPath]]) -> Iterator[PairVerdict]:
    """Yield the verdict that `compare` gives on each of *pairs*, in their order."""
    judge = _Judge()
    for one, two in pairs:
        size = judge.size_if_reflink(os.fspath(one), os.fspath(two))
        if size is not None:
            yield PairVerdict(Sharing.REFLINK, _reason(size))
        else:
            verdict = compare(one, two)
            yield PairVerdict(verdict.sharing, verdict.reason)


class _Judge:
    def __init__(self) -> None:
        self._mounts = read_mounts()
        self._folders: dict[str, tuple[int, Location] | None] = {}

    def size_if_reflink(self, one: str, two: str) -> int | None:
        """Return how many bytes two paths have in common if they are plainly reflinks."""
        if sys.platform != "linux":
            return None
        try:
            a, b = os.lstat(one), os.lstat(two)
            if not (a.st_size == b.st_size > 0 and a.st_ino != b.st_ino and a.st_dev == b.st_dev):
                return None
            if not (stat.S_ISREG(a.st_mode) and stat.S_ISREG(b.st_mode)):
                return None
            here, there = self._place(one, a.st_dev), self._place(two, b.st_dev)
            if here is None or there is None or here.mount is None or there.mount is None:
                return None
            if here.mount.device != there.mount.device:
                return None
            return _read(one, two, (a, b), here)
        except OSError:
            return None  # whatever it is, compare() has the words for it

    def _place(self, path: str, device: int) -> Location | None:
        """Return where a folder lies, if its files lie there too and addresses are simple."""
        folder = path.rpartition(os.sep)[0] or (os.sep if path.startswith(os.sep) else os.curdir)
        if folder not in self._folders:
            self._folders[folder] = self._look(folder)
        found = self._folders[folder]
        # A file that is a mount point, or one of an overlay, has another device than its folder.
        return found[1] if found and found[0] == device else None

    def _look(self, folder: str) -> tuple[int, Location] | None:
        with suppress(OSError):
            place = locate(read_facts(os.path.realpath(folder)), self._mounts)
            mount = place.mount
            if mount is not None and not place.problem and mount.type in _TYPES:
                told = os.stat(folder)  # noqa: PTH116 - as text
                if told.st_dev == place.facts.identity.device:
                    return told.st_dev, place
        return None


def _read(
    one: str, two: str, looked: tuple[os.stat_result, os.stat_result], place: Location
) -> int | None:
    """Return the size of two files if their maps are equal, and nothing changed meanwhile."""
    import fcntl  # noqa: PLC0415 - not every system has it

    is_xfs = place.mount is not None and place.mount.type == "xfs"
    first = os.open(one, READ_FLAGS)
    try:
        second = os.open(two, READ_FLAGS)
        try:
            told = fcntl.ioctl(first, FS_IOC_FIEMAP, _QUERY)
            if told != fcntl.ioctl(second, FS_IOC_FIEMAP, _QUERY):
                return None
            if is_xfs and on_realtime_device(first, place) != on_realtime_device(second, place):
                return None
            if told != fcntl.ioctl(first, FS_IOC_FIEMAP, _QUERY):
                return None
            if not _is_unchanged(looked[0], os.fstat(first)):
                return None
            if not _is_unchanged(looked[1], os.fstat(second)):
                return None
        finally:
            os.close(second)
    finally:
        os.close(first)
    return _bytes_in(told, looked[0].st_size)


def _is_unchanged(before: os.stat_result, after: os.stat_result) -> bool:
    """Return whether the open file is the one that was looked at, and its inode untouched."""
    # Mode, inode, device, links, owner and size; ctime moves with any write.
    return before[:7] == after[:7] and before.st_ctime_ns == after.st_ctime_ns


def _bytes_in(told: bytes, size: int) -> int | None:
    """Return how many bytes of data of a file a map has; `None` if it is not whole and plain."""
    count = HEADER.unpack_from(told)[3]
    if not 0 < count <= _ROOM:
        return None
    found, at, flags = 0, HEADER.size, 0
    for _ in range(count):
        logical, physical, length, flags = EXTENT.unpack_from(told, at)
        if flags & _STRANGE or not physical:
            return None
        found += max(0, min(length, size - logical))
        at += EXTENT.size
    return found if flags & _LAST and found else None


@lru_cache
def _reason(size: int) -> str:
    return f"two inodes, all of {show_size(size)} in common blocks"
