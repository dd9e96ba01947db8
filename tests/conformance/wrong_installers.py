"""A plugin that registers wrong installers: uv, with one fault each. See `faults.py`."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import faults

from pytest_linkcheck.installs.installers import (
    INSTALLERS,
    Choice,
    Command,
    Finder,
    Installer,
    Target,
    Tools,
)

PREFIX = "wrong-"


class Wrong:
    """uv, whose commands go through `faults.py`."""

    def __init__(self, right: Installer, fault: str) -> None:
        self._right = right
        self._fault = fault

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever uv has
        return getattr(self._right, name)

    def create(self, target: Target) -> Command:
        right = self._right.create(target)
        return self._wrap("create", target, right) if "python" in self._fault else right

    def install(self, target: Target, requirements: Sequence[str]) -> Command:
        return self._wrap("install", target, self._right.install(target, requirements))

    def uninstall(self, target: Target, names: Sequence[str]) -> Command:
        return self._wrap("uninstall", target, self._right.uninstall(target, names))

    def clean(self, target: Target) -> Command:
        return self._wrap("clean", target, self._right.clean(target))

    def prune(self, target: Target) -> Command:
        return self._wrap("prune", target, self._right.prune(target))

    def _wrap(self, verb: str, target: Target, command: Command) -> Command:
        program = (sys.executable, "-I", str(Path(faults.__file__)), self._fault, verb)
        where = (str(target.prefix), str(target.cache))
        return replace(command, args=(*program, *where, *command.args))


class WrongFinder:
    """Finds uv, and makes it wrong."""

    link_modes = ("clone", "hardlink", "copy", "symlink")

    def __init__(self, fault: str) -> None:
        self._fault = fault

    def __call__(self, _choice: Choice, tools: Tools, /) -> Installer:
        right = INSTALLERS["uv"](Choice("uv"), tools)
        return cast("Installer", Wrong(right, self._fault))


def pytest_linkcheck_installers() -> Mapping[str, Finder]:
    return {f"{PREFIX}{name}": WrongFinder(name) for name in faults.FAULTS}
