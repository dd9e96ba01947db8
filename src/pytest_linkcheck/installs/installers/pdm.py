"""PDM: with its install cache on, by symlinks or hard links from there; else by copies.

PDM installs what a project asks for, so each environment has one in its scratch folder.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from pytest_linkcheck.installs.process import Completed, run

from .base import BaseInstaller, Bytecode, Command, Target, Task, is_none
from .choice import Choice
from .freed import Freed
from .promise import OWN_ROLES, WHEEL_ROLES, Promise
from .tools import Tools, tool_python

LINK_MODES = ("symlink", "hardlink", "copy")  # the first two: install.cache_method
_VERSION = re.compile(r"PDM, version (?P<version>\S+)")
_PROJECT = """\
[project]
name = "linkcheck-project"
version = "0"
requires-python = ">=3.8"

[tool.pdm]
distribution = false

[tool.pdm.resolution]
respect-source-order = true
"""
_SOURCE = """
[[tool.pdm.source]]
name = {name}
type = "find_links"
url = {url}
verify_ssl = true
"""


@dataclass(frozen=True, slots=True)
class Pdm(BaseInstaller):
    """One PDM, started by `command`."""

    command: tuple[str, ...]
    version: Version
    name: str = "pdm"
    link_modes: tuple[str, ...] = LINK_MODES
    tasks: frozenset[Task] = frozenset({Task.INSTALL, Task.UPGRADE, Task.UNINSTALL, Task.CLEAN})

    def promise(self, link_mode: str | None) -> Promise:
        """Promise links for what comes out of a wheel, if one of the link modes is on."""
        if link_mode not in {"symlink", "hardlink"}:
            return Promise()
        return Promise(linked=WHEEL_ROLES, own=OWN_ROLES)

    def cache(self, target: Target) -> Path | None:
        """Return where PDM keeps unpacked wheels; `None` in the mode that does not."""
        return None if target.link_mode in {None, "copy"} else target.cache / "packages"

    def install(self, target: Target, requirements: Sequence[str]) -> Command:
        """Return `pdm add`, in a project that looks for wheels in the folders of *target*."""
        if target.bytecode is Bytecode.COMPILED:
            raise self.cannot(Task.COMPILE)
        return self._command(target, "add", "--no-self", "--no-editable", *requirements)

    def uninstall(self, target: Target, names: Sequence[str]) -> Command:
        """Return `pdm remove`."""
        return self._command(target, "remove", "--no-self", *names)

    def clean(self, target: Target) -> Command:
        """Return `pdm cache clear`."""
        return self._command(target, "cache", "clear", project=False)

    def freed(self, completed: Completed) -> Freed | None:  # noqa: ARG002 - it counts files
        """Return `None`: PDM says how many files it removed, and no bytes."""
        return None

    def _command(self, target: Target, *args: str, project: bool = True) -> Command:
        config = target.scratch / "config.toml"
        environ = {
            "PDM_CACHE_DIR": str(target.cache),
            "PDM_CHECK_UPDATE": "0",
            "PDM_CONFIG_FILE": str(config),
            "PDM_IGNORE_SAVED_PYTHON": "1",
            "PDM_LOG_DIR": str(target.scratch / "log"),
            "PDM_NON_INTERACTIVE": "1",
            "PDM_PYTHON": str(target.python),
            "VIRTUAL_ENV": str(target.prefix),
        }
        files = {config: _config(target.link_mode)}
        if project:
            args = (*args, "--project", str(target.scratch))
            files |= _project(target)
        return Command((*self.command, *args), environ, online=target.online, files=files)


def _config(link_mode: str | None) -> str:
    cached = link_mode in {"symlink", "hardlink"}
    method = f'cache_method = "{link_mode}"\n' if cached else ""
    return f"[install]\ncache = {str(cached).lower()}\n{method}"


def _project(target: Target) -> dict[Path, str]:
    """Return the project to install in; what it asks for already stays as it is."""
    path = target.scratch / "pyproject.toml"
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        text = _PROJECT
    kept, _, _ = text.partition("\n[[tool.pdm.source]]")
    # The first is called pypi: so it takes the place of the package index.
    names = ["pypi", *(f"folder-{number}" for number in range(1, len(target.find_links)))]
    folders = target.find_links or (target.scratch,)
    sources = "" if target.online else "".join(
        _SOURCE.format(name=json.dumps(name), url=json.dumps(folder.as_uri()))
        for name, folder in zip(names, folders, strict=True)
    )  # fmt: skip
    return {path: kept.rstrip("\n") + "\n" + sources}


def find_pdm(choice: Choice, tools: Tools) -> Pdm:
    """Return the PDM that *choice* names; without a path from a tool environment.

    Raises `UnavailableError` if it is not to be had.
    """
    if choice.path is not None:
        command: tuple[str, ...] = (str(choice.path),)
    else:
        version = f"=={choice.version}" if choice.version else ""
        # [locked]: the versions of its dependencies that it was tested with.
        command = (str(tool_python(tools.make(f"pdm[locked]{version}"))), "-I", "-m", "pdm")
    said = run([*command, "--version"], environ=tools.environ())
    match = _VERSION.search(said.stdout)
    if said.returncode != 0 or match is None:
        raise is_none("pdm", said)
    return Pdm(command, Version(match["version"]))
