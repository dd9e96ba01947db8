"""Who holds which blocks: files laid over one another, each block counted once."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from .spans import Span


class Foreign(Enum):
    """Whether something that was not looked at holds blocks too, by the SHARED flag."""

    NO = "no"
    YES = "yes"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Holding:
    """Blocks with the same holders: which of the files, and whether others beyond them."""

    holders: frozenset[int]
    foreign: Foreign
    compressed: bool = False


@dataclass(frozen=True, slots=True)
class _Segment:
    """Blocks that the same spans cover, each of them whole."""

    length: int
    covering: tuple[tuple[int, Span], ...]


def count_holdings(
    files: Mapping[int, Iterable[Span]], *, exact_flags: bool
) -> Mapping[Holding, int]:
    """Return how many bytes are held by whom, of *files* on one filesystem.

    *exact_flags*: SHARED is told of each block (xfs), not of whole extents, parts of which may
    be in no file any more (btrfs).
    """
    kin = _find_kin(files)
    segments = list(_cut(files))
    moved = _find_moved(segments)
    counts: Counter[Holding] = Counter()
    for segment in segments:
        holders = frozenset(number for number, _ in segment.covering)
        foreign = _judge_foreign(segment)
        if foreign is Foreign.YES and not exact_flags and _is_doubtful(segment, kin, moved):
            foreign = Foreign.UNKNOWN
        compressed = segment.covering[0][1].compressed
        counts[Holding(holders, foreign, compressed)] += segment.length
    return counts


def _judge_foreign(segment: _Segment) -> Foreign:
    if not any(span.shared for _, span in segment.covering):
        return Foreign.NO
    # With two that hold it the flag does not count: they explain it, and would hide a third.
    return Foreign.YES if len(segment.covering) == 1 else Foreign.UNKNOWN


def _is_doubtful(segment: _Segment, kin: Mapping[int, set[int]], moved: set[int]) -> bool:
    """Return whether the other holder may be a file that was looked at after all.

    It may be where the flag speaks of a whole extent: a clone that was written to since holds
    another part of the extent than this one.
    """
    number, span = segment.covering[0]
    return not span.compressed and (number in moved or bool(kin[span.delta] - {number}))


def _find_kin(files: Mapping[int, Iterable[Span]]) -> Mapping[int, set[int]]:
    """Return by delta which files hold flagged spans, as parts of one extent have one delta."""
    kin: defaultdict[int, set[int]] = defaultdict(set)
    for number, spans in files.items():
        for span in spans:
            if span.shared and not span.compressed:
                kin[span.delta].add(number)
    return kin


def _find_moved(segments: Iterable[_Segment]) -> set[int]:
    """Return which files hold blocks at two places: there the delta does not tell kin."""
    return {
        number
        for segment in segments
        if len({span.delta for _, span in segment.covering}) > 1
        for number, _ in segment.covering
    }


def _cut(files: Mapping[int, Iterable[Span]]) -> Iterator[_Segment]:
    """Cut all spans at all their ends, and yield what lies between with all that cover it."""
    edges: defaultdict[int, list[tuple[bool, tuple[int, int], Span]]] = defaultdict(list)
    for number, spans in files.items():
        for index, span in enumerate(spans):
            edges[span.start].append((True, (number, index), span))
            edges[span.start + span.length].append((False, (number, index), span))
    active: dict[tuple[int, int], tuple[int, Span]] = {}
    before = 0
    for position in sorted(edges):
        if active:
            yield _Segment(position - before, tuple(active.values()))
        for opens, key, span in edges[position]:
            if opens:
                active[key] = (key[0], span)
            else:
                del active[key]
        before = position
