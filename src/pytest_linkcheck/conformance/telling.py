"""Failures that name the few files they are about, from their environment's folder on."""

from collections.abc import Collection, Iterable
from pathlib import Path

from pytest_linkcheck import Environment
from pytest_linkcheck.links.show import show_count, show_name

_SHOWN = 4


def assert_none(found: Iterable[Path], problem: str, env: Environment) -> None:
    """Assert that there is nothing of which *problem* would have to be said."""
    __tracebackhide__ = True
    names = sorted(_name(one, env) for one in found)
    if names:
        more = f", and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        count = show_count(len(names), "file")
        raise AssertionError(f"{problem}: {count}: {', '.join(names[:_SHOWN])}{more}")


def assert_same_files(after: Collection[Path], before: Collection[Path], env: Environment) -> None:
    """Assert that the files of *env* are those that were there *before*."""
    __tracebackhide__ = True
    assert_none(set(after) - set(before), "left behind", env)
    assert_none(set(before) - set(after), "no longer there", env)


def _name(one: Path, env: Environment) -> str:
    """Return a path as it is seen from the environment, or from the folder that it lies in."""
    for folder in (env.prefix, env.cache.parent, env.prefix.parent):
        if one.is_relative_to(folder):
            return show_name(one.relative_to(folder).as_posix())
    return show_name(one)
