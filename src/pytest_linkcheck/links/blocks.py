"""What two extent maps have in common: arithmetic on ranges of bytes, no system calls.

Both maps must be of one address space: `filesystem.py` says whether they are.

A plain extent maps byte for byte, so that any cut of it can be compared with any cut of another.
An encoded extent of btrfs is one indivisible thing on disk: FIEMAP gives its start, whichever
part of it a file uses, and a length that has nothing to do with its size on disk. Of two of them
equal starts prove one compressed extent, but not that the files use the same part of it.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from .extents import Extent, ExtentMap


@dataclass(frozen=True, slots=True)
class Overlap:
    """What two files have in common, counted in bytes of the files.

    `one_bytes` and `two_bytes` are data: no holes, no unwritten room. Of these `one_shared` and
    `two_shared` lie in blocks the other file uses too, at whatever offset, and `aligned` in
    common blocks at the same offset. `unsettled` are the ranges (offset, length) that lie, at
    the same offset, in the same compressed extent: there the bytes themselves must be compared.
    """

    one_bytes: int
    two_bytes: int
    one_shared: int
    two_shared: int
    aligned: int
    unsettled: tuple[tuple[int, int], ...]

    @property
    def shared_bytes(self) -> int:
        """Bytes in common blocks, counted in the file that has fewer of them."""
        return min(self.one_shared, self.two_shared)

    @property
    def total_bytes(self) -> int:
        """Bytes of data of the file that has more of them."""
        return max(self.one_bytes, self.two_bytes)


def find_overlap(one: ExtentMap, two: ExtentMap, limit: int) -> Overlap:
    """Return what the first *limit* bytes of two files have in common.

    Inline data count as bytes that lie in no block.
    """
    first, second = list(data_of(one, limit)), list(data_of(two, limit))
    aligned, unsettled = 0, []
    for a, b, start, end in _facing(first, second):
        if a.encoded and b.encoded and a.physical == b.physical:
            unsettled.append((start, end - start))
        elif _plain(a) and _plain(b) and a.physical - a.logical == b.physical - b.logical:
            aligned += end - start
    return Overlap(
        one_bytes=sum(extent.length for extent in first),
        two_bytes=sum(extent.length for extent in second),
        one_shared=_bytes_within(first, second),
        two_shared=_bytes_within(second, first),
        aligned=aligned,
        unsettled=tuple(unsettled),
    )


def may_meet(one: ExtentMap, two: ExtentMap) -> bool:
    """Return whether the addresses of two files could mean a common block, whatever they mean.

    The most cautious reading: encoded extents are taken for as long as they could be, and an
    address of 0 for one that is not told.
    """
    extents = (*one.extents, *two.extents)
    if any(extent.inline or extent.unknown or not extent.physical for extent in extents):
        return True
    taken = _Ranges(two.extents)
    return any(taken.count(extent) for extent in one.extents)


def data_of(told: ExtentMap, limit: int) -> Iterator[Extent]:
    """Yield the extents that hold data, cut off at offset *limit*."""
    for extent in told.extents:
        if extent.logical < limit and not extent.unwritten:
            yield replace(extent, length=min(extent.length, limit - extent.logical))


def _plain(extent: Extent) -> bool:
    return not (extent.encoded or extent.inline)


def _facing(
    first: Sequence[Extent], second: Sequence[Extent]
) -> Iterator[tuple[Extent, Extent, int, int]]:
    """Yield each range of offsets that one extent of either file covers wholly, with the two."""
    i = j = 0
    while i < len(first) and j < len(second):
        a, b = first[i], second[j]
        start, end = max(a.logical, b.logical), min(a.end, b.end)
        if start < end:
            yield a, b, start, end
        # The one that ends first faces nothing more.
        if a.end <= b.end:
            i += 1
        else:
            j += 1


def _bytes_within(extents: Iterable[Extent], others: Sequence[Extent]) -> int:
    """Return how many bytes of *extents* lie in blocks that *others* use too."""
    plain = _Ranges(filter(_plain, others))
    encoded = {extent.physical for extent in others if extent.encoded and not extent.inline}
    count = 0
    for extent in extents:
        if _plain(extent):
            count += plain.count(extent)
        elif extent.physical in encoded and not extent.inline:
            count += extent.length
    return count


class _Ranges:
    """A set of physical addresses, held as sorted ranges that neither meet nor touch."""

    def __init__(self, extents: Iterable[Extent]) -> None:
        self.starts: list[int] = []
        self.ends: list[int] = []
        for extent in sorted(extents, key=lambda extent: extent.physical):
            end = extent.physical + extent.length
            if self.ends and extent.physical <= self.ends[-1]:
                self.ends[-1] = max(self.ends[-1], end)
            else:
                self.starts.append(extent.physical)
                self.ends.append(end)

    def count(self, extent: Extent) -> int:
        """Return how many bytes of *extent* lie in the set."""
        start, end = extent.physical, extent.physical + extent.length
        count = 0
        index = max(0, bisect_right(self.starts, start) - 1)
        while index < len(self.starts) and self.starts[index] < end:
            count += max(0, min(end, self.ends[index]) - max(start, self.starts[index]))
            index += 1
        return count
