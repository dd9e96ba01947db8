"""The matrix of a report as a page shows it: its rows in order, and what is worst in each cell."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from packaging.version import InvalidVersion, Version

from pytest_linkcheck.links.show import show_count

from .cells import MISSING, Column, Line, build_matrix
from .model import FAILED, HAZARD, KNOWN, PASSED, SKIPPED, Report, Result
from .runs import Run

PARTIAL = "partial"  # a cell without failures in which not all of its row was run

NOT_RUN = "not run"
OUTCOMES = (FAILED, HAZARD, KNOWN, PASSED, SKIPPED, NOT_RUN)
# With words and colours, a sign of its own for each, for those who cannot tell the colours.
SIGNS = {
    FAILED: "✕",
    HAZARD: "▲",
    KNOWN: "◆",
    PASSED: "✓",
    SKIPPED: "○",
    PARTIAL: "◔",
    MISSING: "?",
    NOT_RUN: "?",
}

# What a cell says first. Skips come last: they are told, but what did run is what a cell is about.
_WORST_FIRST = (FAILED, HAZARD, KNOWN, PASSED, SKIPPED)
_MODES = ("", "default", "clone", "hardlink", "symlink", "copy")


@dataclass(frozen=True, eq=False)
class Cell:
    """The checks of one row and column; none, if nothing was run there.

    `absent` are results of checks that were run elsewhere in this row, and not here.
    """

    line: Line
    column: Column
    results: tuple[Result, ...]
    absent: tuple[Result, ...]

    @cached_property
    def repeated(self) -> dict[tuple[str, str], set[str]]:
        """How each check came out, by its name and case: more than once if runs contradict."""
        outcomes: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        for one in self.results:
            outcomes[one.check, one.case].add(one.outcome)
        return dict(outcomes)

    @cached_property
    def counts(self) -> Counter[str]:
        """How many checks came out how: those that came out differently by the worst."""
        return Counter(min(seen, key=_WORST_FIRST.index) for seen in self.repeated.values())

    @property
    def outcome(self) -> str:
        """The one word for the cell: what is worst in it."""
        if not self.results:
            return MISSING
        if self.absent and not self.counts[FAILED] and not self.counts[HAZARD]:
            return PARTIAL
        return next(one for one in _WORST_FIRST if self.counts[one])

    @property
    def words(self) -> list[str]:
        """The cell in words, the worst first."""
        if not self.results:
            return [MISSING]
        told = [count_outcome(self.counts[one], one) for one in _WORST_FIRST if self.counts[one]]
        conflicts = sum(len(seen - {SKIPPED}) > 1 for seen in self.repeated.values())
        told += [f"{len(self.absent):,} not run"] if self.absent else []
        return told + ([show_count(conflicts, "conflict")] if conflicts else [])

    @property
    def where(self) -> str:
        """Which cell it is, in words."""
        row = ", ".join(filter(None, (self.line.installer or "no installer", self.line.link_mode)))
        return f"{row}, on {self.column}"


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows and columns, and the cells that there are: not every check takes a link mode."""

    lines: tuple[Line, ...]
    columns: tuple[Column, ...]
    cells: dict[tuple[Line, Column], Cell]

    def groups(self) -> list[tuple[str, list[Line], list[Cell]]]:
        """Return the rows of each installer, and their cells."""
        groups: dict[str, list[Line]] = {}
        for line in self.lines:
            groups.setdefault(line.installer, []).append(line)
        return [
            (name, lines, [cell for cell in self.cells.values() if cell.line.installer == name])
            for name, lines in groups.items()
        ]

    def heads(self) -> list[tuple[str, int]]:
        """Return the filesystems across, each with how many columns it has."""
        return list(Counter(column.filesystem for column in self.columns).items())


def make_grid(report: Report) -> Grid:
    """Return the matrix of the checks of *report*, newest versions of an installer first.

    Checks that are of no filesystem come last.
    """
    matrix = build_matrix(report)
    lines = tuple(sorted(matrix.lines, key=_order))
    columns = tuple(sorted(matrix.columns, key=lambda column: not column.filesystem))
    cells: dict[tuple[Line, Column], Cell] = {}
    for line in lines:
        every = {
            (one.check, one.case, bool(column.filesystem)): one
            for column in columns
            for one in matrix.cells.get((line, column), ())
        }
        for column in columns:
            results = matrix.cells.get((line, column), ())
            here = {(one.check, one.case) for one in results}
            absent = tuple(
                one
                for (check, case, placed), one in every.items()
                if placed == bool(column.filesystem) and (check, case) not in here
            )
            if results or matrix.expects(line, column):
                cells[line, column] = Cell(line, column, results, absent)
    return Grid(lines, columns, cells)


def _order(line: Line) -> tuple[object, ...]:
    name, _, version = line.installer.partition(" ")
    try:
        release = Version(version.partition(" ")[0]).release
    except InvalidVersion:
        release = ()
    newest = [-part for part in (*release, 0, 0, 0, 0)[:4]]
    at = _MODES.index(line.link_mode) if line.link_mode in _MODES else len(_MODES)
    return (name, newest, version, at, line.link_mode)


def count_outcomes(cells: Iterable[Cell]) -> dict[str, int]:
    """Return how many checks of *cells* came out how, and how many were not run."""
    told: Counter[str] = Counter()
    for cell in cells:
        told += cell.counts
        told[NOT_RUN] += len(cell.absent)
    return {outcome: told[outcome] for outcome in OUTCOMES}


def count_outcome(count: int, outcome: str) -> str:
    """Return *count* checks that came out so in words: `2 failed`, `2 hazards`."""
    return show_count(count, outcome) if outcome == HAZARD else f"{count:,} {outcome}"


def show_run(run: Run) -> str:
    """Return what tells a run from others, in words."""
    return f"Python {run.python.version} on {run.host.name}, {run.started[:16].replace('T', ' ')}"
