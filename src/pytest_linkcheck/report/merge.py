"""`pytest-linkcheck merge`: the reports of several runs as one."""

from collections.abc import Sequence
from pathlib import Path

from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.links.show import show_count, show_name

from .cells import find_repeated
from .files import read_report
from .grid import Cell, make_grid
from .model import Report
from .runs import Run

_SHOWN = 20


def merge_files(paths: Sequence[Path]) -> tuple[Report, list[str]]:
    """Return the reports at *paths* as one, and a line for each run that was there twice.

    Raises `LinkcheckError` for a file that is no report, or if two tell differently of one run.
    """
    runs: dict[str, tuple[Path, Report]] = {}
    notes: list[str] = []
    for path in paths:
        report = read_report(path)
        for run in report.runs:
            part = _only(report, run)
            before, known = runs.setdefault(run.id, (path, part))
            if known is part:
                continue
            if known != part:
                raise LinkcheckError(
                    f"{show_name(before)} and {show_name(path)} tell differently of one run, "
                    f"{show_name(run.id)}: give one of them"
                )
            notes.append(f"{show_name(path)} has a run that {show_name(before)} has: counted once")
    return _join([part for _, part in runs.values()]), notes


def _only(report: Report, run: Run) -> Report:
    """Return what *report* says of *run*."""
    return Report(
        runs=(run,),
        checks=tuple(one for one in report.checks if one.run == run.id),
        audits=tuple(one for one in report.audits if one.run == run.id),
        tests=tuple(one for one in report.tests if one.run == run.id),
    )


def _join(parts: Sequence[Report]) -> Report:
    return Report(
        runs=tuple(run for part in parts for run in part.runs),
        checks=tuple(one for part in parts for one in part.checks),
        audits=tuple(one for part in parts for one in part.audits),
        tests=tuple(one for part in parts for one in part.tests),
    )


def tell_merged(report: Report) -> tuple[list[str], bool]:
    """Return what is to be said of a merged *report*, and whether runs contradict each other."""
    lines = [
        f"the run of {show_name(run.host.name)}, Python {show_name(run.python.version)}, "
        f"{show_name(run.started)}, was interrupted: {show_name(run.interrupted)}"
        for run in report.runs
        if not run.complete
    ]
    repeated = find_repeated(report)
    conflicts = [one for one in repeated if one.is_conflict]
    lines += _some("conflict", [show_name(one) for one in conflicts])
    twice = len(repeated) - len(conflicts)
    if twice:
        lines.append(f"{show_count(twice, 'duplicate')}: one cell, the same outcome")
    cells = make_grid(report).cells.values()
    missing = [_place(one) for one in cells if not one.results]
    lines += _some("missing cell", missing)
    partly = [one for one in cells if one.results and one.absent]
    lacking = [f"{_place(one)}: {len(one.absent):,} not run" for one in partly]
    lines += _some("cell", lacking, " in which not all of its row was run")
    return lines, bool(conflicts)


def _place(cell: Cell) -> str:
    return show_name(f"{' '.join(filter(None, cell.line))} on {cell.column}")


def _some(noun: str, found: Sequence[str], what: str = "") -> list[str]:
    lines = [f"  {one}" for one in found[:_SHOWN]]
    if len(found) > _SHOWN:
        lines.append(f"  and {len(found) - _SHOWN:,} more")
    return [f"{show_count(len(found), noun)}{what}:", *lines] if found else []
