"""statx(2) of many names of one folder: the numbers go from the kernel into columns, by the chunk.

Two thirds of what `os.stat` costs is the making of an object with all times as floats. Here the
kernel writes into one buffer, of which columns are slices.
"""

import ctypes
import os
from array import array
from collections.abc import Sequence
from itertools import repeat

from .statx import AT_SYMLINK_NOFOLLOW, SIZE_OF_STATX, STATX_BASIC_STATS, statx

_CHUNK = 1024
# Where fields of struct statx lie, counted in their own size: <linux/stat.h>.
_LINKS, _MODE, _INODE, _SIZE, _BLOCKS, _MAJOR, _MINOR, _DEVICE = 4, 14, 4, 5, 6, 34, 35, 17


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

    def __init__(self, table: Table) -> None:
        self._table = table
        self._buffer = bytearray(_CHUNK * SIZE_OF_STATX)
        start = ctypes.addressof(ctypes.c_char.from_buffer(self._buffer))
        self._slots = [ctypes.c_void_p(start + n * SIZE_OF_STATX) for n in range(_CHUNK)]
        self._eights = memoryview(self._buffer).cast("Q")
        self._fours = memoryview(self._buffer).cast("I")
        self._twos = memoryview(self._buffer).cast("H")
        # PyDLL, as letting go of the interpreter's lock takes longer than the call itself.
        self._call = ctypes.PyDLL(None)["statx"] if _has_statx() else None

    def look(self, descriptor: int, names: Sequence[bytes]) -> int:
        """Add a row for each of *names* in the folder *descriptor* until one is refused.

        Returns how many were added: less than all where some chunk has a name that cannot be
        looked at, or there is no statx.
        """
        if self._call is None:
            return 0
        for start in range(0, len(names), _CHUNK):
            chunk = names[start : start + _CHUNK]
            told = map(
                self._call,
                repeat(descriptor),
                chunk,
                repeat(AT_SYMLINK_NOFOLLOW),
                repeat(STATX_BASIC_STATS),
                self._slots,
            )
            if any(told):
                return start
            self._take(len(chunk))
        return len(names)

    def _take(self, count: int) -> None:
        table, stop = self._table, count * SIZE_OF_STATX
        table.devices.extend(self._devices(count))
        table.inodes.frombytes(self._eights[_INODE : stop // 8 : SIZE_OF_STATX // 8].tobytes())
        table.links.frombytes(self._fours[_LINKS : stop // 4 : SIZE_OF_STATX // 4].tobytes())
        table.sizes.frombytes(self._eights[_SIZE : stop // 8 : SIZE_OF_STATX // 8].tobytes())
        table.blocks.frombytes(self._eights[_BLOCKS : stop // 8 : SIZE_OF_STATX // 8].tobytes())
        table.modes.frombytes(self._twos[_MODE : stop // 2 : SIZE_OF_STATX // 2].tobytes())

    def _devices(self, count: int) -> "array[int]":
        stop, step = count * SIZE_OF_STATX // 4, SIZE_OF_STATX // 4
        if len(set(self._eights[_DEVICE : stop // 2 : step // 2])) == 1:
            return array("Q", [os.makedev(self._fours[_MAJOR], self._fours[_MINOR])]) * count
        majors, minors = self._fours[_MAJOR:stop:step], self._fours[_MINOR:stop:step]
        return array("Q", map(os.makedev, majors, minors))


def _has_statx() -> bool:
    """Return whether the system has statx, and lets this process call it."""
    return statx(os.sep) is not None
