"""A report as Markdown: for the summary page of a CI job, which takes up to 1 MiB."""

import html
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote

from pytest_linkcheck.links.show import show_count, show_name, show_size

from .cells import Cells, find_repeated, tell_outcomes
from .grid import Cell, make_grid
from .model import COLUMNS, FAILED, HAZARD, KNOWN, SKIPPED, PlainTest, Report, Result, Row
from .runs import Run

_LIMIT = 1_000_000  # bytes; GitHub drops a summary over 1,048,576 wholly
_ROOM = 200  # for the line that says what was cut
_SPECIAL = re.compile(r"([\\`*_\[\]|~$])")
_LEADING = re.compile(r"^( *(?:\d+)?)([#+=.)-])")  # a heading, a list, a rule


def render_markdown(report: Report) -> str:
    """Return *report* as Markdown of at most 1 MB; what is cut off is counted."""
    lines: list[str] = []
    size = 0
    blocks = list(_blocks(report))
    for number, block in enumerate(blocks):
        size += len(block.encode("utf-8", "backslashreplace")) + 1
        if size > _LIMIT - _ROOM:
            left = len(blocks) - number
            lines.append(
                f"\n**Cut here:** {show_count(left, 'more line')} would not fit into the summary "
                "of a CI job; the JSON and HTML reports have them."
            )
            break
        lines.append(block)
    return "\n".join(lines) + "\n"


def _blocks(report: Report) -> Iterator[str]:
    """Yield the report in pieces that may stand last: what matters most comes first."""
    yield "# linkcheck\n"
    yield from (_tell_run(run) for run in report.runs)
    yield from _matrix(report)
    yield from _repeated(report)
    yield from _checks(report, "Failed", FAILED)
    yield from _tests("Failed tests", [one for one in report.tests if one.outcome == FAILED])
    yield from _audit_problems(report.audits)
    yield from _checks(report, "Hazards", HAZARD)
    yield from _checks(report, "Known deviations", KNOWN)
    yield from _skipped(report)
    yield from _audit(report)
    yield from _other_tests(report.tests)


def escape(text: object) -> str:
    """Return *text* as Markdown that shows it: no markup, no HTML, one line, all printable."""
    shown = html.escape(show_name(text), quote=False)
    return _LEADING.sub(r"\1\\\2", _SPECIAL.sub(r"\\\1", shown))


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _table(headings: Sequence[str], rows: Iterable[str]) -> Iterator[str]:
    """Yield a table, its head as one piece."""
    rule = _row("---" for _ in headings)
    yield f"{_row(headings)}\n{rule}"
    yield from rows
    yield ""


def _details(title: str, body: Iterable[str], evidence: str = "") -> str:
    """Return a folded piece: a title, lines, and text to be shown as it is."""
    parts = [f"<details><summary>{html.escape(show_name(title), quote=False)}</summary>", ""]
    parts += body
    if evidence:
        # Inside <pre> Markdown reads nothing until </pre>, which the escaped text cannot hold.
        text = "\n".join(show_name(line) for line in evidence.split("\n"))
        parts += ["", f"<pre>{html.escape(text, quote=False)}</pre>"]
    return "\n".join([*parts, "", "</details>", ""])


def _tell_run(run: Run) -> str:
    host = f"{run.host.system} {run.host.kernel} {run.host.machine} ({run.host.name})"
    told = [f"{run.python.implementation} {run.python.version} on {host}", f"pytest {run.pytest}"]
    told += [f"pytest-linkcheck {run.plugin}", run.started]
    line = f"- {escape(', '.join(told))}"
    if not run.complete:
        line += f": **interrupted, not every test ran: {escape(run.interrupted)}**"
    assumed = [f"\n  - {escape(one.assumed)}" for one in run.installers if one.assumed]
    return "".join((line, *assumed))


def _matrix(report: Report) -> Iterator[str]:
    if not report.checks:
        return
    grid = make_grid(report)
    yield f"\n## Conformance\n\n{show_count(len(report.checks), 'check')}: " + escape(
        tell_outcomes(report.checks)
    )
    yield ""
    rows = (
        _row(
            [
                escape(" ".join(filter(None, line))),
                *(_bold(grid.cells.get((line, column))) for column in grid.columns),
            ]
        )
        for line in grid.lines
    )
    yield from _table(["", *(escape(column) for column in grid.columns)], rows)


def _bold(cell: Cell | None) -> str:
    """Return the words of a cell, those in bold that ask for attention."""
    return ", ".join(
        f"**{escape(part)}**" if part.partition(" ")[2] in _LOUD or part in _LOUD else escape(part)
        for part in (cell.words if cell else ())
    )


_LOUD = {"failed", "hazard", "hazards", "missing", "not run", "conflict", "conflicts"}


def _repeated(report: Report) -> Iterator[str]:
    repeated = find_repeated(report)
    for title, found in (
        ("Conflicts: one cell, several outcomes", [one for one in repeated if one.is_conflict]),
        ("Duplicates", [one for one in repeated if not one.is_conflict]),
    ):
        if found:
            lines = [f"- {escape(one)}" for one in found[:100]]
            lines += [f"- and {len(found) - 100:,} more"] if len(found) > 100 else []
            yield _details(f"{title}: {len(found):,}", lines)


def _checks(report: Report, title: str, outcome: str) -> Iterator[str]:
    """Yield a piece for each check that came out so, by installer."""
    told = Cells(report)
    found: defaultdict[tuple[str, str], list[Result]] = defaultdict(list)
    for one in report.checks:
        if one.outcome == outcome:
            found[told.installer(one), one.check].append(one)
    if found:
        yield f"## {title}\n"
    for (installer, check), results in sorted(found.items()):
        where = Counter(
            ", ".join(filter(None, (one.link_mode, str(told.column(one)), one.case)))
            for one in results
        )
        body = [escape(results[0].promise), ""]
        body += [f"- {escape(place)}" for place in where]
        body += [f"- seen: {escape(results[0].reason)}"] if results[0].reason else []
        body += [f"- why: {_link(results[0].why)}"] if results[0].why else []
        name = f"{installer}: {check} ({show_count(len(results), 'time')})"
        yield _details(name, body, results[0].evidence)


def _link(address: str) -> str:
    """Return *address* as a link, if it is one of the web."""
    if not re.match(r"https?://", address):
        return escape(address)
    return f"<{quote(address, safe=':/?#[]@!$&()*+,;=%~-._', errors='replace')}>"


def _tests(title: str, tests: Sequence[PlainTest]) -> Iterator[str]:
    if tests:
        yield f"## {title}\n"
    for one in tests:
        yield _details(one.nodeid, [], one.evidence or "no evidence was kept")


def _audit_problems(rows: Sequence[Row]) -> Iterator[str]:
    for title, outcome in (("Failed audits", FAILED), ("Skipped audits", SKIPPED)):
        found = [row for row in rows if row.outcome == outcome]
        if found:
            yield f"## {title}\n"
        for row in found:
            name = " ".join(filter(None, (row.name, row.version)))
            yield _details(f"{row.environment}: {name}", [], row.message)


def _skipped(report: Report) -> Iterator[str]:
    skipped = Counter((one.reason, one.remedy) for one in report.checks if one.outcome == SKIPPED)
    if skipped:
        yield "## Skipped\n"
        rows = (
            _row([f"{count:,}", escape(reason), escape(remedy)])
            for (reason, remedy), count in skipped.most_common()
        )
        yield from _table(["checks", "why", "what would make them run"], rows)


def _audit(report: Report) -> Iterator[str]:
    groups: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in report.audits:
        if row.examined:
            groups[row.run, row.environment].append(row)
    if groups:
        yield "## Audit\n"
    for (_, environment), rows in groups.items():
        size, shared = sum(row.size for row in rows), sum(row.shared for row in rows)
        host, python = report.ran_on(rows[0])
        where = f" ({host.name}, {python.minor})" if len(report.runs) > 1 else ""
        yield (
            f"{escape(environment)}{escape(where)}: "
            f"{show_count(len(rows), 'distribution')}, {show_size(size)}, of which "
            f"{show_size(shared)} shared\n"
        )
        ordered = sorted(rows, key=lambda row: (-row.size, row.name))
        headings = ["distribution", "files", *COLUMNS, "shared", "own", "bytecode"]
        yield from _table(headings, (_audit_row(row) for row in ordered))


def _audit_row(row: Row) -> str:
    return _row(
        [
            escape(f"{row.name} {row.version}"),
            f"{row.files:,}",
            *(f"{row.sharing.get(column, 0):,}" for column in COLUMNS),
            show_size(row.shared),
            show_size(row.own),
            show_size(row.bytecode_size),
        ]
    )


def _other_tests(tests: Sequence[PlainTest]) -> Iterator[str]:
    counts = Counter(one.outcome for one in tests)
    if counts:
        yield "## Tests\n"
        yield ", ".join(f"{count:,} {outcome}" for outcome, count in counts.most_common())
