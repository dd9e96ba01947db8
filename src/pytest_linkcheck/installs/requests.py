"""What makes two requests for an environment equal, in whatever process they are made."""

import hashlib
import os
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from pytest_linkcheck.links.host import digest

from .environment import DEFAULT_UMASK, Requirement
from .installers.base import Bytecode, Installer
from .maker import Location, Options, Site, absolute
from .wheel import Wheel


def identify(who: Installer, requirements: Iterable[Requirement], options: Options) -> str:
    """Return a digest of a request: installer, requirements, options, and the files they name.

    What is left out is what is the default; a file is told by its place and state, a wheel by its
    bytes.
    """
    python = options.get("python") or sys.executable
    told = (
        _tell_installer(who),
        [_tell_requirement(one) for one in requirements],
        options.get("link_mode"),
        _tell_location(options.get("at")),
        _tell_location(options.get("cache_at")),
        (python, _state(Path(python))),
        options.get("umask", DEFAULT_UMASK),
        str(Bytecode(options.get("bytecode", Bytecode.NONE))),
        options.get("seed", False),
        sorted((options.get("environ") or {}).items()),
        options.get("check", True),
    )
    return digest(repr(told))


def _tell_installer(who: Installer) -> object:
    kind = f"{type(who).__module__}.{type(who).__qualname__}"
    names: Iterable[str] | None = getattr(who, "__dataclass_fields__", None)
    if names is None:
        return kind, who.name, str(who.version), _tell_object(who)
    values = {name: getattr(who, name) for name in names}
    # The order of a set is another one in each process.
    plain = {name: sorted(map(str, value)) if isinstance(value, (set, frozenset)) else repr(value)
             for name, value in values.items()}  # fmt: skip
    return kind, plain, [_state(path) for path in values.values() if isinstance(path, Path)]


def _tell_requirement(requirement: Requirement) -> object:
    if isinstance(requirement, Wheel):
        return requirement.name, requirement.version, _bytes(requirement.path)
    name = os.fspath(requirement)
    return _bytes(Path(name)) if name.endswith(".whl") else name


def _tell_location(location: Location | None) -> object:
    if location is None:
        return None
    # A filesystem is told by where it is mounted: another of its name is mounted elsewhere.
    if isinstance(location, (str, os.PathLike)):
        return isinstance(location, Site), str(absolute(location))
    return _tell_object(location)


def _tell_object(thing: object) -> object:
    """Return what *thing* says it is; what says nothing is equal to itself alone, in here."""
    if type(thing).__repr__ is object.__repr__:
        return os.getpid(), id(thing)
    return repr(thing)


def _state(path: Path) -> object:
    try:
        told = path.stat()
    except OSError:
        return None
    return told.st_dev, told.st_ino, told.st_size, told.st_mtime_ns


def _bytes(path: Path) -> object:
    return str(absolute(path)) if _state(path) is None else _hash(path, _state(path))


@cache
def _hash(path: Path, _state: object) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
