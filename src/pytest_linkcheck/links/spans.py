"""Where the bytes of a file lie on disk, as spans that can be counted and compared.

Read by FIEMAP. Spans of two files may be compared only within one filesystem.
"""

import errno
import os
from dataclasses import dataclass

from .content import ChangedError, open_unchanged
from .extents import Extent, read_extents
from .facts import Facts
from .filesystem import Location, on_realtime_device

# The smallest block of a filesystem that compresses.
_LEAST_BLOCK = 4096


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
class Layout:
    """Where one file lies on disk.

    `inline` bytes lie in the filesystem's own records, in no block; `compressed` is how many
    bytes the compressed spans hold. `realtime` tells on which of the two devices of an xfs.
    """

    spans: tuple[Span, ...] = ()
    inline: int = 0
    compressed: int = 0
    realtime: bool = False


def read_layout(facts: Facts, location: Location) -> Layout:
    """Return where the regular file of *facts* lies on disk; *location* is what `locate` gives.

    Raises `NoExtentMapError` where that is not told, `ChangedError` if the file is written to
    meanwhile, and `OSError` if it cannot be read.
    """
    if facts.size == 0 and facts.allocated == 0:
        return Layout()
    with open_unchanged(facts) as descriptor:
        block = min(_LEAST_BLOCK, os.fstatvfs(descriptor).f_bsize)
        extents = read_extents(descriptor).extents
        realtime = on_realtime_device(descriptor, location)
    placed = [one for one in extents if not one.inline]
    if any(one.unknown or not one.physical for one in placed):
        # SYNC gave all bytes a place, so somebody has written since.
        raise ChangedError(errno.EAGAIN, "changed while being read", str(facts.path))
    return Layout(
        spans=tuple(_span(one, block) for one in placed),
        inline=sum(min(one.length, facts.size - one.logical) for one in extents if one.inline),
        compressed=sum(one.length for one in placed if one.encoded),
        realtime=realtime,
    )


def _span(extent: Extent, block: int) -> Span:
    if extent.encoded:
        return Span(extent.physical, block, 0, extent.shared, compressed=True)
    delta = extent.physical - extent.logical
    return Span(extent.physical, extent.length, delta, extent.shared, compressed=False)
