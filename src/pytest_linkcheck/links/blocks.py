"""Where the bytes of a file lie on disk, as spans that can be counted and compared.

Read by FIEMAP. Spans of two files may be compared only within one filesystem.
"""

import fcntl
import os
import struct
from dataclasses import dataclass

from .content import open_unchanged
from .facts import Facts

_FS_IOC_FIEMAP = 0xC020660B
_HEADER = struct.Struct("=QQIIII")
_EXTENT = struct.Struct("=QQQ16xI12x")
_LAST, _UNKNOWN, _DELALLOC, _ENCODED = 1, 2, 4, 8
_INLINE, _SHARED = 0x200, 0x2000
_PAGE = 256


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes of a file that lie together on disk; all numbers in bytes.

    `delta` is where the bytes lie on disk less where they lie in the file: equal for all parts
    of what was written at once, however often it was cloned as a whole. A compressed extent is
    known by where it starts; how long it is on disk is told nowhere, so its span is one block,
    the least it can be.
    """

    start: int
    length: int
    delta: int
    shared: bool
    compressed: bool


@dataclass(frozen=True, slots=True)
class Blocks:
    """Where one file lies on disk.

    `inline` bytes lie in the filesystem's own records, in no block; `compressed` is how many
    bytes the compressed spans hold. With a `problem`, the spans are not known.
    """

    spans: tuple[Span, ...] = ()
    inline: int = 0
    compressed: int = 0
    problem: str = ""


def read_blocks(facts: Facts) -> Blocks:
    """Return where the regular file of *facts* lies on disk; never raises `OSError`."""
    if facts.size == 0 and facts.allocated == 0:
        return Blocks()
    try:
        with open_unchanged(facts) as descriptor:
            block = os.fstatvfs(descriptor).f_bsize
            extents = _read(descriptor)
    except OSError as error:
        return Blocks(problem=error.strerror or str(error))
    spans = []
    inline = compressed = 0
    for logical, physical, length, flags in extents:
        if flags & _INLINE:
            inline += min(length, facts.size - logical)
        elif flags & (_UNKNOWN | _DELALLOC) or not physical:
            return Blocks(problem="not yet on disk")
        elif flags & _ENCODED:
            compressed += length
            spans.append(Span(physical, block, 0, bool(flags & _SHARED), compressed=True))
        else:
            shared = bool(flags & _SHARED)
            spans.append(Span(physical, length, physical - logical, shared, compressed=False))
    return Blocks(tuple(spans), inline, compressed)


def _read(descriptor: int) -> list[tuple[int, int, int, int]]:
    found: list[tuple[int, int, int, int]] = []
    start = 0
    while True:
        buffer = bytearray(_HEADER.size + _PAGE * _EXTENT.size)
        _HEADER.pack_into(buffer, 0, start, (1 << 64) - 1 - start, 1, 0, _PAGE, 0)
        fcntl.ioctl(descriptor, _FS_IOC_FIEMAP, buffer)
        count = _HEADER.unpack_from(buffer)[3]
        flags = _LAST
        for index in range(count):
            logical, physical, length, flags = _EXTENT.unpack_from(
                buffer, _HEADER.size + index * _EXTENT.size
            )
            found.append((logical, physical, length, flags))
            start = logical + length
        if flags & _LAST or not count:
            return found
