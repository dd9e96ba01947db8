"""Making environments: what the fixtures `venvs` and `shared_venvs` hand to a test."""

import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypedDict, Unpack, runtime_checkable

from pytest_linkcheck.errors import LinkcheckError, UnavailableError, hides_traceback
from pytest_linkcheck.links.host import digest, host
from pytest_linkcheck.links.show import show_name
from pytest_linkcheck.once import noting
from pytest_linkcheck.steps import step

from .environment import DEFAULT_UMASK, Environment, Requirement, Surroundings
from .index import Index
from .installers import INSTALLERS, find_installer
from .installers.base import Bytecode, Installer, Target
from .installers.choice import Choice, parse_choice
from .installers.tools import Finder, Tools
from .process import Log

if TYPE_CHECKING:
    from .installers import Pip

__tracebackhide__ = hides_traceback


class Toolbox:
    """The installers of a run, each found and asked for its version once."""

    def __init__(
        self,
        chosen: Iterable[Choice],
        folder: Path,
        finders: Mapping[str, Finder] = INSTALLERS,
    ) -> None:
        """Let *chosen* say what a name alone means; keep what the run shares in *folder*."""
        self.folder = folder
        self.home = folder / "home"
        self.scratch = folder / "scratch"
        self.index = Index(folder / "index", self.home)
        self.chosen = tuple(chosen)
        self._finders = finders
        self._tools = Tools(folder / "tools", self.home, self._filler)
        self._found: dict[Choice, Installer | LinkcheckError] = {}

    def find(self, wanted: str | Choice) -> Installer:
        """Return the installer *wanted*: `uv`, `uv==0.10.4`, `uv=PATH`, or one that is chosen.

        Raises as `find_installer` does.
        """
        choice = parse_choice(wanted, Path.cwd()) if isinstance(wanted, str) else wanted
        if choice.is_plain:
            choice = next((one for one in self.chosen if one.name == choice.name), choice)
        if choice not in self._found:
            self._found[choice] = self._look_for(choice)
        found = self._found[choice]
        if isinstance(found, LinkcheckError):
            raise found
        return found

    def fetcher(self) -> "Pip | None":
        """Return the pip that fetches packages from the index, `None` if there is none."""
        from .installers import Pip  # noqa: PLC0415 - where something is fetched

        try:
            pip = self.find("pip")
        except UnavailableError:
            return None
        return pip if isinstance(pip, Pip) else None

    def _look_for(self, choice: Choice) -> Installer | LinkcheckError:
        if choice.path is not None and not choice.path.is_file():
            return UnavailableError(f"{choice}: there is no such file on {host()}")
        try:
            return find_installer(choice, self._tools, self._finders)
        except LinkcheckError as error:  # nor is a network asked again for what it did not bring
            return error

    def _filler(self) -> Installer:
        """Return who fills tool environments: uv or pip, never one that is chosen to be tested."""
        try:
            return find_installer(Choice("uv"), self._tools)
        except UnavailableError:
            return find_installer(Choice("pip"), self._tools)


@runtime_checkable
class Site(Protocol):
    """Somewhere else than a folder: a filesystem, which gives each test a folder of its own."""

    def folder(self, label: str = ..., *, keep: bool = ...) -> Path:
        """Return a new folder, which others need too if it is to be kept."""


Location = str | os.PathLike[str] | Site


class Options(TypedDict, total=False):
    """What `Venvs.create` takes by keyword; it says what each means."""

    link_mode: str | None
    at: Location | None
    cache_at: Location | None
    python: str | None
    umask: int
    bytecode: str | Bytecode
    seed: bool
    environ: Mapping[str, str] | None
    check: bool


class Venvs:
    """Makes environments, each in a new folder.

    All that one installer makes here share one cache, unless `cache_at` places it apart: so the
    link counts are those of this test's environments and their cache, and nobody else's.
    """

    def __init__(self, toolbox: Toolbox, folder: Path) -> None:
        self._toolbox = toolbox
        self._folder = folder
        self._sites: dict[Site, Path] = {}
        self.made: list[Environment] = []

    def uv(self, *requirements: Requirement, **options: Unpack[Options]) -> Environment:
        """Return a new environment filled by uv; see `create`."""
        return self.create("uv", *requirements, **options)

    def pip(self, *requirements: Requirement, **options: Unpack[Options]) -> Environment:
        """Return a new environment filled by pip; see `create`."""
        return self.create("pip", *requirements, **options)

    def create(  # noqa: PLR0913 - each is a choice that tests make
        self,
        installer: str | Installer,
        *requirements: Requirement,
        link_mode: str | None = None,
        at: Location | None = None,
        cache_at: Location | None = None,
        python: str | None = None,
        umask: int = DEFAULT_UMASK,
        bytecode: str | Bytecode = Bytecode.NONE,
        seed: bool = False,
        environ: Mapping[str, str] | None = None,
        check: bool = True,
    ) -> Environment:
        """Return a new environment with *requirements* in it.

        Args:
            installer: its name, with a version or a path (`uv==0.10.4`, `uv=./uv`) or without,
                or the object that the fixture `installer` gives.
            requirements: wheels of the wheelhouse, paths of wheels, or names for the index.
            link_mode: how it is to be filled; `None` leaves that to the installer.
            at: the folder or filesystem to make the environment on; default: a folder of this test.
            cache_at: the folder or filesystem to keep the installer's cache on; default: a folder
                of this test, on the filesystem that `at` is if it is one.
            python: the interpreter to make it from; default: the one that runs the tests.
            umask: the mask for the modes of new files.
            bytecode: `none`, `compiled` (by the installer) or `on-import`.
            seed: whether it gets a pip of its own; pip then installs with that one.
            environ: variables to set for the installer besides the hermetic ones.
            check: whether a failing installer raises; the log has it in any case.

        Raises:
            InstallError: if the installer fails.
            UnavailableError: if it, or a package index that is needed, is not to be had.
            LinkcheckError: for a link mode it does not know.
        """
        who = self._toolbox.find(installer) if isinstance(installer, str) else installer
        if cache_at is None and isinstance(at, Site):
            cache_at = at
        options: Options = {
            "link_mode": link_mode,
            "python": python,
            "umask": umask,
            "bytecode": bytecode,
            "seed": seed,
            "environ": environ,
        }
        check_options(who, options)
        prefix, cache = take_name(self._locate(at), who.name), self._locate(cache_at)
        # Not by its path alone: the room of one test is given to another.
        test, _, _ = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")
        with noting(
            self._toolbox.folder, "environment", f"{test} {prefix.name} in {prefix.parent}"
        ):
            return self.fill(who, requirements, prefix, cache, options, check=check)

    def fill(  # noqa: PLR0913 - what `create` has found out
        self,
        who: Installer,
        requirements: Iterable[Requirement],
        prefix: Path,
        cache_at: Path,
        options: Options,
        *,
        check: bool,
    ) -> Environment:
        """Return a new environment at *prefix*, an empty folder; the rest is as `create` has it."""
        with step(f"making an environment with {who.name}"):
            target, surroundings = self._plan(who, prefix, cache_at, options)
            # It goes by the prefix, and folders of one test are given to another after it: what
            # an installer left there would be taken for this environment's.
            with suppress(FileNotFoundError):
                shutil.rmtree(target.scratch)
            environment = Environment(who, target, surroundings)
            self.made.append(environment)
            if wanted := tuple(requirements):
                environment.install(*wanted, check=check)
        return environment

    def take_over(
        self, who: Installer, prefix: Path, cache_at: Path, options: Options, log: Log
    ) -> Environment:
        """Return the environment that another process has filled, *log* being what it ran."""
        environment = Environment(who, *self._plan(who, prefix, cache_at, options), log)
        self.made.append(environment)
        return environment

    def _plan(
        self, who: Installer, prefix: Path, cache_at: Path, options: Options
    ) -> tuple[Target, Surroundings]:
        python = options.get("python")
        target = Target(
            prefix=prefix,
            python=prefix / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python"),
            base_python=python or sys.executable,
            cache=cache_at / f"{who.name}-cache",
            scratch=self._toolbox.scratch / digest(str(prefix)),
            link_mode=options.get("link_mode"),
            bytecode=_bytecode(options.get("bytecode", Bytecode.NONE)),
            seed=options.get("seed", False),
        )
        surroundings = Surroundings(
            home=self._toolbox.home,
            index=self._toolbox.index,
            # What is fetched for this Python may not suit another.
            fetcher=(lambda: None) if python else self._toolbox.fetcher,
            extra=dict(options.get("environ") or {}),
            umask=options.get("umask", DEFAULT_UMASK),
        )
        return target, surroundings

    def _locate(self, location: Location | None) -> Path:
        """Return the folder that *location* is, or has for this test."""
        if location is None:
            return absolute(self._folder)
        if not isinstance(location, Site):
            return absolute(location)
        if location not in self._sites:
            # The last folder is `venvs`, the one above bears the test's name.
            self._sites[location] = location.folder(self._folder.parent.name)
        return self._sites[location]


def check_options(who: Installer, options: Options) -> None:
    """Raise `LinkcheckError` for a link mode or a way of compiling that there is not."""
    link_mode = options.get("link_mode")
    if link_mode is not None and link_mode not in who.link_modes:
        raise LinkcheckError(
            f"{who.name} has no link mode {show_name(link_mode)}: it has "
            f"{', '.join(who.link_modes)}"
        )
    _bytecode(options.get("bytecode", Bytecode.NONE))


def take_name(folder: Path, name: str) -> Path:
    """Return a name that is free in *folder*, taken by making the folder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        number = 1
        while True:
            try:
                (folder / f"{name}-{number}").mkdir()
            except FileExistsError:
                number += 1
            else:
                return folder / f"{name}-{number}"
    except OSError as error:
        raise LinkcheckError(
            f"no environment can be made in {show_name(folder)}: {error.strerror}"
        ) from None


def absolute(folder: str | os.PathLike[str]) -> Path:
    """Return a path that holds when the test changes its directory."""
    return Path(os.path.abspath(folder))  # noqa: PTH100 - resolve() would follow symlinks


def _bytecode(choice: str | Bytecode) -> Bytecode:
    try:
        return Bytecode(choice)
    except ValueError:
        known = ", ".join(mode.value for mode in Bytecode)
        raise LinkcheckError(f"bytecode={choice!r} is none of {known}") from None
