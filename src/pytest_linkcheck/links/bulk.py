"""statx(2) of many names of one folder: the numbers go from the kernel into columns, by the chunk.

Two thirds of what `os.stat` costs is the making of an object with all times as floats. Here the
kernel writes into one buffer, of which columns are slices.
"""

import ctypes
import os
from array import array
from collections.abc import Sequence
from functools import cache
from itertools import repeat

from .statx import (
    AT_SYMLINK_NOFOLLOW,
    SIZE_OF_STATX,
    STATX_BASIC_STATS,
    STATX_NEEDED,
    UNTOLD,
    statx,
)

_CHUNK = 1024
# Where fields of struct statx lie, counted in their own size: <linux/stat.h>.
_MASK, _LINKS, _MODE, _INODE, _SIZE, _BLOCKS = 0, 4, 14, 4, 5, 6
_MAJOR, _MINOR, _DEVICE = 34, 35, 17


@cache
def _device_of(major: int, minor: int) -> int:
    """Return what `os.makedev` does, which some systems do not have."""
    return os.makedev(major, minor)


class Table:
    """Columns of what stat tells, a row for each name; `blocks` are of 512 bytes."""

    def __init__(self) -> None:
        self.devices = array("Q")
        self.inodes = array("Q")
        self.links = array("I")
        self.sizes = array("Q")
        self.blocks = array("Q")
        self.modes = array("H")

    def __len__(self) -> int:
        return len(self.inodes)

    def add(self, told: os.stat_result) -> None:
        """Add one row."""
        self.devices.append(told.st_dev)
        self.inodes.append(told.st_ino)
        self.links.append(told.st_nlink)
        self.sizes.append(told.st_size)
        self.blocks.append(getattr(told, "st_blocks", 0))
        self.modes.append(told.st_mode)


class Bulk:
    """Looks at many names at a time, where the system has statx."""

    def __init__(self) -> None:
        self._buffer = bytearray(_CHUNK * SIZE_OF_STATX)
        whole = (ctypes.c_char * len(self._buffer)).from_buffer(self._buffer)
        # Made once: to pass a pointer that is none yet takes longer.
        self._slots = [ctypes.byref(whole, n * SIZE_OF_STATX) for n in range(_CHUNK)]
        self._eights = memoryview(self._buffer).cast("Q")
        self._fours = memoryview(self._buffer).cast("I")
        self._twos = memoryview(self._buffer).cast("H")
        # PyDLL, as letting go of the interpreter's lock takes longer than the call itself.
        self._call = ctypes.PyDLL(None)["statx"] if _has_statx() else None

    def look(self, table: Table, descriptor: int | None, names: Sequence[bytes]) -> int:
        """Add to *table* a row for each of *names* in the folder open as *descriptor*.

        Returns how many were added: less than all where some chunk has a name that cannot be
        looked at, or there is no statx.
        """
        for start in range(0, len(names), _CHUNK):
            chunk = names[start : start + _CHUNK]
            if not self._fill(descriptor, chunk) or not self._take(table, len(chunk)):
                return start
        return len(names)

    def look_at(self, table: Table, folder: str, descriptor: int | None, name: bytes) -> None:
        """Add to *table* the row of *name* in *folder*, open as *descriptor* if that is possible.

        Raises `OSError` as `os.lstat` does, and where the filesystem does not tell all of it.
        """
        if self._fill(descriptor, [name]):
            if not self._take(table, 1):
                raise OSError(0, UNTOLD, name)
        elif descriptor is None:
            table.add(os.lstat(os.path.join(os.fsencode(folder), name)))  # noqa: PTH118 - as bytes
        else:
            table.add(os.lstat(name, dir_fd=descriptor))

    def _fill(self, descriptor: int | None, names: Sequence[bytes]) -> bool:
        """Have the kernel write of each of *names*, a chunk at most; whether it did of all."""
        if self._call is None or descriptor is None:
            return False
        return not any(
            map(
                self._call,
                repeat(descriptor),
                names,
                repeat(AT_SYMLINK_NOFOLLOW),
                repeat(STATX_BASIC_STATS),
                self._slots,
            )
        )

    def _take(self, table: Table, count: int) -> bool:
        """Add *count* rows to *table*; none if the filesystem has left something out of one."""
        stop = count * SIZE_OF_STATX
        masks = self._fours[_MASK : stop // 4 : SIZE_OF_STATX // 4]
        if not all(mask & STATX_NEEDED == STATX_NEEDED for mask in _differing(masks)):
            return False
        table.devices.extend(self._devices(count))
        table.inodes.frombytes(self._eights[_INODE : stop // 8 : SIZE_OF_STATX // 8].tobytes())
        table.links.frombytes(self._fours[_LINKS : stop // 4 : SIZE_OF_STATX // 4].tobytes())
        table.sizes.frombytes(self._eights[_SIZE : stop // 8 : SIZE_OF_STATX // 8].tobytes())
        table.blocks.frombytes(self._eights[_BLOCKS : stop // 8 : SIZE_OF_STATX // 8].tobytes())
        table.modes.frombytes(self._twos[_MODE : stop // 2 : SIZE_OF_STATX // 2].tobytes())
        return True

    def _devices(self, count: int) -> "array[int]":
        stop, step = count * SIZE_OF_STATX // 4, SIZE_OF_STATX // 4
        if len(_differing(self._eights[_DEVICE : stop // 2 : step // 2])) == 1:
            return array("Q", [_device_of(self._fours[_MAJOR], self._fours[_MINOR])]) * count
        majors, minors = self._fours[_MAJOR:stop:step], self._fours[_MINOR:stop:step]
        return array("Q", map(_device_of, majors, minors))


def _differing(column: "memoryview[int]") -> set[int]:
    """Return the numbers in *column*, which most often are all the same."""
    raw = column.tobytes()
    return {column[0]} if raw == raw[: column.itemsize] * len(column) else set(column)


def _has_statx() -> bool:
    """Return whether the system has statx, and lets this process call it."""
    try:
        return statx(os.sep) is not None
    except OSError:  # whatever this folder lacks, the system has answered
        return True
