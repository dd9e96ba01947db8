"""virtualenv: what it seeds a new environment with, by copies or by symlinks to its app-data.

It installs nothing else: `pip` is asked for by name, and taken from the wheel it brings along, or
from a wheel of that name in a folder of wheels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from pytest_linkcheck.errors import UnavailableError
from pytest_linkcheck.installs.process import run
from pytest_linkcheck.installs.roles import Role
from pytest_linkcheck.links.show import show_name

from .base import BaseInstaller, Bytecode, Command, Target, Task, read_version
from .choice import Choice
from .promise import Promise
from .tools import Tools, tool_python

LINK_MODES = ("copy", "symlink")
_SEEDS = frozenset({"pip"})


@dataclass(frozen=True, slots=True)
class Virtualenv(BaseInstaller):
    """One virtualenv, started by `command`."""

    command: tuple[str, ...]
    version: Version
    name: str = "virtualenv"
    link_modes: tuple[str, ...] = LINK_MODES
    tasks: frozenset[Task] = frozenset()
    brings: frozenset[str] = _SEEDS

    def promise(self, link_mode: str | None) -> Promise:
        """Promise copies, or with `symlink` symlinks of whole folders, RECORD and all."""
        if link_mode != "symlink":
            return Promise(executable=False)
        return Promise(
            linked=frozenset(Role) - {Role.SCRIPT, Role.DATA},
            own=frozenset({Role.SCRIPT}),
            executable=False,
            compiles=True,
            whole=True,
        )

    def cache(self, target: Target) -> Path:
        """Return the app-data, where wheels lie unpacked."""
        return target.cache

    def create(self, target: Target) -> Command:
        """Return `virtualenv --no-seed`, or without it if the target is to be seeded."""
        return self._command(target, *(() if target.seed else ("--no-seed",)))

    def install(self, target: Target, requirements: Sequence[str]) -> Command:
        """Return the `virtualenv` that seeds the environment with what is asked for."""
        if target.bytecode is Bytecode.COMPILED:
            raise self.cannot(Task.COMPILE)
        args = ["--extra-search-dir", *map(str, target.find_links)] if target.find_links else []
        # Last: the option before takes all that follows up to the next one.
        for text in requirements:
            args += ["--pip", _pip_version(text)]
        return self._command(target, *args, "--no-setuptools")

    def _command(self, target: Target, *args: str) -> Command:
        options = ["--app-data", str(target.cache), "--no-periodic-update", "--no-download"]
        if target.link_mode == "symlink":
            options.append("--symlink-app-data")
        command = (*self.command, "--python", target.base_python, *options, *args)
        return Command((*command, str(target.prefix)))


def _pip_version(text: str) -> str:
    """Return the version of pip that the requirement *text* wants, `bundle` for any."""
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        requirement = None
    exact = [one.version for one in requirement.specifier] if requirement else []
    if requirement is None or canonicalize_name(requirement.name) not in _SEEDS or len(exact) > 1:
        raise UnavailableError(
            f"virtualenv cannot install {show_name(text)}: it seeds pip and nothing else; ask it "
            "for pip, or build a wheel of that name"
        )
    return exact[0] if exact else "bundle"


def find_virtualenv(choice: Choice, tools: Tools) -> Virtualenv:
    """Return the virtualenv that *choice* names; without a path from a tool environment.

    Raises `UnavailableError` if it is not to be had.
    """
    if choice.path is not None:
        command: tuple[str, ...] = (str(choice.path),)
    else:
        command = (str(tool_python(tools.make(str(choice)))), "-I", "-m", "virtualenv")
    said = run([*command, "--version"], environ=tools.environ())
    return Virtualenv(command, read_version("virtualenv", said))
