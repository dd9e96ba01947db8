"""An environment that was made here, with whom it was made by and what they said."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_linkcheck.errors import LinkcheckError, hides_traceback
from pytest_linkcheck.links.show import show_name

from .hermetic import hermetic_environ
from .index import Index, no_network
from .installers.base import Bytecode, Command, Installer, Target, Task, cannot
from .layout import Layout, find_layout
from .process import Completed, Log, run
from .wheel import Wheel

if TYPE_CHECKING:
    from .distributions import Distribution
    from .installers import Freed, Pip

__tracebackhide__ = hides_traceback

Requirement = str | os.PathLike[str] | Wheel
DEFAULT_UMASK = 0o022
# Of the variables for the installer, those that programs of the environment are run with too.
_BYTECODE_VARIABLES = {"PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"}


class InstallError(LinkcheckError):
    """An installer failed; the message ends with what it said."""

    def __init__(self, what: str, completed: Completed) -> None:
        super().__init__(f"{what}\n{completed}")
        self.completed = completed


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an environment's commands are run with, beside what their installer says.

    `home` is a folder of the run in the place of the user's home, `index` where packages named
    as requirements come from, `fetcher` looks for the pip that fetches them, when one is needed,
    `extra` are variables that a test wants set, `umask` the mask for new files.
    """

    home: Path
    index: Index
    fetcher: Callable[[], "Pip | None"]
    extra: Mapping[str, str] = field(default_factory=dict)
    umask: int = DEFAULT_UMASK


@dataclass(frozen=True, slots=True)
class CacheRun:
    """What cleaning a cache came to: what was run, and the bytes it says it freed, if it does."""

    completed: Completed
    freed: "Freed | None"


class Environment:
    """An environment, its cache and its installer. Made by the fixtures `venvs`, `shared_venvs`.

    Attributes:
        prefix: its folder.
        python: its interpreter.
        site_packages: where its packages lie.
        scripts: where its programs lie.
        installer: who fills it.
        cache: the installer's cache, used by the environments of one test and no others.
        link_source: the folder in it that files are taken from, `None` if it keeps none.
        link_mode: the mode asked for, or `None`: the installer's own choice.
        log: the commands that were run for it, and what they said.
    """

    def __init__(
        self,
        installer: Installer,
        target: Target,
        surroundings: Surroundings,
        made: Log | None = None,
    ) -> None:
        """Make it; or take over what another process made, of which *made* tells what was run."""
        self.installer = installer
        self.prefix = target.prefix
        self.cache = target.cache
        self.link_source = installer.cache(target)
        self.link_mode = target.link_mode
        self.log = Log() if made is None else made
        self._target = target
        self._surroundings = surroundings
        if made is None:
            self._create()
        self.layout: Layout = find_layout(target.prefix)

    def _create(self) -> None:
        installer, target = self.installer, self._target
        completed = self._run(installer.create(target))
        if target.seed and installer.lacks_network(completed):
            raise no_network("pip")
        if completed.returncode != 0:
            raise InstallError(f"{installer.name} made no environment", completed)

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self.layout.python

    @property
    def site_packages(self) -> Path:
        """The folder its packages lie in."""
        return self.layout.site_packages

    @property
    def scripts(self) -> Path:
        """The folder its programs lie in."""
        return self.layout.scripts

    @property
    def pycache_prefix(self) -> Path | None:
        """The folder that `environ=` named by PYTHONPYCACHEPREFIX: all bytecode lies there."""
        named = self._surroundings.extra.get("PYTHONPYCACHEPREFIX")
        return Path(os.path.abspath(named)) if named else None  # noqa: PTH100

    def __truediv__(self, name: str) -> Path:
        """Return the path of *name* in site-packages."""
        return self.site_packages / name

    def __getitem__(self, name: str) -> "Distribution":
        """Return the installed distribution *name*; raises `LinkcheckError` if there is none."""
        from .distributions import find_distribution  # noqa: PLC0415 - see the package

        return find_distribution(self.layout, name)

    def __repr__(self) -> str:
        mode = f", link mode {self.link_mode}" if self.link_mode else ""
        return f"<{self.installer.name} environment {show_name(self.prefix)}{mode}>"

    def distributions(self) -> "list[Distribution]":
        """Return all that is installed, by name."""
        from .distributions import read_distributions  # noqa: PLC0415 - see the package

        return read_distributions(self.layout)

    def install(self, *requirements: Requirement, check: bool = True) -> Completed:
        """Install *requirements*: wheels of the wheelhouse, paths of wheels, or names.

        Raises `InstallError` if the installer fails and *check* is set, `UnavailableError` if a
        package index is needed and none answers.
        """
        target, names = self._locate(requirements)
        completed = self._run(self.installer.install(target, names))
        wanted = show_name(" ".join(names))
        if target.online and self.installer.lacks_network(completed):
            raise no_network(wanted)
        if check and completed.returncode != 0:
            raise InstallError(f"{self.installer.name} did not install {wanted}", completed)
        return completed

    def uninstall(self, *names: str, check: bool = True) -> Completed:
        """Remove the distributions *names*; raises `InstallError` as `install` does.

        With *check*, one that is not installed is a `LinkcheckError`: installers pass over it.
        """
        if not names:
            raise LinkcheckError("nothing to remove: name a distribution")
        self._need(Task.UNINSTALL)
        if check:
            for name in names:
                self[name]
        completed = self._run(self.installer.uninstall(self._target, names))
        if check and completed.returncode != 0:
            wanted = show_name(" ".join(names))
            raise InstallError(f"{self.installer.name} did not remove {wanted}", completed)
        return completed

    def clean_cache(self, *, check: bool = True) -> "CacheRun":
        """Let the installer empty its cache; raises `InstallError` as `install` does."""
        self._need(Task.CLEAN)
        return self._clean(self.installer.clean(self._target), check=check)

    def prune_cache(self, *, check: bool = True) -> "CacheRun":
        """Let the installer remove what is in no use from its cache; raises as `clean_cache`."""
        self._need(Task.PRUNE)
        return self._clean(self.installer.prune(self._target), check=check)

    def run(self, program: str, *args: str, check: bool = True) -> Completed:
        """Run *program* of the environment: `python`, or a script that was installed.

        Raises `LinkcheckError` if it is missing or, with *check*, if it fails.
        """
        path = self.scripts / program
        environ = self._environ(online=False)
        for variable in _BYTECODE_VARIABLES & self._surroundings.extra.keys():
            environ[variable] = self._surroundings.extra[variable]
        environ["PATH"] = f"{self.scripts}{os.pathsep}{environ.get('PATH', os.defpath)}"
        completed = run([str(path), *args], environ=environ, umask=self._surroundings.umask)
        self.log.append(completed)
        if check and completed.returncode != 0:
            raise InstallError(f"{show_name(program)} failed", completed)
        return completed

    def _need(self, task: Task) -> None:
        if task not in self.installer.tasks:
            raise cannot(self.installer.name, task)

    def _clean(self, command: Command, *, check: bool) -> "CacheRun":
        completed = self._run(command)
        if check and completed.returncode != 0:
            raise InstallError(f"{self.installer.name} did not clean its cache", completed)
        return CacheRun(completed, self.installer.freed(completed))

    def _locate(self, requirements: Sequence[Requirement]) -> tuple[Target, list[str]]:
        """Return where to look for *requirements*, and what to ask for."""
        if not requirements:
            raise LinkcheckError("nothing to install: name a wheel of the wheelhouse or a package")
        names: list[str] = []
        folders: list[Path] = []
        wanted: list[str] = []
        brought = self.installer.brings
        for requirement in requirements:
            if isinstance(requirement, Wheel):
                names.append(requirement.requirement)
                folders.append(requirement.path.parent)
            else:
                name = os.fspath(requirement)
                names.append(name)
                if not name.endswith(".whl") and name not in brought:
                    wanted.append(name)
        online = bool(wanted)
        fetcher = self._surroundings.fetcher() if wanted else None
        if fetcher is not None:
            folders.append(self._surroundings.index.fetch(wanted, fetcher))
            online = False
        return replace(self._target, find_links=tuple(folders), online=online), names

    def _run(self, command: Command) -> Completed:
        environ = (
            self._environ(online=command.online)
            | dict(command.environ)
            | dict(self._surroundings.extra)
        )
        for path, text in command.files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        completed = run(command.args, environ=environ, umask=self._surroundings.umask)
        self.log.append(completed)
        return completed

    def _environ(self, *, online: bool) -> dict[str, str]:
        environ = hermetic_environ(self._surroundings.home, online=online)
        if self._target.bytecode is not Bytecode.ON_IMPORT:
            # Programs that are run in a test must not add files that no installer put there.
            environ["PYTHONDONTWRITEBYTECODE"] = "1"
        return environ
