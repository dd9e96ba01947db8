"""Checks of one name in two modules, told apart by where they stand."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from itertools import takewhile

from .model import Result


def tell_apart(results: Iterable[Result]) -> list[Result]:
    """Return *results* of one run, in which no two checks have one name.

    A name that several modules or classes have gets theirs: `test_a.py::it_holds`, with as much of
    the path as they do not have in common.
    """
    found = list(results)
    places: defaultdict[str, set[str]] = defaultdict(set)
    for one in found:
        places[one.check].add(_place(one))
    shared = {check: _in_common(known) for check, known in places.items() if len(known) > 1}
    return [
        replace(one, check=f"{_without(shared[one.check], _place(one))}::{one.check}")
        if one.check in shared
        else one
        for one in found
    ]


def _place(one: Result) -> str:
    """Return the module, and the class, that a check is in."""
    return one.nodeid.partition(f"::test_{one.check}")[0].partition(f"::{one.check}")[0]


def _in_common(places: Iterable[str]) -> int:
    """Return how many folders *places* begin with that are the same."""
    columns = zip(*(place.split("/")[:-1] for place in places), strict=False)
    return sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, columns))


def _without(parts: int, place: str) -> str:
    return "/".join(place.split("/")[parts:])
