"""uv: fills an environment by reflinks, hard links, copies or symlinks from its cache."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.version import Version

from pytest_linkcheck.errors import UnavailableError
from pytest_linkcheck.installs.process import Completed, run

from .base import ALL_TASKS, BaseInstaller, Bytecode, Command, Target, Task, read_version
from .choice import Choice
from .programs import find_recorded_uv, find_uv_program
from .promise import OWN_ROLES, WHEEL_ROLES, Origin, Promise
from .tools import Tools

LINK_MODES = ("clone", "hardlink", "copy", "symlink")
_NO_NETWORK = (
    "dns error",
    "tcp connect error",
    "client error (connect)",
    "error sending request",
    "are you offline",
)
_FELL_BACK = "falling back to full copy"


@dataclass(frozen=True, slots=True)
class Uv(BaseInstaller):
    """One uv, at `path`."""

    path: Path
    version: Version
    name: str = "uv"
    link_modes: tuple[str, ...] = LINK_MODES
    tasks: frozenset[Task] = ALL_TASKS

    def promise(self, link_mode: str | None) -> Promise:
        """Promise that all but scripts and what uv writes itself is taken from the cache."""
        return Promise(
            linked=WHEEL_ROLES,
            own=OWN_ROLES,
            modes=Origin.CACHE,
            warns="" if link_mode == "copy" else _FELL_BACK,
        )

    def cache(self, target: Target) -> Path:
        """Return uv's cache."""
        return target.cache

    def create(self, target: Target) -> Command:
        """Return `uv venv`; what it seeds with comes from the index."""
        args = ["venv", "--quiet", "--python", target.base_python]
        if target.seed:
            args.append("--seed")
        return self._command(replace(target, online=target.seed), *args, str(target.prefix))

    def install(self, target: Target, requirements: Sequence[str]) -> Command:
        """Return `uv pip install`."""
        args = ["pip", "install", "--python", str(target.python)]
        if target.link_mode is not None:
            args += ["--link-mode", target.link_mode]
        if target.bytecode is Bytecode.COMPILED:
            args.append("--compile-bytecode")
        if not target.online:
            args.append("--no-index")
        for folder in target.find_links:
            args += ["--find-links", str(folder)]
        return self._command(target, *args, "--", *requirements)

    def uninstall(self, target: Target, names: Sequence[str]) -> Command:
        """Return `uv pip uninstall`."""
        return self._command(target, "pip", "uninstall", "--python", str(target.python), *names)

    def clean(self, target: Target) -> Command:
        """Return `uv cache clean`."""
        return self._command(target, "cache", "clean")

    def prune(self, target: Target) -> Command:
        """Return `uv cache prune`."""
        return self._command(target, "cache", "prune")

    def lacks_network(self, completed: Completed) -> bool:
        """Return whether uv failed for want of a package index."""
        said = completed.stderr.lower()
        return completed.returncode != 0 and any(words in said for words in _NO_NETWORK)

    def _command(self, target: Target, *args: str) -> Command:
        environ = {
            "UV_CACHE_DIR": str(target.cache),
            "UV_NO_CONFIG": "1",
            "UV_NO_PROGRESS": "1",
            "UV_PYTHON_DOWNLOADS": "never",
        }
        if not target.online:
            environ["UV_OFFLINE"] = "1"
        return Command((str(self.path), *args), environ, online=target.online)


def find_uv(choice: Choice, tools: Tools) -> Uv:
    """Return the uv that *choice* names; without a name that of the `uv` package, or on `PATH`.

    Raises `UnavailableError` if there is none, or if it does not tell its version.
    """
    if choice.is_plain and (recorded := find_recorded_uv()):
        return Uv(*recorded)
    if choice.version is not None:
        program = "Scripts/uv.exe" if sys.platform == "win32" else "bin/uv"
        found: Path | None = tools.make(str(choice)) / program
    else:
        found = choice.path or find_uv_program()
    if found is None:
        raise UnavailableError(
            "uv is missing: install the package pytest-linkcheck[uv], or name a uv with "
            "--linkcheck-installer uv=PATH"
        )
    said = run([str(found), "--version"], environ=os.environ)
    return Uv(found, read_version("uv", said))
