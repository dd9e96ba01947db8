"""installer: PyPA's library, which Poetry and others are built on. It has a driver of ours."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.installs.process import run
from pytest_linkcheck.installs.wheels import find_wheels

from .base import BaseInstaller, Bytecode, Command, Target, Task, read_version
from .choice import Choice
from .tools import Tools, tool_python

LINK_MODES = ("copy",)
_DRIVER = Path(__file__).with_name("_driver.py")


@dataclass(frozen=True, slots=True)
class Library(BaseInstaller):
    """The library `installer`, in the tool environment of the interpreter `python`."""

    python: Path
    version: Version
    name: str = "installer"
    link_modes: tuple[str, ...] = LINK_MODES
    tasks: frozenset[Task] = frozenset({Task.INSTALL, Task.COMPILE})

    def install(self, target: Target, requirements: Sequence[str]) -> Command:
        """Return the driver, with the wheels that *requirements* and what they need ask for."""
        wheels = find_wheels(requirements, target.find_links)
        compiled = ["--compile"] if target.bytecode is Bytecode.COMPILED else []
        args = (str(self.python), "-I", str(_DRIVER), *compiled, str(target.python))
        return Command((*args, *map(str, wheels)))


def find_library(choice: Choice, tools: Tools) -> Library:
    """Return the library in the version that *choice* names.

    Raises `UnavailableError` if it is not to be had, `LinkcheckError` for a path.
    """
    if choice.path is not None:
        raise LinkcheckError(
            "installer is a library, and no program to be named by a path: give installer or "
            "installer==VERSION"
        )
    python = tool_python(tools.make(str(choice)))
    said = run([str(python), "-I", str(_DRIVER), "--version"], environ=tools.environ())
    return Library(python, read_version("installer", said))
