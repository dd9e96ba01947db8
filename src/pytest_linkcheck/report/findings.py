"""What a reader must know of: checks that failed, hazards, deviations, skips, each told once."""

from collections import Counter, defaultdict
from dataclasses import dataclass

from .grid import Cell, Grid
from .model import PASSED, SKIPPED, Result

_TAIL = "\n[{:,} more characters are in the JSON report]"


@dataclass(frozen=True, slots=True)
class Seen:
    """Where a check came out so, and what it said: `evidence` is cut if there is much of it."""

    cell: Cell
    result: Result
    evidence: str
    number: int


@dataclass(frozen=True, slots=True)
class Finding:
    """A check with one outcome, wherever it had it: by what was seen, in one line."""

    check: Result  # one of them, for name, promise and why
    seen: dict[str, list[Seen]]

    @property
    def places(self) -> int:
        """How many times it came out so."""
        return sum(len(found) for found in self.seen.values())


@dataclass(frozen=True, slots=True)
class Skipped:
    """Why checks were skipped, and what would make them run: how many, in which cells."""

    reason: str
    remedy: str
    cells: Counter[Cell]

    @property
    def checks(self) -> int:
        """How many checks."""
        return self.cells.total()


def find(grid: Grid, room: int) -> dict[str, list[Finding]]:
    """Return the findings of *grid* by outcome, what occurs most often first.

    All evidence together takes at most about *room* characters: the longest is cut.
    """
    told = [
        (cell, one, _more(one))
        for cell in grid.cells.values()
        for one in cell.results
        if one.outcome not in {PASSED, SKIPPED}
    ]
    longest = _fair([len(evidence) for _, _, evidence in told], room)
    by_check: defaultdict[tuple[str, str], list[Seen]] = defaultdict(list)
    for number, (cell, one, evidence) in enumerate(told, 1):
        seen = Seen(cell, one, _cut(evidence, longest), number)
        by_check[one.outcome, one.check].append(seen)
    findings: defaultdict[str, list[Finding]] = defaultdict(list)
    for (outcome, _), found in by_check.items():
        reasons: defaultdict[str, list[Seen]] = defaultdict(list)
        for seen in found:
            reasons[seen.result.reason].append(seen)
        findings[outcome].append(Finding(found[0].result, dict(reasons)))
    return {
        outcome: sorted(found, key=lambda one: (-one.places, one.check.check))
        for outcome, found in findings.items()
    }


def find_skipped(grid: Grid) -> list[Skipped]:
    """Return why checks were skipped, the commonest reason first."""
    cells: defaultdict[tuple[str, str], Counter[Cell]] = defaultdict(Counter)
    for cell in grid.cells.values():
        for one in cell.results:
            if one.outcome == SKIPPED:
                cells[one.reason, one.remedy][cell] += 1
    found = [Skipped(*told, counted) for told, counted in cells.items()]
    return sorted(found, key=lambda one: (-one.checks, one.reason))


def _more(one: Result) -> str:
    """Return the evidence of a result, unless it says no more than the reason does."""
    told = one.evidence.strip()
    return "" if told.removeprefix("AssertionError: ") == one.reason else told


def _fair(lengths: list[int], room: int) -> int:
    """Return the greatest length to which texts of *lengths* can be cut so that all fit in."""
    left, count = room, len(lengths)
    for length in sorted(lengths):
        if length * count > left:
            return left // count
        left -= length
        count -= 1
    return max(lengths, default=0)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[:longest] + _TAIL.format(len(text) - longest)
