"""Bytecode: `.pyc` files, the sources they were compiled from, and whether they still hold.

Nothing is imported or unmarshalled: the header says all (PEP 552), names say the rest (PEP 3147,
PEP 488). Only the header of this Python's own magic number is understood: of another's nothing is
guessed.
"""

import importlib.util
import os
import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from pytest_linkcheck.errors import LinkcheckError, hides_traceback
from pytest_linkcheck.links import Facts, Kind, resolve
from pytest_linkcheck.links.show import show_name

from .files import read_regular

__tracebackhide__ = hides_traceback

_NAME = re.compile(r"(?P<stem>.+?)(?:\.(?P<tag>[^.]+-[^.]+)(?:\.opt-(?P<level>\w+))?)?\.pyc")
_FOLDER = "__pycache__"
_HEADER = 16
_MAX_SOURCE = 64 << 20
_LOW = 0xFFFFFFFF  # times and sizes are kept modulo 2**32
_HASHED, _CHECKED = 0b01, 0b10


class Check(Enum):
    """How Python tells whether a `.pyc` still holds, when it imports it."""

    TIMESTAMP = "timestamp and size"
    CHECKED_HASH = "checked hash"
    UNCHECKED_HASH = "unchecked hash"  # it does not: what is there is run


class State(Enum):
    """Whether a `.pyc` is what its source would be compiled to now."""

    FRESH = "fresh"
    STALE = "stale"
    ORPHANED = "orphaned"  # there is no source
    BROKEN = "broken"  # no header that Python takes
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Pyc:
    """A `.pyc` file: where it lies, whose it is, and whether it holds.

    `tag` names the Python it is for (`cpython-311`), `level` the optimisation, empty for none.
    `reason` says why it is not fresh. `shared` says that it is no file of this place alone: its
    inode has more names, or it is reached through a symlink.
    """

    path: Path
    source: Path
    tag: str
    level: str
    facts: Facts
    check: Check | None
    state: State
    reason: str = ""
    shared: bool = False

    def __str__(self) -> str:
        told = f": {self.reason}" if self.reason else ""
        return f"{show_name(self.path)}: {self.state.value}{told}"


@dataclass(frozen=True, slots=True)
class Pycs:
    """The bytecode of a place, and what could not be looked at, a sentence each."""

    files: tuple[Pyc, ...]
    problems: tuple[str, ...]

    @property
    def size(self) -> int:
        """The bytes it takes, each inode counted once."""
        return _size(self.files)

    @property
    def shared(self) -> tuple[Pyc, ...]:
        """Those that are shared with another place."""
        return tuple(file for file in self.files if file.shared)

    @property
    def own(self) -> tuple[Pyc, ...]:
        """Those with an inode of their own."""
        return tuple(file for file in self.files if not file.shared)

    @property
    def own_size(self) -> int:
        """The bytes that those with an inode of their own take."""
        return _size(self.own)


def _size(files: Sequence[Pyc]) -> int:
    return sum({file.facts.identity: file.facts.size for file in files}.values())


def find_bytecode(
    folders: Sequence[Path], roots: Sequence[Path], prefix: Path | None = None
) -> Pycs:
    """Return the bytecode of the modules in *folders*, and below *prefix*, if that is given.

    Symlinks to folders are followed as long as they stay below *roots*. *prefix* is what
    PYTHONPYCACHEPREFIX names: Python then neither reads nor writes any `__pycache__`.

    Raises `LinkcheckError` if one of *folders* cannot be read.
    """
    files: list[Pyc] = []
    problems: list[str] = []
    real = [os.path.realpath(root) for root in roots]
    for folder in folders:
        for path in _walk(folder, real, problems):
            match = _NAME.fullmatch(path.name)
            if match is None:
                continue
            # Beside its source it is of the old kind, which `compileall -b` still makes.
            beside = path.parent.parent if path.parent.name == _FOLDER else path.parent
            source = beside / f"{match['stem']}.py"
            _add(files, problems, path, source, match, folder)
    if prefix is not None and os.path.lexists(prefix):
        for path in _walk(prefix, real, problems):
            if match := _NAME.fullmatch(path.name):
                source = Path(os.sep) / path.parent.relative_to(prefix) / f"{match['stem']}.py"
                if any(source.is_relative_to(folder) for folder in folders):
                    _add(files, problems, path, source, match, prefix)
    return Pycs(tuple(sorted(files, key=lambda file: file.path)), tuple(problems))


def _add(  # noqa: PLR0913, PLR0917 - what is known of it by then
    files: list[Pyc],
    problems: list[str],
    path: Path,
    source: Path,
    match: re.Match[str],
    top: Path,
) -> None:
    found = resolve(path)
    if found.facts is None or found.facts.kind is not Kind.FILE:
        what = found.problem or f"{show_name(path)} is a {found.facts.kind.value}"  # type: ignore[union-attr]
        problems.append(what)
        return
    check, state, reason = _judge(found.facts, source)
    # A folder on the way may be the symlink: then the file belongs to whoever has the folder.
    straight = os.path.join(os.path.realpath(top), path.parent.relative_to(top))  # noqa: PTH118
    elsewhere = os.path.realpath(path.parent) != os.path.normpath(straight)
    shared = found.is_symlink or found.facts.links > 1 or elsewhere
    tag, level = match["tag"] or "", match["level"] or ""
    files.append(Pyc(path, source, tag, level, found.facts, check, state, reason, shared=shared))


def _judge(facts: Facts, source: Path) -> tuple[Check | None, State, str]:
    """Return how a `.pyc` is checked, what comes of it, and why."""
    try:
        header = read_regular(facts.path, _HEADER, cut=True)
    except OSError as error:
        return None, State.UNKNOWN, f"it cannot be read: {error.strerror}"
    if len(header) < _HEADER:
        return None, State.BROKEN, f"its header has {len(header)} bytes of {_HEADER}"
    if header[:4] != importlib.util.MAGIC_NUMBER:
        ours, theirs = (
            int.from_bytes(magic[:2], "little") for magic in (importlib.util.MAGIC_NUMBER, header)
        )
        if header[2:4] != b"\r\n":
            return None, State.BROKEN, "it has no magic number of any Python"
        reason = f"compiled by another Python: its magic number is {theirs}, ours {ours}"
        return None, State.UNKNOWN, reason
    flags, first, second = struct.unpack("<III", header[4:])
    if flags & ~(_HASHED | _CHECKED):
        return None, State.BROKEN, f"its flags {flags:#x} are none that Python knows"
    check = Check.TIMESTAMP
    if flags & _HASHED:
        check = Check.CHECKED_HASH if flags & _CHECKED else Check.UNCHECKED_HASH
    return check, *_compare(source, check, (first, second), header[8:])


def _compare(
    source: Path, check: Check, numbers: tuple[int, int], digest: bytes
) -> tuple[State, str]:
    found = resolve(source)
    if found.facts is None:
        absent = not os.path.lexists(source)
        state = State.ORPHANED if absent else State.UNKNOWN
        return state, f"{show_name(source.name)} is gone" if absent else found.problem
    if found.facts.kind is not Kind.FILE:
        return State.UNKNOWN, f"{show_name(source.name)} is a {found.facts.kind.value}"
    if check is not Check.TIMESTAMP:
        try:
            data = read_regular(found.facts.path, _MAX_SOURCE)
        except OSError as error:
            reason = f"{show_name(source.name)} cannot be read: {error.strerror}"
            return State.UNKNOWN, reason
        if importlib.util.source_hash(data) == digest:
            return State.FRESH, ""
        run = ", and is run all the same" if check is Check.UNCHECKED_HASH else ""
        return State.STALE, f"its {check.value} is not that of {show_name(source.name)}{run}"
    mtime = found.facts.mtime_ns // 1_000_000_000 & _LOW
    if mtime != numbers[0]:
        told = f"compiled from a source of time {numbers[0]}, {show_name(source.name)} has {mtime}"
        return State.STALE, told
    size = found.facts.size & _LOW
    if size != numbers[1]:
        told = f"compiled from a source of {numbers[1]} bytes, {show_name(source.name)} has {size}"
        return State.STALE, told
    return State.FRESH, ""


def _walk(folder: Path, roots: Sequence[str], problems: list[str]) -> Iterator[Path]:
    """Yield what lies below *folder* and is no folder; note what cannot be looked into."""
    pending, seen = [str(folder)], set()
    while pending:
        current = pending.pop()
        real = os.path.realpath(current)
        if real in seen:
            continue
        seen.add(real)
        try:
            with os.scandir(current) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            if current == str(folder):
                raise LinkcheckError(
                    f"{show_name(folder)} cannot be read: {error.strerror}"
                ) from None
            problems.append(f"{show_name(current)} cannot be read: {error.strerror}")
            continue
        for entry in listed:
            if entry.is_dir(follow_symlinks=False):
                pending.append(entry.path)
            elif entry.is_symlink() and entry.is_dir():
                if _is_below(os.path.realpath(entry.path), roots):
                    pending.append(entry.path)
                else:
                    problems.append(
                        f"{show_name(entry.path)} is a symlink to a folder elsewhere: not followed"
                    )
            else:
                yield Path(entry.path)


def _is_below(path: str, roots: Sequence[str]) -> bool:
    return any(path == root or path.startswith(root + os.sep) for root in roots)


def expected_tag(site_packages: Path) -> str | None:
    """Return the tag of the bytecode that the Python of *site_packages* looks for.

    `None` where its folder does not say: that of CPython follows from `lib/python3.11`.
    """
    match = re.fullmatch(r"python(\d+)\.(\d+)", site_packages.parent.name)
    return f"cpython-{match[1]}{match[2]}" if match else None
