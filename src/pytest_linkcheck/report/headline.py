"""What a page says first: the worst, what it is about, and what to know before relying on it."""

from collections.abc import Iterable, Iterator, Mapping

from pytest_linkcheck.links.show import show_count

from .cells import Repeated
from .grid import NOT_RUN, Grid, show_run
from .model import FAILED, HAZARD, KNOWN, PASSED, PlainTest, Report, Result, Row


def headline(report: Report, counts: Mapping[str, int]) -> str:
    """Return the sentence that a reader sees first: what is worst."""
    failed = {
        "check": counts[FAILED],
        "distribution": sum(row.outcome == FAILED for row in report.audits),
        "test": sum(test.outcome == FAILED for test in report.tests),
    }
    told = [f"{show_count(count, noun)} failed" for noun, count in failed.items() if count]
    if not told:
        ran = report.audits or report.tests or any(counts[one] for one in (PASSED, HAZARD, KNOWN))
        told = ["Nothing failed" if ran else "Nothing ran"]
        told += [f"{counts[NOT_RUN]:,} not run"] if counts[NOT_RUN] else []
    told += [show_count(counts[HAZARD], "hazard")] if counts[HAZARD] else []
    broken_off = sum(not run.complete for run in report.runs)
    told += [f"{show_count(broken_off, 'run')} broken off"] if broken_off else []
    return ", ".join(told)


def lead(report: Report, grid: Grid) -> str:
    """Return what the report is about, in a line."""
    told = []
    if grid.lines:
        installers = words(line.installer or "no installer" for line in grid.lines)
        places = words(column.filesystem or "any filesystem" for column in grid.columns)
        told.append(f"{show_count(len(report.checks), 'check')} of {installers} on {places}")
    if report.audits:
        found = {(row.environment, row.run) for row in report.audits}
        told.append(f"{show_count(len(found), 'environment')} audited")
    if report.tests:
        told.append(f"{show_count(len(report.tests), 'other test')}")
    if report.runs:
        results: list[Result | Row | PlainTest]
        results = [*report.checks, *report.audits, *report.tests]
        pythons = [report.ran_on(one)[1].minor for one in results]
        pythons = pythons or [run.python.minor for run in report.runs]
        ordered = sorted(pythons, key=_release)
        told.append(f"{show_count(len(report.runs), 'run')} by Python {words(ordered)}")
    return " · ".join(told)


def notices(report: Report, repeated: list[Repeated]) -> Iterator[str]:
    """Yield what a reader has to know before relying on the rest."""
    for run in report.runs:
        if not run.complete:
            why = run.interrupted or "it is not said why"
            yield (
                f"The run of {show_run(run)} was broken off: {why}. What it did not come to is "
                "missing here."
            )
    if count := sum(one.is_conflict for one in repeated):
        yield f"{show_count(count, 'check')} came out differently in two runs: see Conflicts."
    told = {
        f"{one.name} {one.version}: {one.assumed}"
        for run in report.runs
        for one in run.installers
        if one.assumed
    }
    yield from sorted(told)


def words(names: Iterable[str]) -> str:
    """Return *names*, each once, as a list in words."""
    *most, last = dict.fromkeys(names)
    return f"{', '.join(most)} and {last}" if most else last


def _release(version: str) -> list[tuple[int, str]]:
    """Return what versions are sorted by: 3.9 comes before 3.10."""
    return [(len(part), part) for part in version.split(".")]
