"""How much storage two open files have in common, as far as it can be proven."""

import errno
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from .blocks import Overlap, find_overlap, may_meet
from .content import ChangedError, Opened, equal_range
from .darwin import read_clone
from .extents import ExtentMap, NoExtentMapError, read_extents
from .filesystem import Location, Relation, locate, on_realtime_device, relate
from .mounts import Mount
from .show import show_size

_ATTEMPTS = 4


class Common(Enum):
    """How much of the data of two files lies in common blocks."""

    ALL = "all, at the same offsets"
    SOME = "some"
    NONE = "none"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Storage:
    """What two files have in common, why, and the evidence: extents are `None` if not read."""

    common: Common
    reason: str
    one: ExtentMap | None = None
    two: ExtentMap | None = None
    overlap: Overlap | None = None


def examine(one: Opened, two: Opened, mounts: Sequence[Mount]) -> Storage:
    """Return what two open regular files have in common.

    Raises `ChangedError` if extents moved meanwhile, `OSError` if they cannot be read.
    """
    if one.facts.size == two.facts.size == 0:
        return Storage(Common.UNKNOWN, "empty: no data that could be shared")
    if sys.platform == "darwin":
        return examine_clones(one, two)
    there, here = locate(one.facts, mounts), locate(two.facts, mounts)
    if there.facts.identity == here.facts.identity:
        return Storage(Common.UNKNOWN, "one file of a layer, seen by overlay or through two")
    relation, reason = _relate_open(one, two, there, here)
    if relation is Relation.APART:
        return Storage(Common.NONE, f"two inodes, {reason}")
    try:
        first, second = _read_both(one, two)
    except NoExtentMapError as error:
        return Storage(Common.UNKNOWN, str(error.strerror))
    if relation is Relation.OPEN:
        if may_meet(first, second):
            return Storage(Common.UNKNOWN, reason, first, second)
        return Storage(Common.NONE, "two inodes, no common address", first, second)
    return _judge_extents(one, two, first, second)


def _relate_open(one: Opened, two: Opened, there: Location, here: Location) -> tuple[Relation, str]:
    relation, reason = relate(there, here)
    if relation is Relation.SAME:
        realtime = [
            on_realtime_device(opened.descriptor, location)
            for opened, location in ((one, there), (two, here))
        ]
        if realtime[0] != realtime[1]:
            return Relation.APART, "data device and realtime device of one xfs filesystem"
    return relation, reason


def _read_both(one: Opened, two: Opened) -> tuple[ExtentMap, ExtentMap]:
    """Read two maps that are true at one moment.

    Deduplication, defragmentation and balancing move extents and leave all times as they are,
    and writing out one file may split the extents of another: only the same answer before and
    after the other file was asked shows that nothing moved.
    """
    first = read_extents(one.descriptor)
    for _ in range(_ATTEMPTS):
        second, again = read_extents(two.descriptor), read_extents(one.descriptor)
        if first == again:
            break
        first = again
    else:
        raise ChangedError(errno.EAGAIN, "changed while being read", str(one.facts.path))
    for opened, told in ((one, first), (two, second)):
        if any(extent.unknown for extent in told.extents):
            # SYNC gives everything a place, so somebody has written since.
            raise ChangedError(errno.EAGAIN, "changed while being read", str(opened.facts.path))
    return first, second


def _judge_extents(one: Opened, two: Opened, first: ExtentMap, second: ExtentMap) -> Storage:
    """Judge two maps of one space of addresses."""
    overlap = find_overlap(first, second, max(one.facts.size, two.facts.size))
    common, reason = _judge_overlap(one, two, overlap)
    if common is not Common.SOME and _is_inline(first) and _is_inline(second):
        # Small files lie among metadata; a reflink of one looks as a copy does.
        common, reason = Common.UNKNOWN, "inline: data among metadata have no blocks to compare"
    return Storage(common, reason, first, second, overlap)


def _judge_overlap(one: Opened, two: Opened, overlap: Overlap) -> tuple[Common, str]:
    if overlap.one_bytes == overlap.two_bytes == 0:
        return Common.UNKNOWN, "empty: holes only, no data that could be shared"
    aligned = overlap.aligned + sum(
        length
        for offset, length in overlap.unsettled
        if equal_range(one.descriptor, two.descriptor, offset, length)
    )
    if aligned == overlap.one_bytes == overlap.two_bytes:
        return Common.ALL, f"two inodes, all of {show_size(aligned)} in common blocks"
    if overlap.shared_bytes:
        shared, total = show_size(overlap.shared_bytes), show_size(overlap.total_bytes)
        moved = "" if aligned else ", at other offsets"
        return Common.SOME, f"two inodes, {shared} of {total} in common blocks{moved}"
    return Common.NONE, "two inodes, no common block"


def examine_clones(one: Opened, two: Opened) -> Storage:
    """Return what macOS tells of two open files: not yet proven on a machine."""
    first, second = read_clone(one.facts.path), read_clone(two.facts.path)
    if first is None or second is None:
        return Storage(Common.UNKNOWN, "not supported on this system")
    if one.facts.identity.device != two.facts.identity.device:
        return Storage(Common.NONE, "two inodes, two APFS volumes")
    if not (first.may_share and second.may_share):
        return Storage(Common.NONE, "two inodes, one of which shares no blocks")
    same = first.clone_id == second.clone_id and one.facts.size == two.facts.size
    if same and equal_range(one.descriptor, two.descriptor, 0, one.facts.size):
        return Storage(Common.ALL, "two inodes, one clone id, equal bytes")
    return Storage(Common.UNKNOWN, "both may share blocks: with whom, macOS does not tell")


def _is_inline(told: ExtentMap) -> bool:
    return any(extent.inline for extent in told.extents)
