"""What makes a test a check: a name, a promise, a level, and where to read why."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

import pytest

from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.links import Sharing

MARKER = "linkcheck_check"
Test = TypeVar("Test", bound=Callable[..., None])


class Level(Enum):
    """What a broken promise means."""

    MUST = "must"  # a fault: the check fails
    HAZARD = "hazard"  # legal but dangerous: the check passes, and is listed


@dataclass(frozen=True, slots=True)
class Check:
    """A check as it stands in the source. `hazard_if` are sharings that make it a hazard."""

    name: str
    promise: str
    why: str
    level: Level
    hazard_if: frozenset[Sharing]


def check(level: str, *, why: str, hazard_if: Collection[str] = ()) -> Callable[[Test], Test]:
    """Make a test a check of the conformance suite.

    Args:
        level: `must` or `hazard`: whether a broken promise fails, or is only listed.
        why: the address of an issue or a specification that says why it is checked.
        hazard_if: the sharings with which the level is `hazard`, if files should be shared so:
            the fixture `expected` says how, and is used by such a check whether it names it or not.

    Raises `LinkcheckError` for a level that is none, or a test that does not say what it checks.
    """
    known = [one.value for one in Level]
    if level not in known:
        raise LinkcheckError(f"{level!r} is no level of a check: say one of {', '.join(known)}")

    def mark(test: Test) -> Test:
        if not test.__doc__:
            raise LinkcheckError(f"{test.__name__} promises nothing: say it in its docstring")
        marker = pytest.mark.linkcheck_check(level, why=why, hazard_if=tuple(hazard_if))
        marked: Test = pytest.mark.linkcheck(marker(test))
        return pytest.mark.usefixtures("expected")(marked) if hazard_if else marked

    return mark


def read_check(item: pytest.Item) -> Check | None:
    """Return the check that *item* is, `None` if it is none."""
    marker = item.get_closest_marker(MARKER)
    function = getattr(item, "function", None)
    if marker is None or function is None:
        return None
    sentence = " ".join((function.__doc__ or "").partition("\n\n")[0].split())
    return Check(
        name=function.__name__.removeprefix("test_"),
        promise=sentence,
        why=marker.kwargs["why"],
        level=Level(marker.args[0]),
        hazard_if=frozenset(map(Sharing, marker.kwargs["hazard_if"])),
    )
