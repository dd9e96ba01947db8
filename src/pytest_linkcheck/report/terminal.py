"""The table at the end of an audit."""

from collections import Counter
from collections.abc import Iterable, Sequence

from pytest_linkcheck.links.show import show_count, show_name, show_size

from .model import COLUMNS, Reason, Row

_HEADINGS = ("distribution", "files", *COLUMNS, "shared", "bytecode")


def audit_lines(rows: Sequence[Row]) -> list[str]:
    """Return the summary of *rows* as lines: for each environment a table and the reasons."""
    lines: list[str] = []
    for environment in dict.fromkeys(row.environment for row in rows):
        own = sorted(
            (row for row in rows if row.environment == environment),
            key=lambda row: row.name.lower(),
        )
        lines += [_headline(environment, own), *_table(own), *_reasons(own)]
    return lines


def _headline(environment: str, rows: Sequence[Row]) -> str:
    size = sum(row.size for row in rows)
    shared = sum(row.shared for row in rows)
    told = ", ".join(
        (
            show_count(len(rows), "distribution"),
            show_count(sum(row.files for row in rows), "file"),
            show_size(size),
        )
    )
    # Rounded down: "100 %" says that nothing is left.
    percent = f" ({100 * shared // size} %)" if size else ""
    line = f"{show_name(environment)}: {told}, of which {show_size(shared)} shared{percent}"
    bytecode = sum(row.bytecode for row in rows)
    if bytecode:
        room = show_size(sum(row.bytecode_size for row in rows))
        line += f"; bytecode {show_count(bytecode, 'file')}, {room}"
    return line


def _table(rows: Sequence[Row]) -> list[str]:
    cells = [_HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEADINGS))]
    return [
        "  ".join(
            [line[0].ljust(widths[0])]
            + [cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)]
        ).rstrip()
        for line in cells
    ]


def _cells(row: Row) -> tuple[str, ...]:
    return (
        show_name(f"{row.name} {row.version}"),
        f"{row.files:,}",
        *(f"{row.sharing.get(column, 0):,}" for column in COLUMNS),
        show_size(row.shared),
        f"{row.bytecode:,}",
    )


def _reasons(rows: Iterable[Row]) -> list[str]:
    """Return why files are not shared, the commonest first."""
    counts: Counter[tuple[str, str]] = Counter()
    for row in rows:
        for reason in row.reasons:
            counts[reason.why, reason.remedy] += reason.files
    if not counts:
        return []
    reasons = [Reason(count, why, remedy) for (why, remedy), count in counts.most_common()]
    width = max(len(f"{reason.files:,}") for reason in reasons)
    lines = ["not shared, and why:"]
    for reason in reasons:
        remedy = f" -> {show_name(reason.remedy)}" if reason.remedy else ""
        lines.append(f"  {reason.files:>{width},}  {show_name(reason.why)}{remedy}")
    return lines
