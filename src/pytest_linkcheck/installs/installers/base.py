"""What an installer must be able to do, and what it is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from packaging.version import InvalidVersion, Version

from pytest_linkcheck.errors import UnavailableError
from pytest_linkcheck.installs.process import Completed
from pytest_linkcheck.links.show import show_name

from .promise import Promise

if TYPE_CHECKING:
    from .freed import Freed


class Bytecode(Enum):
    """When modules are compiled to `.pyc` files."""

    NONE = "none"  # never: not by the installer, nor when the environment's programs run
    COMPILED = "compiled"  # by the installer, after it has installed
    ON_IMPORT = "on-import"  # by Python, when a program imports a module


class Task(Enum):
    """What not every installer can do."""

    INSTALL = "install"  # any package; without it only those in `brings`
    UPGRADE = "install over another version"
    UNINSTALL = "uninstall"
    COMPILE = "compile bytecode"
    CLEAN = "clean its cache"  # all of it
    PRUNE = "prune its cache"  # of what is in no use


ALL_TASKS = frozenset(Task)


@dataclass(frozen=True, slots=True)
class Target:
    """An environment as its installer sees it.

    Attributes:
        prefix: its folder, empty until `create`.
        python: where its interpreter is to be.
        base_python: the interpreter it is made from.
        cache: the folder for the installer's cache.
        scratch: a folder for what the installer needs for this environment besides: its project,
            its configuration. It need not exist.
        link_mode: how it is to be filled, `None`: as the installer chooses.
        bytecode: when it is to be compiled.
        find_links: folders of wheels.
        online: whether anything but these may be looked at.
        seed: whether it gets a pip of its own.
    """

    prefix: Path
    python: Path
    base_python: str
    cache: Path
    scratch: Path
    link_mode: str | None
    bytecode: Bytecode
    find_links: tuple[Path, ...] = ()
    online: bool = False
    seed: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """A command line, with what it needs to be run.

    `environ` are variables besides the hermetic ones, `online` keeps those that say how a package
    index is reached, `files` are written before, with their folders: a project, a configuration.
    """

    args: tuple[str, ...]
    environ: Mapping[str, str] = field(default_factory=dict)
    online: bool = False
    files: Mapping[Path, str] = field(default_factory=dict)


class Installer(Protocol):
    """An installer: it says how to do a thing, and is run by the environment."""

    @property
    def name(self) -> str:
        """The name it is chosen by, and writes into INSTALLER."""

    @property
    def version(self) -> Version:
        """Its version, as it tells it."""

    @property
    def link_modes(self) -> tuple[str, ...]:
        """The names it takes for the ways to fill an environment."""

    @property
    def tasks(self) -> frozenset[Task]:
        """What it can do, of what not every installer can."""

    @property
    def brings(self) -> frozenset[str]:
        """The packages it has with it: they are not fetched from an index."""

    def promise(self, link_mode: str | None) -> Promise:
        """Return what it promises of what it installs in *link_mode*."""

    def cache(self, target: Target) -> Path | None:
        """Return the folder that what it installs is taken from, `None` if it keeps none."""

    def create(self, target: Target) -> Command:
        """Return the command that makes an empty environment."""

    def install(self, target: Target, requirements: Sequence[str]) -> Command:
        """Return the command that installs *requirements*: as `name==1.0`, or paths of wheels."""

    def uninstall(self, target: Target, names: Sequence[str]) -> Command:
        """Return the command that removes the distributions *names*."""

    def clean(self, target: Target) -> Command:
        """Return the command that empties its cache."""

    def prune(self, target: Target) -> Command:
        """Return the command that removes from its cache what is in no use."""

    def freed(self, completed: Completed) -> "Freed | None":
        """Return how many bytes `clean` or `prune` say they freed, `None` if they do not."""

    def lacks_network(self, completed: Completed) -> bool:
        """Return whether a command failed because no package index could be reached."""


class BaseInstaller:
    """What most installers have in common, to derive from.

    An environment is made by `python -m venv`; files are copies; there is no cache, and nothing
    but `install` can be done.
    """

    __slots__ = ()

    link_modes: tuple[str, ...] = ("copy",)
    tasks: frozenset[Task] = frozenset({Task.INSTALL})
    brings: frozenset[str] = frozenset()

    def promise(self, link_mode: str | None) -> Promise:  # noqa: ARG002 - as Installer has it
        """Promise that every file is the environment's own."""
        return Promise()

    def cache(self, target: Target) -> Path | None:  # noqa: ARG002
        """Return `None`: there is no cache."""
        return None

    def create(self, target: Target) -> Command:
        """Return `python -m venv`, with a pip of its own only if the target is to be seeded."""
        without = () if target.seed else ("--without-pip",)
        # -I: a module of the current folder must not stand in for the standard library's.
        return Command((target.base_python, "-I", "-m", "venv", *without, str(target.prefix)))

    def uninstall(self, target: Target, names: Sequence[str]) -> Command:  # noqa: ARG002
        """Refuse: there is no such command."""
        raise self.cannot(Task.UNINSTALL)

    def clean(self, target: Target) -> Command:  # noqa: ARG002
        """Refuse: there is no such command."""
        raise self.cannot(Task.CLEAN)

    def prune(self, target: Target) -> Command:  # noqa: ARG002
        """Refuse: there is no such command."""
        raise self.cannot(Task.PRUNE)

    def freed(self, completed: Completed) -> "Freed | None":
        """Return the size that was printed last."""
        from .freed import read_freed  # noqa: PLC0415 - where a cache is cleaned

        return read_freed(completed.stdout + completed.stderr)

    def lacks_network(self, completed: Completed) -> bool:
        """Return whether it failed, and spoke of a missing network."""
        said = (completed.stdout + completed.stderr).lower()
        return completed.returncode != 0 and any(words in said for words in _NO_NETWORK)

    def cannot(self, task: Task) -> UnavailableError:
        """Return the error that says that it cannot do *task*."""
        return cannot(getattr(self, "name", type(self).__name__), task)


_NO_NETWORK = (
    "failed to establish a new connection",
    "name resolution",
    "name or service not known",
    "network is unreachable",
    "connection refused",
    "connecttimeouterror",
    "max retries exceeded",
)


def cannot(name: str, task: Task) -> UnavailableError:
    """Return the error that says that the installer *name* has no way to do *task*."""
    return UnavailableError(f"{show_name(name)} cannot {task.value}: ask another installer for it")


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
    raise is_none(name, completed)


def is_none(name: str, completed: Completed) -> UnavailableError:
    """Return the error that says that the program that was asked for its version is no *name*."""
    said = show_name((completed.stdout or completed.stderr).strip()[:80]) or "nothing"
    return UnavailableError(
        f"{show_name(completed.args[0])} is no {name} that works: asked for its version it ended "
        f"with status {completed.returncode} and printed {said!r}"
    )
