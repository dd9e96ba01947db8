"""Where the bytes of a file lie on disk, as spans that can be counted and compared.

Read by FIEMAP. Spans of two files may be compared only within one filesystem.
"""

import os
from dataclasses import dataclass

from .content import open_unchanged
from .extents import Extent, read_extents
from .facts import Facts


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
            extents = read_extents(descriptor).extents
    except OSError as error:
        return Blocks(problem=error.strerror or str(error))
    inline = sum(min(one.length, facts.size - one.logical) for one in extents if one.inline)
    placed = [one for one in extents if not one.inline]
    if any(one.unknown or not one.physical for one in placed):
        return Blocks(problem="bytes that have no place on disk yet")
    return Blocks(
        spans=tuple(_span(one, block) for one in placed),
        inline=inline,
        compressed=sum(one.length for one in placed if one.encoded),
    )


def _span(extent: Extent, block: int) -> Span:
    if extent.encoded:
        return Span(extent.physical, block, 0, extent.shared, compressed=True)
    delta = extent.physical - extent.logical
    return Span(extent.physical, extent.length, delta, extent.shared, compressed=False)
