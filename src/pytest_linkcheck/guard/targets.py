"""What is watched: environments, uv's cache, folders."""

import os
import re
import sys
import sysconfig
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import pytest

from pytest_linkcheck.audit.uv_cache import find_uv_cache
from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.installs import find_layout
from pytest_linkcheck.installs.layout import CONFIG, running_layout
from pytest_linkcheck.links.show import show_name

OPTION = "--linkcheck-guard"
# The folders of uv's cache that hold unpacked wheels: what environments link to.
_ARCHIVES = re.compile(r"archive-v\d+")


class Kind(Enum):
    """What a watched thing is: this decides what counts as a change."""

    ENVIRONMENT = "environment"
    UV_CACHE = "uv cache"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class Target:
    """One thing to watch: its folder, and the parts of it that are walked."""

    kind: Kind
    root: Path
    parts: tuple[Path, ...]

    def holds(self, path: str) -> bool:
        """Return whether *path* lies in it."""
        return any(path == str(part) or path.startswith(f"{part}{os.sep}") for part in self.parts)

    def is_archive(self, path: str) -> bool:
        """Return whether *path* is a file of a wheel that uv's cache holds unpacked."""
        if self.kind is not Kind.UV_CACHE or not self.holds(path):
            return False
        first = path[len(str(self.root)) + 1 :].partition(os.sep)[0]
        return bool(_ARCHIVES.fullmatch(first))


def find_targets(config: pytest.Config) -> list[Target]:
    """Return what the option names: alone, the running environment and uv's cache.

    Raises `pytest.UsageError` for a path that is not there, and where the option took a file or
    folder of tests for its own.
    """
    here = config.invocation_params.dir
    named: list[str] = config.option.linkcheck_guard
    written = [*config.invocation_params.args, *map(str, config.getini("addopts"))]
    written += os.environ.get("PYTEST_ADDOPTS", "").split()
    paths = [name for name in named if name]
    from_file = any(arg.startswith("@") for arg in written)  # pytest reads more arguments there
    if not from_file and len(paths) > sum(
        arg.startswith(f"{OPTION}=") and arg != f"{OPTION}=" for arg in written
    ):
        took = next((name for name in paths if f"{OPTION}={name}" not in written), paths[0])
        raise pytest.UsageError(
            f"{OPTION} took {show_name(took)} for a folder to watch: write {OPTION}={took} if it "
            f"is one, and {OPTION}= (with nothing behind it) before files of tests"
        )
    found: list[Target] = []
    if "" in named:
        found.append(_running())
        cache = find_uv_cache(here)
        if cache.exists:
            found.append(_uv_cache(cache.path))
    for name in paths:
        path = Path(os.path.abspath(here / os.path.expanduser(name)))  # noqa: PTH100, PTH111
        if not os.path.isdir(path):  # noqa: PTH112 - Path's raises where it may not look
            raise pytest.UsageError(f"{OPTION}={show_name(name)}: there is no such folder")
        found.append(_open(path))
    return list(dict.fromkeys(found))


def _running() -> Target:
    layout = running_layout()
    extra = Path(sysconfig.get_path("platlib"))
    return _environment(layout.prefix, layout.site_packages, layout.scripts, extra)


def _environment(prefix: Path, *folders: Path) -> Target:
    """Return the environment at *prefix*: what is installed, not all that may lie beside it.

    A `.tox` environment has logs and temporary folders in it, a system's prefix a whole system.
    """
    parts = [prefix / CONFIG, *folders]
    if not os.path.lexists(prefix / CONFIG):  # no virtual environment: scripts of others as well
        parts = [folder for folder in folders if folder.name not in {"bin", "Scripts"}]
    real = dict.fromkeys(Path(os.path.realpath(part)) for part in parts if os.path.lexists(part))
    return Target(Kind.ENVIRONMENT, Path(os.path.realpath(prefix)), tuple(real))


def _uv_cache(path: Path) -> Target:
    real = Path(os.path.realpath(path))
    return Target(Kind.UV_CACHE, real, (real,))


def _open(path: Path) -> Target:
    try:
        layout = find_layout(path)
    except LinkcheckError:
        if any(_ARCHIVES.fullmatch(name) for name in _list(path)):
            return _uv_cache(path)
        real = Path(os.path.realpath(path))
        return Target(Kind.FOLDER, real, (real,))
    if os.path.realpath(path) == os.path.realpath(sys.prefix):
        return _running()
    return _environment(layout.prefix, layout.site_packages, layout.scripts)


def _list(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208
    except OSError as error:
        raise pytest.UsageError(
            f"{OPTION}={show_name(folder)} cannot be read: {error.strerror}"
        ) from None
