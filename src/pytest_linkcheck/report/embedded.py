"""What a page's script shows of each cell: JSON that stands in the page."""

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from pytest_linkcheck.links.show import show_name

from .findings import Finding
from .grid import NOT_RUN, OUTCOMES, SIGNS, Cell, Grid, show_run
from .model import Report, Result
from .safe import web_address

_LEAST = 2  # of a result: its check and its outcome are there even if both are 0


def name_cells(cells: Iterable[Cell]) -> dict[Cell, str]:
    """Return the fragment of each cell's address: `cell-uv-0.10.4-hardlink-ext4`."""
    ids: dict[Cell, str] = {}
    taken: Counter[str] = Counter()
    for cell in cells:
        told = " ".join((*cell.line, *cell.column))
        name = "-".join(
            "".join(
                one if one.isascii() and (one.isalnum() or one == ".") else " " for one in told
            ).split()
        )
        taken[name] += 1
        ids[cell] = f"cell-{name}" if taken[name] == 1 else f"cell-{name}_{taken[name]}"
    return ids


def embed(
    report: Report, grid: Grid, ids: dict[Cell, str], findings: dict[str, list[Finding]]
) -> str:
    """Return what the page's script shows of each cell, as JSON that may stand in HTML.

    Texts stand once, in `strings`; a check is a row of `checks`, a result is
    [check, outcome, case, reason, remedy, evidence, milliseconds, run]; zeros at its end
    are left out, but for the first two.
    """
    strings: dict[str, int] = {"": 0}
    checks: dict[tuple[str, str, str, str], int] = {}
    runs = {run.id: number for number, run in enumerate(report.runs)}
    evidence = {
        id(seen.result): seen.number
        for found in findings.values()
        for finding in found
        for all_seen in finding.seen.values()
        for seen in all_seen
        if seen.evidence
    }

    def number(text: str) -> int:
        return strings.setdefault(show_name(text), len(strings))

    def check(one: Result) -> int:
        key = (
            show_name(one.check),
            show_name(one.promise),
            web_address(one.why),
            show_name(one.why),
        )
        return checks.setdefault(key, len(checks))

    cells: dict[str, Any] = {}
    for cell in grid.cells.values():
        rows: list[list[int]] = []
        for one in cell.results:
            row = [
                check(one),
                OUTCOMES.index(one.outcome),
                number(one.case),
                number(one.reason),
                number(one.remedy),
                evidence.get(id(one), 0),
                round(one.duration * 1000),
                runs[one.run],
            ]
            while len(row) > _LEAST and not row[-1]:
                row.pop()
            rows.append(row)
        not_run = OUTCOMES.index(NOT_RUN)
        rows += [[check(one), not_run, number(one.case)] for one in cell.absent]
        cells[ids[cell]] = [show_name(cell.where), ", ".join(cell.words), rows]
    told = {
        "outcomes": OUTCOMES,
        "signs": [SIGNS[outcome] for outcome in OUTCOMES],
        "checks": list(checks),
        "strings": list(strings),
        "runs": [show_name(show_run(run)) for run in report.runs],
        "cells": cells,
    }
    text = json.dumps(told, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
