"""What an installer must be able to do, and what it is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Protocol

from packaging.version import InvalidVersion, Version

from pytest_linkcheck.errors import UnavailableError
from pytest_linkcheck.installs.process import Completed
from pytest_linkcheck.links.show import show_name


class Bytecode(Enum):
    """When modules are compiled to `.pyc` files."""

    NONE = "none"  # never: not by the installer, nor when the environment's programs run
    COMPILED = "compiled"  # by the installer, after it has installed
    ON_IMPORT = "on-import"  # by Python, when a program imports a module


@dataclass(frozen=True, slots=True)
class Target:
    """An environment as its installer sees it.

    `base_python` is the interpreter it is made from, `find_links` are folders of wheels; without
    `online` nothing but these is looked at.
    """

    prefix: Path
    python: Path
    base_python: str
    cache: Path
    link_mode: str | None
    bytecode: Bytecode
    find_links: tuple[Path, ...] = ()
    online: bool = False
    seed: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """A command line with the environment variables it needs besides the hermetic ones."""

    args: tuple[str, ...]
    environ: Mapping[str, str] = field(default_factory=dict)


class Installer(Protocol):
    """An installer: it says how to do a thing, and is run by the environment.

    `link_modes` are the names it takes for the ways to fill an environment, its default first.
    """

    @property
    def name(self) -> str:
        """The name it is chosen by, and writes into INSTALLER."""

    @property
    def link_modes(self) -> tuple[str, ...]:
        """The link modes it knows."""

    @property
    def version(self) -> Version:
        """Its version, as it tells it."""

    def create(self, target: Target) -> Command:
        """Return the command that makes an empty environment."""

    def install(self, target: Target, requirements: Sequence[str]) -> Command:
        """Return the command that installs *requirements*."""

    def uninstall(self, target: Target, names: Sequence[str]) -> Command:
        """Return the command that removes the distributions *names*."""

    def lacks_network(self, completed: Completed) -> bool:
        """Return whether a command failed because no package index could be reached."""


def read_version(name: str, completed: Completed) -> Version:
    """Return the version in the output of `NAME --version`: its second word.

    Raises `UnavailableError` if the program failed or printed something else.
    """
    words = completed.stdout.split()
    if completed.returncode == 0 and len(words) > 1 and words[0] == name:
        try:
            return Version(words[1])
        except InvalidVersion:
            pass
    said = show_name((completed.stdout or completed.stderr).strip()[:80]) or "nothing"
    raise UnavailableError(
        f"{show_name(completed.args[0])} is no {name} that works: asked for its version it ended "
        f"with status {completed.returncode} and printed {said!r}"
    )
