"""What the fixture `linkcheck_snapshot` gives to a test."""

import difflib
import os
from collections.abc import Iterable, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

from pytest_linkcheck.errors import LinkcheckError, hides_traceback
from pytest_linkcheck.installs import Role
from pytest_linkcheck.links.show import show_name

from .describe import FIRST_LINE, AnyEnvironment, describe
from .files import (
    LONGEST_OF_NAME,
    NAMED,
    SUFFIX,
    folder_of,
    read_snapshot,
    safe_name,
    write_snapshot,
)

__tracebackhide__ = hides_traceback

PROPERTY = "linkcheck-snapshot"  # its name among a report's user_properties
COLLECTED = pytest.StashKey[tuple[pytest.Item, ...]]()
_TOLD = pytest.StashKey[set[Path]]()


class LinkSnapshot:
    """Holds environments against what is stored beside the test.

    `record` is what travels with the test's report: the folder and the test's name, the files
    that it used, those it wrote, and the names of all tests of the module.
    """

    def __init__(self, folder: Path, test: str, *, here: Path, update: bool) -> None:
        self._folder = folder
        self._here = here  # where pytest was started: a test may be anywhere by then
        self._test = test
        self._update = update
        self.record: dict[str, Any] = {
            "folder": str(folder),
            "test": test,
            "used": [],
            "written": [],
            "tests": None,
        }

    def check(
        self,
        *environments: AnyEnvironment,
        name: str = "",
        versions: bool = True,
        roles: Iterable[Role | str] | None = None,
    ) -> None:
        """Fail unless the files of *environments* are shared as they were.

        Args:
            environments: one or more, by the fixtures or by path; what they share with one another
                and with their caches is told. They are called by installer and position: `uv-1`.
            name: tells several snapshots of one test apart.
            versions: whether those of the distributions are part of it.
            roles: what to tell of: `payload`, `metadata`, ...; default: all. Which files are
                `generated` may change with each release of an installer.

        What is stored is never written but with `--linkcheck-update`: a missing snapshot fails.
        Raises `LinkcheckError` for what cannot be described, and for a name used twice.
        """
        file = f"{self._test}{NAMED}{safe_name(name, LONGEST_OF_NAME)}" if name else self._test
        path = self._folder / f"{file}{SUFFIX}"
        if path.name in self.record["used"]:
            raise LinkcheckError(
                f"two snapshots of one test are called {name!r}: tell them apart by name="
            )
        self.record["used"].append(path.name)
        now = describe(environments, versions=versions, roles=roles)
        then = read_snapshot(path)
        # Editors and hooks of version control set the end of the last line as they like.
        if then is not None and now.splitlines() == then.splitlines():
            return
        if self._update:
            write_snapshot(path, now)
            self.record["written"].append(path.name)
            return
        shown = show_name(os.path.relpath(path, self._here))
        raise AssertionError(_tell(shown, then, now))


def _tell(shown: str, then: str | None, now: str) -> str:
    if then is None:
        told = [f"no snapshot is stored at {shown}; this would be it:", *_indent(now.splitlines())]
        return "\n".join([*told, "remedy: look it over, run with --linkcheck-update, commit it"])
    lines = then.splitlines()
    if lines[:1] != [FIRST_LINE]:
        return (
            f"{shown} is no snapshot of this format, {FIRST_LINE!r}\n"
            "remedy: run with --linkcheck-update, and look the change over"
        )
    difference = difflib.unified_diff(lines, now.splitlines(), "stored", "now", lineterm="", n=99)
    return "\n".join(
        [
            f"files are not shared as in {shown} (- as stored, + as they are now):",
            *_indent(list(difference)[3:]),
            "remedy: if this is meant to be, run with --linkcheck-update",
        ]
    )


def _indent(lines: Sequence[str]) -> list[str]:
    return [f"  {line}".rstrip() for line in lines]


def open_snapshot(request: pytest.FixtureRequest) -> LinkSnapshot:
    """Return the snapshots of a test, and let its reports tell which it used."""
    item: pytest.Item = request.node
    update = bool(item.config.option.linkcheck_update)
    here = item.config.invocation_params.dir
    snapshot = LinkSnapshot(folder_of(item.path), _name(item), here=here, update=update)
    told = item.config.stash.setdefault(_TOLD, set())
    if item.path not in told and not _is_narrowed(item):
        told.add(item.path)
        snapshot.record["tests"] = [
            _name(other)
            for other in item.config.stash.get(COLLECTED, ())
            if other.path == item.path
        ]
    item.user_properties.append((PROPERTY, snapshot.record))
    return snapshot


def _name(item: pytest.Item) -> str:
    """Return what a test is called in its module.

    By its nodes, not its id: xdist may add a group to that, and parameters may hold a `::`.
    """
    inside = takewhile(lambda node: not isinstance(node, pytest.File), item.listchain()[::-1])
    return safe_name(".".join([node.name for node in inside][::-1]))


def _is_narrowed(item: pytest.Item) -> bool:
    """Return whether not all tests of the module of *item* were collected.

    What `-k`, `-m` and `--deselect` leave out was collected before. With `--pyargs` an id names
    a module, and it is not looked for which.
    """
    option = item.config.option
    if getattr(option, "lf", False) or option.linkcheck_filesystem or option.linkcheck_installer:
        return True
    here = item.config.invocation_params.dir
    named = [arg.partition("::")[0] for arg in item.config.args if "::" in arg]
    return bool(named and getattr(option, "pyargs", False)) or any(
        os.path.realpath(here / name) == os.path.realpath(item.path) for name in named
    )
