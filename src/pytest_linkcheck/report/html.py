"""A report as one HTML page, which needs no network and no script to be read.

Jinja2 is imported when a page is made: it comes with the extra `report`.
"""

import base64
import hashlib
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.links.show import show_count, show_size

from .audited import STEPS, environments, lay_out, room, shares
from .cells import find_repeated
from .embedded import embed, name_cells
from .files import NO_JINJA, can_render_html
from .findings import find, find_skipped
from .grid import NOT_RUN, SIGNS, count_outcome, count_outcomes, make_grid, show_run
from .headline import headline, lead, notices, words
from .model import FAILED, HAZARD, KNOWN, PASSED, SKIPPED, Report
from .safe import printable, text_lines, web_address
from .treemap import Rectangle

if TYPE_CHECKING:
    from jinja2 import Template

_TEMPLATES = Path(__file__).with_name("templates")
_ROOM = 160_000  # characters of evidence on a page
_TILES = (
    (FAILED, "failed", "failed"),
    (HAZARD, "hazards", "hazard"),
    (KNOWN, "known", "known"),
    (PASSED, "passed", "matrix"),
    (SKIPPED, "skipped", "skipped"),
    (NOT_RUN, "not run", "matrix"),
)
_SECTIONS = (
    (FAILED, "Broken promises", "What the installer must do, and did not."),
    (HAZARD, "Hazards", "Legal but dangerous: reported, not failed."),
    (KNOWN, "Known deviations", "They fail, and the configuration accepts them."),
)
_PARTS = {"shared": "shared", "own": "own", "bytecode": "bytecode", "unknown": "cannot be told"}
_SEEN = 3  # how much of what was seen of one finding is shown at once
_BARS = 25  # distributions whose bars are shown at once


def render_html(report: Report) -> str:
    """Return *report* as a page: the same report gives the same page.

    Raises `LinkcheckError` where Jinja2 is not installed.
    """
    if not can_render_html():
        raise LinkcheckError(NO_JINJA)
    return _template().render(_view(report))


@cache
def _template() -> "Template":
    import jinja2  # noqa: PLC0415 - an extra

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=printable,
    )
    environment.filters |= {
        "text": text_lines,
        "url": web_address,
        "size": show_size,
        "count": show_count,
        "moment": _moment,
        "outcomes": _outcomes,
        "place": _place,
        "shares": _shares,
        "words": words,
    }
    return environment.get_template("page.html")


def _view(report: Report) -> dict[str, Any]:
    from markupsafe import Markup  # noqa: PLC0415 - comes with Jinja2

    grid = make_grid(report)
    script = (_TEMPLATES / "script.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    findings = find(grid, _ROOM)
    ids = name_cells(grid.cells.values())
    found = environments(report)
    counts = count_outcomes(grid.cells.values())
    repeated = find_repeated(report)
    cell_of = {id(one): cell for cell in grid.cells.values() for one in cell.results}
    return {
        "report": report,
        "deep": any(column.variant for column in grid.columns),
        "made_by": words(run.plugin for run in report.runs) if report.runs else "",
        "grid": grid,
        "ids": ids,
        "signs": SIGNS,
        "groups": [(name, lines, count_outcomes(cells)) for name, lines, cells in grid.groups()],
        "heads": grid.heads(),
        "counts": counts,
        "findings": findings,
        "sections": _SECTIONS,
        "skipped": find_skipped(grid),
        "conflicts": [(cell_of[id(one.results[0])], one) for one in repeated if one.is_conflict],
        "duplicates": sum(not one.is_conflict for one in repeated),
        "headline": headline(report, counts),
        "lead": lead(report, grid),
        "notices": list(notices(report, repeated)),
        "tiles": _TILES,
        "environments": found,
        "map": lay_out(found),
        "room": room,
        "shares": shares,
        "bars": _BARS,
        "at_once": _SEEN,
        "steps": STEPS,
        "failed_rows": [row for row in report.audits if row.outcome == FAILED],
        "runs": {run.id: run for run in report.runs},
        "show_run": show_run,
        "test_counts": Counter(test.outcome for test in report.tests),
        "script": Markup(script),  # noqa: S704 - a file of ours
        "style": Markup((_TEMPLATES / "style.css").read_text(encoding="utf-8")),  # noqa: S704
        "digest": digest,
        "data": Markup(embed(report, grid, ids, findings)),  # noqa: S704 - escaped there
    }


def _moment(text: str) -> str:
    return text[:16].replace("T", " ") + " UTC"


def _outcomes(counts: Mapping[str, int]) -> str:
    """Return *counts* in words: `2 failed, 1 hazard, 58 passed`."""
    return ", ".join(count_outcome(count, outcome) for outcome, count in counts.items() if count)


def _place(at: Rectangle) -> str:
    sides = {"left": at.left, "top": at.top, "width": at.width, "height": at.height}
    return ";".join(f"{side}:{size:.2f}%" for side, size in sides.items())


def _shares(parts: list[tuple[str, int]]) -> str:
    """Return the bytes of a distribution in words, and of what is shared the part in percent."""
    total = sum(size for _, size in parts)
    told = []
    for name, size in parts:
        if size > 0:
            # Rounded down: "100 %" says that nothing is left.
            percent = f" ({100 * size // total} %)" if name == "shared" else ""
            told.append(f"{show_size(size)} {_PARTS[name]}{percent}")
    return ", ".join(told) or "nothing"
