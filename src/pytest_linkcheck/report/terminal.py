"""The table at the end of an audit."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pytest_linkcheck.links.show import show_count, show_name, show_size

from .columns import lay_out
from .model import COLUMNS, Reason, Row

_HEADINGS = ("distribution", "files", *COLUMNS, "shared", "bytecode")


def audit_lines(rows: Sequence[Row], width: int = 0, verbosity: int = 0) -> list[str]:
    """Return the summary of *rows* as lines: for each environment a table and the reasons.

    Tables fit into *width* columns, 0 for any. The verbosity is pytest's: below 0 there is a line
    for each environment, above it a table of the classes of its files too.
    """
    lines: list[str] = []
    for environment in dict.fromkeys(row.environment for row in rows):
        own = sorted(
            (row for row in rows if row.environment == environment),
            key=lambda row: row.name.lower(),
        )
        lines.append(_headline(environment, own))
        if verbosity >= 0:
            lines += lay_out([_HEADINGS, *(_cells(row) for row in own)], width)
        if verbosity > 0:
            lines += lay_out([("class", "files", *COLUMNS), *_classes(own)], width)
        if verbosity >= 0:
            lines += _reasons(own)
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


def _cells(row: Row) -> tuple[str, ...]:
    return (
        show_name(f"{row.name} {row.version}"),
        f"{row.files:,}",
        *(f"{row.sharing.get(column, 0):,}" for column in COLUMNS),
        show_size(row.shared),
        f"{row.bytecode:,}",
    )


def _classes(rows: Iterable[Row]) -> Iterator[tuple[str, ...]]:
    """Yield how many files of each role are shared how."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        for role, sharing in row.classes.items():
            counts[role].update(sharing)
    for role in sorted(counts):
        told = counts[role]
        yield (role, f"{told.total():,}", *(f"{told[column]:,}" for column in COLUMNS))


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


def width_for(reporter: Any) -> int:  # noqa: ANN401 - pytest's terminal reporter
    """Return how many columns there are to fit into; 0 in a log, which takes any."""
    return int(reporter.config.get_terminal_writer().fullwidth) if reporter.isatty else 0
