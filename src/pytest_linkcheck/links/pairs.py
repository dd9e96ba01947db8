"""Verdicts on many pairs, fast where they are plainly reflinks; all others go the way of `compare`.

A pair is plainly a reflink if two regular files of one filesystem and of one size tell the same
extent map, in which every extent is an ordinary one with a place on disk: the first file before
and after the second was asked, and neither was written to since it was looked at.

What the kernel tells goes into buffers that are used again for each pair: an object of Python for
every answer would take longer than the system calls do.
"""

import ctypes
import errno
import os
import struct
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from .comparison import compare
from .content import READ_FLAGS
from .extents import EXTENT, FIEMAP_FLAG_SYNC, FS_IOC_FIEMAP, HEADER, WHOLE_FILE, ExtentFlag
from .filesystem import has_realtime_device, is_realtime
from .mounts import read_mounts
from .show import show_size
from .statx import (
    AT_EMPTY_PATH,
    AT_FDCWD,
    AT_SYMLINK_NOFOLLOW,
    SIZE_OF_STATX,
    STATX_BASIC_STATS,
    STATX_MNT_ID,
    STATX_MNT_ID_UNIQUE,
    bare_statx,
)
from .verdict import Sharing

AnyPath = str | os.PathLike[str]

_ASKED = STATX_BASIC_STATS | STATX_MNT_ID_UNIQUE
_LOOK = "28xH2xQQ88x8sQ104x"  # of struct statx: mode, inode, size, device (as bytes), mount
_two_looks = struct.Struct(f"={_LOOK}{_LOOK}").unpack_from
_mask_device_mount = struct.Struct("=I132x8sQ").unpack_from
_REGULAR = 0o10  # S_IFREG, without the bits below the kind

_ORDINARY = int(ExtentFlag.SHARED | ExtentFlag.MERGED)
_LAST = int(ExtentFlag.LAST)
_ROOM = 17  # extents: ioctl() takes up to 1,024 bytes without further ado
_QUERY = HEADER.pack(0, WHOLE_FILE, FIEMAP_FLAG_SYNC, 0, _ROOM, 0) + bytes(_ROOM * EXTENT.size)
_count_and_first = struct.Struct("=20xI8xQQQ16xI").unpack_from
_TYPES = frozenset({"btrfs", "xfs"})  # of one space of addresses per superblock, and with reflinks


class PairVerdict(NamedTuple):
    """The verdict on one pair, and its reason; `compare` has the evidence."""

    sharing: Sharing
    reason: str


def compare_pairs(pairs: Iterable[tuple[AnyPath, AnyPath]]) -> Iterator[PairVerdict]:
    """Yield the verdict that `compare` gives on each of *pairs*, in their order."""
    statx = bare_statx()
    judge = None if statx is None else _Judge(statx)
    for one, two in pairs:
        size = None if judge is None else judge.size_if_reflink(one, two)
        if size is not None:
            yield _reflink(size)
        else:
            verdict = compare(one, two)
            yield PairVerdict(verdict.sharing, verdict.reason)


class _Space(NamedTuple):
    """The addresses of one filesystem; `realtime` if each file may count on another device."""

    device: int
    realtime: bool


class _Judge:
    """Judges where the system has statx, which Linux alone has."""

    def __init__(self, statx: Callable[..., int]) -> None:
        from fcntl import ioctl  # noqa: PLC0415 - not every system has it

        self._ioctl: Callable[..., object] = ioctl
        self._statx = statx
        self._before = bytearray(2 * SIZE_OF_STATX)
        self._after = bytearray(2 * SIZE_OF_STATX)
        self._slots = [
            ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(looks, at)))
            for looks in (self._before, self._after)
            for at in (0, SIZE_OF_STATX)
        ]
        self._maps = bytearray(_QUERY), bytearray(_QUERY), bytearray(_QUERY)
        self._spaces: dict[tuple[bytes, int], _Space | None] = {}

    def size_if_reflink(self, one: AnyPath, two: AnyPath) -> int | None:
        """Return how many bytes two paths have in common if they are plainly reflinks."""
        try:
            size = self._judge(os.fsencode(one), os.fsencode(two))
        except OSError:
            size = None  # whatever it is, compare() has the words for it
        if size is None:
            # The kernel leaves what it does not need of a buffer as it was: only buffers that
            # were alike before are alike again after equal answers.
            for told in self._maps:
                told[:] = _QUERY
        return size

    def _judge(self, one: bytes, two: bytes) -> int | None:
        look = self._statx
        first_slot, second_slot, third_slot, fourth_slot = self._slots
        if look(AT_FDCWD, one, AT_SYMLINK_NOFOLLOW, _ASKED, first_slot) or look(
            AT_FDCWD, two, AT_SYMLINK_NOFOLLOW, _ASKED, second_slot
        ):
            return None
        mode, inode, size, device, mount, mode_2, inode_2, size_2, device_2, mount_2 = _two_looks(
            self._before
        )
        if not (
            mode >> 12 == mode_2 >> 12 == _REGULAR  # nothing else is ever opened
            and size == size_2 > 0
            and (inode != inode_2 or device != device_2)
        ):
            return None
        space = self._space(one, device, mount)
        if space is None or (
            (mount != mount_2 or device != device_2)
            and space != self._space(two, device_2, mount_2)
        ):
            return None
        first = os.open(one, READ_FLAGS)
        try:
            second = os.open(two, READ_FLAGS)
            try:
                told = self._common_map(first, second, space)
                # What is open is what was looked at, and untouched: ctime moves with any write.
                # That a read moves atime makes a pair slow, and nothing else.
                if (
                    told is None
                    or look(first, b"", AT_EMPTY_PATH, _ASKED, third_slot)
                    or look(second, b"", AT_EMPTY_PATH, _ASKED, fourth_slot)
                    or self._before != self._after
                ):
                    return None
            finally:
                os.close(second)
        finally:
            os.close(first)
        return _bytes_in(told, size)

    def _common_map(self, first: int, second: int, space: _Space) -> bytearray | None:
        """Return the map that two open files have at one moment, if it is one."""
        ioctl = self._ioctl
        told, other, again = self._maps
        ioctl(first, FS_IOC_FIEMAP, told)
        ioctl(second, FS_IOC_FIEMAP, other)
        if told != other:
            return None
        if space.realtime and is_realtime(first) != is_realtime(second):
            return None
        ioctl(first, FS_IOC_FIEMAP, again)
        return told if told == again else None

    def _space(self, path: bytes, device: bytes, mount: int) -> _Space | None:
        """Return what addresses a regular file on that device and mount has, if plain ones."""
        where = device, mount
        if where in self._spaces:
            return self._spaces[where]
        descriptor = os.open(path, READ_FLAGS)
        try:
            found = self._spaces[where] = self._find_space(descriptor, where)
        finally:
            os.close(descriptor)
        return found

    def _find_space(self, descriptor: int, where: tuple[bytes, int]) -> _Space | None:
        """Return what addresses the open file has.

        As long as it is open its mount stays, and the number of that in mountinfo.
        """
        *_, slot, number_slot = self._slots
        if self._statx(descriptor, b"", AT_EMPTY_PATH, _ASKED, slot) or self._statx(
            descriptor, b"", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_MNT_ID, number_slot
        ):
            raise OSError(errno.EIO, "statx failed")
        mask, *now = _mask_device_mount(self._after)
        told, _, number = _mask_device_mount(self._after, SIZE_OF_STATX)
        if where != tuple(now):
            raise OSError(errno.EAGAIN, "another file by now")
        mounts = read_mounts() if told & STATX_MNT_ID else []
        mount = next((mount for mount in mounts if mount.id == number), None)
        if mount is None or mount.type not in _TYPES:
            return None
        # Linux before 6.8 knows but the numbers of mountinfo, which are given again, perhaps to
        # another xfs: there each file is asked.
        realtime = mount.type == "xfs" and (
            not mask & STATX_MNT_ID_UNIQUE or has_realtime_device(descriptor, mount)
        )
        return _Space(mount.device, realtime)


def _bytes_in(told: bytes | bytearray, size: int) -> int | None:
    """Return how many bytes of data of a file a map has; `None` if it is not whole and plain."""
    count, logical, physical, length, flags = _count_and_first(told)
    if count == 1 and flags & ~_ORDINARY == _LAST and physical and not logical and length >= size:
        return size  # as nearly every file is
    if not 0 < count <= _ROOM:
        return None
    found, at = 0, HEADER.size
    for _ in range(count):
        logical, physical, length, flags = EXTENT.unpack_from(told, at)
        if flags & ~(_ORDINARY | _LAST) or not physical:
            return None
        found += max(0, min(length, size - logical))
        at += EXTENT.size
    return found if flags & _LAST and found else None


@lru_cache(maxsize=1024)
def _reflink(size: int) -> PairVerdict:
    return PairVerdict(Sharing.REFLINK, f"two inodes, all of {show_size(size)} in common blocks")
