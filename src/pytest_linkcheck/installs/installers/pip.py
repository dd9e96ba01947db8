"""pip: writes every file anew, links nothing.

Environments are made by `python -m venv --without-pip` and filled from outside by
`pip --python`, which costs a tenth of a second instead of the seconds that seeding pip takes.
A pip that is too old for that is run by the environment's own Python, from where it lies.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from pytest_linkcheck.errors import UnavailableError
from pytest_linkcheck.installs.process import Completed, run

from .base import BaseInstaller, Bytecode, Command, Target, Task, read_version
from .choice import Choice
from .programs import find_pip_program
from .promise import Promise
from .tools import Tools, tool_python

OLDEST = Version("22.3")  # the first with `pip --python`
LINK_MODES = ("copy",)
_PLACE = re.compile(r" from (?P<folder>.+?)(?: \(python [\d.]+\))?$")


@dataclass(frozen=True, slots=True)
class Pip(BaseInstaller):
    """One pip, started by `command`; `package` is the folder of one without `--python`."""

    command: tuple[str, ...]
    version: Version
    name: str = "pip"
    link_modes: tuple[str, ...] = LINK_MODES
    package: Path | None = None
    tasks: frozenset[Task] = frozenset(Task) - {Task.PRUNE}

    def promise(self, link_mode: str | None) -> Promise:  # noqa: ARG002 - there is one
        """Promise files of the environment's own, compiled unless it is told not to."""
        return Promise(compiles=True)

    def install(self, target: Target, requirements: Sequence[str]) -> Command:
        """Return `pip install`."""
        compiled = target.bytecode is Bytecode.COMPILED
        args = ["install", "--compile" if compiled else "--no-compile"]
        if not target.online:
            args.append("--no-index")
        for folder in target.find_links:
            args += ["--find-links", str(folder)]
        return self._command(target, *args, "--", *requirements)

    def uninstall(self, target: Target, names: Sequence[str]) -> Command:
        """Return `pip uninstall`."""
        return self._command(target, "uninstall", "--yes", *names)

    def clean(self, target: Target) -> Command:
        """Return `pip cache purge`: pip's cache holds what it fetched, nothing it links to."""
        return self._command(target, "cache", "purge")

    def wheel(self, requirements: Sequence[str], into: Path, cache: Path) -> Command:
        """Return `pip wheel`: it puts wheels of *requirements* and all they need into a folder."""
        args = (*self.command, "wheel", "--wheel-dir", str(into), "--", *requirements)
        return Command(args, _environ(cache), online=True)

    def _command(self, target: Target, *args: str) -> Command:
        command = (*self.command, "--python", str(target.python))
        if target.seed:
            command = (str(target.python), "-m", "pip")
        elif self.package is not None:
            command = (str(target.python), str(self.package))
        return Command((*command, *args), _environ(target.cache), online=target.online)


def _environ(cache: Path) -> dict[str, str]:
    return {
        "PIP_CACHE_DIR": str(cache),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
    }


def find_pip(choice: Choice, tools: Tools) -> Pip:
    """Return the pip that *choice* names; without a name that of this Python, or on `PATH`.

    Raises `UnavailableError` if there is none, if it is too old, or does not tell its version.
    """
    if choice.version is not None:
        command: tuple[str, ...] | None = (
            str(tool_python(tools.make(str(choice)))), "-m", "pip",
        )  # fmt: skip
    elif choice.path is not None:
        command = (str(choice.path),)
    else:
        command = find_pip_program()
    if command is None:
        raise UnavailableError(
            "pip is missing: install the package pip, or name one with --linkcheck-installer "
            "pip=PATH"
        )
    said = run([*command, "--version"], environ=os.environ)
    version = read_version("pip", said)
    if version >= OLDEST:
        return Pip(command, version)
    package = _package(said)
    if package is None:
        raise UnavailableError(
            f"pip {version} has no --python: upgrade it to {OLDEST}, or name a newer one with "
            "--linkcheck-installer pip=PATH"
        )
    return Pip(command, version, package=package)


def _package(said: Completed) -> Path | None:
    """Return the folder that a pip says it lies in."""
    match = _PLACE.search(said.stdout.strip())
    package = Path(match["folder"]) if match else None
    return package if package and (package / "__main__.py").is_file() else None
