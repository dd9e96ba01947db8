"""Audited environments for a page: the bytes of each distribution, as bars and as a map."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from .model import Reason, Report, Row
from .treemap import Rectangle, squarify

_SMALLEST = 0.0008  # the part of the map below which a distribution gets no rectangle of its own
WHOLE = Rectangle(0, 0, 100, 100)  # in percent
# Percent shared at which the map's next shade begins. Some files are always written anew: an
# environment whose every file is linked that can be has about 99 %.
STEPS = (50, 80, 95)


@dataclass(frozen=True, slots=True)
class Tile:
    """A rectangle of the map, in percent of its environment: a distribution, or the small rest.

    `index` is the distribution's among those of its environment; `rest` counts those that are too
    small to be seen, and then there is no `row`.
    """

    at: Rectangle
    size: int
    shared: int
    row: Row | None
    index: int = -1
    rest: int = 0

    @property
    def step(self) -> int:
        """How much is shared: 0 for nothing, else one more than the steps that it reaches."""
        if not self.shared:
            return 0
        return 1 + sum(100 * self.shared >= percent * self.size for percent in STEPS)


@dataclass(frozen=True)
class Environment:
    """One environment in one run, its largest distribution first. `number` is its own."""

    number: int
    label: str
    run: str
    rows: tuple[Row, ...]

    @cached_property
    def size(self) -> int:
        """The bytes of its distributions, bytecode too."""
        return sum(map(room, self.rows))

    @cached_property
    def shares(self) -> list[tuple[str, int]]:
        """How many bytes are what, as `shares` says of a distribution."""
        each = [shares(row) for row in self.rows]
        return [(told[0][0], sum(size for _, size in told)) for told in zip(*each, strict=True)]

    @cached_property
    def reasons(self) -> list[Reason]:
        """Why files are not shared, the commonest first."""
        counts: Counter[tuple[str, str]] = Counter()
        for row in self.rows:
            for reason in row.reasons:
                counts[reason.why, reason.remedy] += reason.files
        return [Reason(count, *told) for told, count in counts.most_common()]

    @cached_property
    def tiles(self) -> list[Tile]:
        """Its distributions as rectangles in percent of it, the largest first."""
        seen = sum(room(row) > _SMALLEST * self.size for row in self.rows)
        rest = [row for row in self.rows[seen:] if room(row) > 0]
        parts: list[tuple[int, int, Row | None, int, int]] = [
            (room(row), row.shared, row, index, 0) for index, row in enumerate(self.rows[:seen])
        ]
        if rest:
            shared = sum(row.shared for row in rest)
            parts.append((sum(map(room, rest)), shared, None, -1, len(rest)))
            parts.sort(key=lambda part: -part[0])
        places = squarify([part[0] for part in parts], WHOLE)
        return [Tile(at, *part) for at, part in zip(places, parts, strict=True)]


def room(row: Row) -> int:
    """Return the bytes that a distribution takes, bytecode too."""
    return row.size + row.bytecode_size


def shares(row: Row) -> list[tuple[str, int]]:
    """Return how many bytes of a distribution are what: the parts of its bar."""
    return [
        ("shared", row.shared),
        ("own", row.own),
        ("bytecode", row.bytecode_size),
        ("unknown", row.unknown_size),
    ]


def environments(report: Report) -> list[Environment]:
    """Return the audited environments of *report*, the largest first."""
    rows: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in report.audits:
        rows[row.environment, row.run].append(row)
    found = sorted(rows.items(), key=lambda one: (-sum(map(room, one[1])), one[0][0]))
    return [
        Environment(number, label, run, tuple(sorted(own, key=lambda row: (-room(row), row.name))))
        for number, ((label, run), own) in enumerate(found, 1)
    ]


def lay_out(found: Sequence[Environment]) -> list[tuple[Environment, Rectangle]]:
    """Return the environments that have bytes, with their places on a map, in percent."""
    shown = [one for one in found if one.size > 0]
    return list(zip(shown, squarify([one.size for one in shown], WHOLE), strict=True))
