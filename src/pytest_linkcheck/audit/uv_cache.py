"""The user's uv cache, read only: where it is, and which unpacked wheels it holds."""

import errno
import os
import stat
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from pytest_linkcheck.installs import InstalledFile, Layout, Role
from pytest_linkcheck.installs.files import read_regular
from pytest_linkcheck.links.resolution import real_path
from pytest_linkcheck.steps import look_at

_BUCKET = "archive-v"  # with a number that changes between releases
_MAX_TOML = 1 << 20
_SYSTEM = Path("/etc/uv/uv.toml")


@dataclass(frozen=True)
class UvCache:
    """uv's cache at `path`, and the link mode its configuration asks for, if it does.

    `problems` fills with a sentence for each thing in it that could not be read.
    """

    path: Path
    link_mode: str | None
    problems: list[str] = field(default_factory=list, compare=False)

    @property
    def exists(self) -> bool:
        """Whether there is such a folder, for all that can be told."""
        look_at(self.path)
        try:
            return stat.S_ISDIR(os.stat(self.path).st_mode)  # noqa: PTH116 - its errors tell
        except OSError as error:
            self._note(error)
            return False

    @cached_property
    def buckets(self) -> list[str]:
        """The real folders that hold the unpacked wheels.

        Not the cache as a whole: a project's configuration may name any folder as uv's cache, and
        an audited environment come with such a project.
        """
        try:
            real = Path(real_path(self.path))
            found = [Path(real_path(one)) for one in self._list(self.path) if _is_bucket(one)]
        except OSError as error:
            self._note(error)
            return []
        return [str(bucket) for bucket in found if bucket.parent == real]

    @cached_property
    def _archives(self) -> Mapping[str, list[Path]]:
        """The unpacked wheels by the name of their `.dist-info`."""
        found: dict[str, list[Path]] = {}
        for bucket in self._list(self.path):
            if _is_bucket(bucket):
                for archive in self._list(bucket):
                    for entry in self._list(archive):
                        if entry.name.endswith(".dist-info"):
                            found.setdefault(entry.name, []).append(archive)
        return found

    def sources(self, file: InstalledFile, layout: Layout, dist_info: str) -> list[Path]:
        """Return the files of the cache that *file* may have been made from."""
        candidates = (
            archive / inside
            for archive in self._archives.get(dist_info, ())
            for inside in _paths_in_wheel(file, layout, dist_info)
        )
        return [path for path in candidates if self._is_there(path)]

    def _is_there(self, path: Path) -> bool:
        look_at(path)
        try:
            os.lstat(path)
        except OSError as error:
            self._note(error)
            return False
        return True

    def _list(self, folder: Path) -> list[Path]:
        """Return the entries of *folder*; none where it is no folder, or may not be read."""
        look_at(folder)
        try:
            return [folder / name for name in os.listdir(folder)]  # noqa: PTH208
        except OSError as error:
            self._note(error)
            return []

    def _note(self, error: OSError) -> None:
        """Keep what went wrong; that nothing is there is an answer."""
        if error.errno not in {errno.ENOENT, errno.ENOTDIR}:
            self.problems.append(f"uv's cache cannot be read: {error.strerror}")


def _paths_in_wheel(file: InstalledFile, layout: Layout, dist_info: str) -> Iterator[str]:
    """Yield where a wheel may have had *file* (PEP 427: `.data` holds what goes elsewhere)."""
    data = f"{dist_info.removesuffix('.dist-info')}.data"
    if file.role in {Role.PAYLOAD, Role.METADATA}:
        inside = os.path.relpath(file.path, layout.site_packages)
        yield from (inside, f"{data}/purelib/{inside}", f"{data}/platlib/{inside}")
    elif file.role is Role.SCRIPT:
        yield f"{data}/scripts/{file.path.name}"  # uv takes executables without a Python line
    elif file.role is Role.DATA:
        inside = os.path.relpath(file.path, layout.prefix)
        yield f"{data}/data/{inside}"
        # include/site/python3.11/NAME/x.h
        parts = Path(inside).parts
        yield from ("/".join((data, "headers", *parts[n:])) for n in range(1, len(parts)))


def _is_bucket(path: Path) -> bool:
    return path.name.startswith(_BUCKET)


def find_uv_cache(project: Path) -> UvCache:
    """Return the cache that uv uses in the folder *project*, whether or not it is there.

    As uv's documentation has it: the variables, then `uv.toml` or `pyproject.toml` of the project,
    then the user's and the system's configuration, then the default.
    """
    told = [] if os.environ.get("UV_NO_CONFIG") else list(_configurations(project))
    mode = os.environ.get("UV_LINK_MODE") or _first(told, "link-mode")
    path = os.environ.get("UV_CACHE_DIR") or _first(told, "cache-dir")
    # Relative ones start where uv is run, wherever they are written.
    return UvCache(project / path if path else _default(), mode)


def _first(told: list[dict[str, Any]], key: str) -> str | None:
    values = (settings.get(key) for settings in told)
    return next((value for value in values if isinstance(value, str)), None)


def _configurations(project: Path) -> Iterator[dict[str, Any]]:
    if named := os.environ.get("UV_CONFIG_FILE"):
        yield _read(project / named) or {}
        return
    for folder in (project, *project.parents):
        own = _read(folder / "uv.toml")
        if own is None:
            tools = (_read(folder / "pyproject.toml") or {}).get("tool")
            own = tools.get("uv") if isinstance(tools, dict) else None
        if isinstance(own, dict):
            yield own
            break
    home = Path(os.environ.get("XDG_CONFIG_HOME") or _home() / ".config")
    system = (os.environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")
    for file in (home / "uv/uv.toml", *(Path(one, "uv/uv.toml") for one in system), _SYSTEM):
        settings = _read(file)
        if settings is not None:
            yield settings


def _read(path: Path) -> dict[str, Any] | None:
    """Return the TOML file *path*; `None` if it is not there, not readable or no TOML."""
    try:
        data = read_regular(Path(os.path.realpath(path)), _MAX_TOML)
        return tomllib.loads(data.decode())
    except (OSError, ValueError, RecursionError):  # the last by brackets within brackets
        return None


def _default() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", _home())) / "uv" / "cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or _home() / ".cache") / "uv"


def _home() -> Path:
    return Path(os.path.expanduser("~"))  # noqa: PTH111 - Path.home() raises where there is none
