"""A squarified tree-map: rectangles whose areas are as the sizes, as near to squares as can be.

After Bruls, Huizing and van Wijk, "Squarified Treemaps" (2000).
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A part of the map: its upper left corner and its sides, in the units of the whole."""

    left: float
    top: float
    width: float
    height: float


def squarify(sizes: Sequence[float], whole: Rectangle) -> list[Rectangle]:
    """Return a rectangle for each of *sizes*, which fill *whole*.

    Sizes are positive and in falling order: the largest lies in the upper left corner.
    """
    rectangles: list[Rectangle] = []
    rest, start = whole, 0
    scale = whole.width * whole.height / sum(sizes) if sizes else 0.0
    areas = [size * scale for size in sizes]
    while start < len(areas):
        side = min(rest.width, rest.height)
        end = start + 1
        while end < len(areas) and _worst(areas[start : end + 1], side) <= _worst(
            areas[start:end], side
        ):
            end += 1
        placed, rest = _lay(areas[start:end], rest)
        rectangles += placed
        start = end
    return rectangles


def _worst(areas: Sequence[float], side: float) -> float:
    """Return the worst ratio of sides if *areas* are laid in one strip along *side*."""
    total = sum(areas)
    if not total or not side:  # what is left of the whole after rounding
        return 0.0
    return max(
        side * side * max(areas) / (total * total), total * total / (side * side * min(areas))
    )


def _lay(areas: Sequence[float], rest: Rectangle) -> tuple[list[Rectangle], Rectangle]:
    """Return *areas* as a strip along the shorter side of *rest*, and what is left of it."""
    total = sum(areas)
    upright = rest.width >= rest.height
    side = rest.height if upright else rest.width
    thick = total / side if side else 0.0
    placed, offset = [], 0.0
    for area in areas:
        length = side * area / total
        if upright:
            placed.append(Rectangle(rest.left, rest.top + offset, thick, length))
        else:
            placed.append(Rectangle(rest.left + offset, rest.top, length, thick))
        offset += length
    if upright:
        left = Rectangle(rest.left + thick, rest.top, max(rest.width - thick, 0.0), rest.height)
    else:
        left = Rectangle(rest.left, rest.top + thick, rest.width, max(rest.height - thick, 0.0))
    return placed, left
