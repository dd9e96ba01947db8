"""Text in the columns of a terminal: how wide it is, cut to fit, and tables."""

import unicodedata
from collections.abc import Sequence

_ELLIPSIS = "…"
_GAP = "  "


def width_of(text: str) -> int:
    """Return how many columns the printable *text* takes: two for a wide character."""
    if text.isascii():
        return len(text)
    return sum(_width(one) for one in text)


def _width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "FW" else 1


def cut_end(text: str, width: int) -> str:
    """Return as much of *text* as fits into *width* columns, with an ellipsis if it is cut."""
    if width_of(text) <= width:
        return text
    return _fitting(text, width - 1) + _ELLIPSIS if width > 0 else ""


def cut_middle(text: str, width: int) -> str:
    """Return *text*, its middle left out if it does not fit into *width* columns."""
    if width_of(text) <= width:
        return text
    end = _fitting(text[::-1], (width - 1) // 2)[::-1]
    return _fitting(text, width - 1 - width_of(end)) + _ELLIPSIS + end


def _fitting(text: str, width: int) -> str:
    for number, character in enumerate(text):
        width -= _width(character)
        if width < 0:
            return text[:number]
    return text


def lay_out(lines: Sequence[Sequence[str]], width: int = 0, least: int = 12) -> list[str]:
    """Return a table: its first column to the left, the others to the right.

    Args:
        lines: the cells, the headings first.
        width: how many columns of the terminal there are; 0: as many as it takes.
        least: of how many the first column is sure.

    What is too wide loses first the columns that say 0 everywhere, then the middle of its names.
    """
    if width and _total(lines) > width:
        lines = _without_zeros(lines, width)
        room = width - _total([line[1:] for line in lines]) - len(_GAP)
        lines = [[cut_middle(line[0], max(least, room)), *line[1:]] for line in lines]
    widths = _widths(lines)
    return [
        _GAP.join(
            [line[0] + " " * (widths[0] - width_of(line[0]))]
            + [cell.rjust(size) for cell, size in zip(line[1:], widths[1:], strict=True)]
        ).rstrip()
        for line in lines
    ]


def _widths(lines: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(width_of, column)) for column in zip(*lines, strict=True)]


def _total(lines: Sequence[Sequence[str]]) -> int:
    widths = _widths(lines)
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _without_zeros(lines: Sequence[Sequence[str]], width: int) -> list[list[str]]:
    """Return *lines* without columns that are 0 everywhere, no more of them than it takes."""
    columns = list(zip(*lines, strict=True))
    while _total(list(zip(*columns, strict=True))) > width:
        empty = [n for n, column in enumerate(columns) if n and set(column[1:]) == {"0"}]
        if not empty:
            break
        del columns[empty[-1]]
    return [list(line) for line in zip(*columns, strict=True)]
