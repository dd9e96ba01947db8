"""Installers made on demand, each in an environment of its own that the whole run shares."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from pytest_linkcheck.errors import LinkcheckError, UnavailableError, hides_traceback
from pytest_linkcheck.installs.hermetic import hermetic_environ
from pytest_linkcheck.installs.process import Completed, run
from pytest_linkcheck.links.host import digest
from pytest_linkcheck.links.show import show_name
from pytest_linkcheck.once import locked, noting

from .base import BaseInstaller, Bytecode, Command, Installer, Target
from .choice import Choice

__tracebackhide__ = hides_traceback

_WINDOWS = sys.platform == "win32"


class Tools:
    """The tool environments of a run: each is built once, whatever the number of processes."""

    def __init__(self, folder: Path, home: Path, filler: Callable[[], Installer]) -> None:
        """Keep them in *folder*; *home* replaces the user's, *filler* returns who fills them."""
        self._folder = folder
        self._home = home
        self._filler = filler

    def make(self, *requirements: str) -> Path:
        """Return the prefix of an environment that has *requirements*, from the package index.

        Its scripts do not work, as it is moved into its place: start `tool_python(prefix) -m`.

        Raises `UnavailableError` if no index can be reached, `LinkcheckError` if it has no such
        package or version.
        """
        text = " ".join(requirements)
        slug = re.sub(r"[^\w.]+", "-", text)[:40].strip("-")
        folder = self._folder / f"{slug}-{digest(text)[:8]}"
        with locked(folder.with_name(f"{folder.name}.lock")):
            if not folder.exists():
                with noting(self._folder, "tool environment", text):
                    self._build(folder, requirements)
        return folder

    def environ(self) -> dict[str, str]:
        """Return the variables to ask a tool for its version with."""
        return hermetic_environ(self._home, online=False)

    def _build(self, folder: Path, requirements: tuple[str, ...]) -> None:
        # Beside its place and renamed into it: a killed run leaves no half-made one in the way.
        partial = folder.with_name(f"{folder.name}.partial")
        target = Target(
            prefix=partial,
            python=tool_python(partial),
            base_python=sys.executable,
            cache=self._folder / "cache",
            scratch=self._folder / "scratch",
            link_mode=None,
            bytecode=Bytecode.COMPILED,  # it is started often
            online=True,
        )
        filler = self._filler()
        wanted = show_name(" ".join(requirements))
        # Cleared by whoever makes it anew: what a killed run left there may be of any state.
        create = BaseInstaller().create(target)
        made = self._run(Command((*create.args, "--clear")))
        if made.returncode != 0:
            raise LinkcheckError(f"no environment can be made for {wanted}\n{made}")
        completed = self._run(filler.install(target, requirements))
        if filler.lacks_network(completed):
            raise UnavailableError(
                f"{wanted} cannot be had, no package index answers: connect to one, name one by "
                "PIP_INDEX_URL and UV_DEFAULT_INDEX, or name what is here with "
                "--linkcheck-installer NAME=PATH"
            )
        if completed.returncode != 0:
            raise LinkcheckError(f"{wanted} cannot be had from the package index\n{completed}")
        partial.rename(folder)

    def _run(self, command: Command) -> Completed:
        environ = hermetic_environ(self._home, online=command.online)
        environ.setdefault("PIP_RETRIES", "1")
        return run(command.args, environ=environ | dict(command.environ))


def tool_python(prefix: Path) -> Path:
    """Return the interpreter of the tool environment *prefix*."""
    return prefix / ("Scripts/python.exe" if _WINDOWS else "bin/python")


class Finder(Protocol):
    """Finds an installer: a function or a class of it, with the link modes it has."""

    @property
    def link_modes(self) -> tuple[str, ...]:
        """The link modes of what it finds, known before it is found."""

    def __call__(self, choice: Choice, tools: Tools, /) -> Installer:
        """Return the installer that *choice* asks for.

        Raises `UnavailableError` if it is not to be had.
        """
