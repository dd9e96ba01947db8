"""The cells of a report: which results belong together, which are missing, which contradict.

A cell is an installer at a version in one link mode, on one filesystem. Reports of several runs
have a cell for each Python and each system they ran on, where these differ.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from .model import FAILED, HAZARD, KNOWN, PASSED, SKIPPED, Report, Result
from .runs import Run

# The worst first: what a cell of the matrix says first.
WORST_FIRST = (FAILED, HAZARD, KNOWN, SKIPPED, PASSED)
MISSING = "missing"


class Line(NamedTuple):
    """A line of the matrix: an installer with its version, and a link mode (may be empty)."""

    installer: str
    link_mode: str


class Column(NamedTuple):
    """A column of the matrix: a filesystem (may be empty), and where it ran if that differs."""

    filesystem: str
    variant: str

    def __str__(self) -> str:
        return ", ".join(filter(None, (self.filesystem or "any filesystem", self.variant)))


@dataclass(frozen=True, slots=True)
class Matrix:
    """The checks of a report, by line and column.

    A cell that is not in `cells` is `missing` if `expects` it, else there is no such cell: a check
    that takes no link mode has no line for each of them.
    """

    lines: tuple[Line, ...]
    columns: tuple[Column, ...]
    cells: Mapping[tuple[Line, Column], tuple[Result, ...]]

    def expects(self, line: Line, column: Column) -> bool:
        """Return whether there should be results of *line* in *column*."""
        return any(
            bool(other.filesystem) == bool(column.filesystem) and (line, other) in self.cells
            for other in self.columns
        )


def tell_outcomes(results: Iterable[Result]) -> str:
    """Return how many of *results* came out how, the worst first: `1 hazard, 56 passed`."""
    counts = Counter(one.outcome for one in results)
    return ", ".join(
        f"{counts[outcome]:,} {outcome}{'s' if outcome == HAZARD and counts[outcome] > 1 else ''}"
        for outcome in WORST_FIRST
        if counts[outcome]
    )


class Cells:
    """Tells of each check of *report* which cell it belongs to."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._runs: dict[str, Run] = {run.id: run for run in report.runs}
        self._versions: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        for one in report.checks:
            if one.version:
                self._versions[one.run, one.installer].add(one.version)
        ran_on = [self._ran_on(one) for one in report.checks]
        self._differ = [len(set(values)) > 1 for values in zip(*ran_on, strict=True)]

    def _ran_on(self, one: Result) -> tuple[str, str]:
        host, python = self._report.ran_on(one)
        return f"{python.implementation} {python.minor}", f"{host.system} {host.machine}"

    def variant(self, one: Result) -> str:
        """Return Python and system, as far as they differ within the report."""
        told = zip(self._ran_on(one), self._differ, strict=True)
        return ", ".join(value for value, differs in told if differs)

    def version(self, one: Result) -> str:
        """Return the version of the installer, also where a check ended before it was asked."""
        known = self._versions[one.run, one.installer]
        return one.version or (next(iter(known)) if len(known) == 1 else "")

    def installer(self, one: Result) -> str:
        """Return the installer with its version, and its path if it was chosen by that."""
        name, _, rest = one.installer.partition("=")
        by_path = f"({one.installer})" if rest and not rest.startswith("=") else ""
        return " ".join(filter(None, (name, self.version(one), by_path)))

    def filesystem(self, one: Result) -> str:
        """Return the filesystem, its type where the name does not tell it, and the cache's."""
        name = one.filesystem
        kind = one.filesystem_type or self._type_of(one)
        if name == "default" and kind:
            name = f"default ({kind})"
        other = one.cache_filesystem
        return f"{name}, cache on {other}" if other and other != one.filesystem else name

    def _type_of(self, one: Result) -> str:
        """Return the type of a place that was never made for this check, if others had it made."""
        places = self._runs[one.run].filesystems
        known = {place.type for place in places if place.name == one.filesystem}
        return known.pop() if len(known) == 1 else ""

    def line(self, one: Result) -> Line:
        """Return the line of the matrix that *one* stands in."""
        return Line(self.installer(one), one.link_mode)

    def column(self, one: Result) -> Column:
        """Return the column of the matrix that *one* stands in."""
        return Column(self.filesystem(one), self.variant(one))


def build_matrix(report: Report) -> Matrix:
    """Return the matrix of the checks of *report*, lines and columns in order of their names.

    Every filesystem has a column for each Python and system, so that what did not run is seen.
    """
    told = Cells(report)
    found: defaultdict[tuple[Line, Column], list[Result]] = defaultdict(list)
    for one in report.checks:
        found[told.line(one), told.column(one)].append(one)
    variants = sorted({column.variant for _, column in found})
    filesystems = sorted({column.filesystem for _, column in found})
    columns = tuple(Column(place, variant) for place in filesystems for variant in variants)
    lines = tuple(sorted({line for line, _ in found}))
    return Matrix(lines, columns, {cell: tuple(results) for cell, results in found.items()})


@dataclass(frozen=True, slots=True)
class Repeated:
    """One check, run in one cell more than once, and what came of it each time."""

    check: str
    where: str
    results: tuple[Result, ...]

    @property
    def is_conflict(self) -> bool:
        """Whether the outcomes differ; a check that was skipped contradicts nothing."""
        return len({one.outcome for one in self.results} - {SKIPPED}) > 1

    def __str__(self) -> str:
        return f"{self.check} ({self.where}): {tell_outcomes(self.results)}"


def find_repeated(report: Report) -> list[Repeated]:
    """Return the checks of *report* that were run more than once in one cell."""
    told = Cells(report)
    found: defaultdict[tuple[str, ...], list[Result]] = defaultdict(list)
    for one in report.checks:
        found[one.check, one.case, *told.line(one), *told.column(one)].append(one)
    return [
        Repeated(key[0], ", ".join(filter(None, key[1:])), tuple(results))
        for key, results in sorted(found.items())
        if len(results) > 1
    ]
