"""pip: writes every file anew, links nothing.

Environments are made by `python -m venv --without-pip` and filled from outside by
`pip --python`, which costs a tenth of a second instead of the seconds that seeding pip takes.
"""

import importlib.util
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from pytest_linkcheck.errors import UnavailableError
from pytest_linkcheck.installs.process import Completed, run

from .base import Bytecode, Command, Target, read_version

OLDEST = Version("22.3")  # the first with `pip --python`
LINK_MODES = ("copy",)
_NO_NETWORK = (
    "failed to establish a new connection",
    "name resolution",
    "name or service not known",
    "network is unreachable",
    "connection refused",
    "connecttimeouterror",
    "max retries exceeded",
)


@dataclass(frozen=True, slots=True)
class Pip:
    """One pip, started by `command`."""

    command: tuple[str, ...]
    version: Version
    name: str = "pip"
    link_modes: tuple[str, ...] = LINK_MODES

    def create(self, target: Target) -> Command:
        """Return `python -m venv`, with a pip of its own only if the target is to be seeded."""
        without = () if target.seed else ("--without-pip",)
        # -I: a module of the current folder must not stand in for the standard library's.
        args = (target.base_python, "-I", "-m", "venv", *without, str(target.prefix))
        return Command(args)

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

    def lacks_network(self, completed: Completed) -> bool:
        """Return whether pip failed for want of a package index."""
        said = (completed.stdout + completed.stderr).lower()
        return completed.returncode != 0 and any(words in said for words in _NO_NETWORK)

    def wheel(self, requirements: Sequence[str], into: Path, cache: Path) -> Command:
        """Return `pip wheel`: it puts wheels of *requirements* and all they need into a folder."""
        args = (*self.command, "wheel", "--wheel-dir", str(into), "--", *requirements)
        return Command(args, _environ(cache))

    def _command(self, target: Target, *args: str) -> Command:
        command = (*self.command, "--python", str(target.python))
        if target.seed:
            command = (str(target.python), "-m", "pip")
        return Command((*command, *args), _environ(target.cache))


def _environ(cache: Path) -> dict[str, str]:
    return {
        "PIP_CACHE_DIR": str(cache),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
    }


def find_pip(path: Path | None) -> Pip:
    """Return the pip at *path*; without one that of this Python, then that on `PATH`.

    Raises `UnavailableError` if there is none, if it is too old, or does not tell its version.
    """
    command = _command(path)
    if command is None:
        raise UnavailableError(
            "pip is missing: install the package pip, or name one with --linkcheck-installer "
            "pip=PATH"
        )
    version = read_version("pip", run([*command, "--version"], environ=os.environ))
    if version < OLDEST:
        raise UnavailableError(
            f"pip {version} has no --python: upgrade it to {OLDEST}, or name a newer one with "
            "--linkcheck-installer pip=PATH"
        )
    return Pip(command, version)


def _command(path: Path | None) -> tuple[str, ...] | None:
    if path is not None:
        return (str(path),)
    if importlib.util.find_spec("pip") is not None:
        return (sys.executable, "-m", "pip")
    found = shutil.which("pip")
    return (found,) if found else None
