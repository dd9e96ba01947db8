"""Reading the audit's table."""

import pytest

COLUMNS = ("files", "hardlink", "reflink", "symlink", "own", "unknown")


def counts_of(result: pytest.RunResult, distribution: str) -> dict[str, int]:
    """Return the counts in the row of *distribution*, by column, bytecode included."""
    (row,) = (line for line in result.outlines if line.startswith(f"{distribution} "))
    cells = row.removeprefix(distribution).split()
    numbers = [int(cell.replace(",", "")) for cell in (*cells[: len(COLUMNS)], cells[-1])]
    return dict(zip((*COLUMNS, "bytecode"), numbers, strict=True))


def reasons_of(result: pytest.RunResult) -> list[str]:
    """Return the lines that say why files are not shared, without their margin."""
    lines = result.outlines
    if "not shared, and why:" not in lines:
        return []
    rest = lines[lines.index("not shared, and why:") + 1 :]
    return [line.strip() for line in rest if line.startswith("  ")]


def table_of(result: pytest.RunResult) -> list[str]:
    """Return the lines of the summary."""
    lines = result.outlines
    start = next(n for n, line in enumerate(lines) if line.strip("=") == " linkcheck ")
    stop = next(n for n in range(start + 1, len(lines)) if lines[n].startswith("==="))
    return lines[start + 1 : stop]
