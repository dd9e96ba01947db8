"""A walk of folders that gives the facts of all that lies under them, and names what it missed.

No symlink under a root is followed; a root that is a symlink is, as its user means the folder.
Mounts under a root are entered, as `find` and `du` enter them. Folders are opened and listed by
descriptor, so one that is swapped for a symlink while it is being read leads nowhere else.
"""

import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

from .facts import Facts, Identity, Kind, facts_of_stat, kind_of
from .show import show_name

_OPEN = (
    os.O_RDONLY
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_DIRECTORY", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
)
BY_DESCRIPTOR = os.scandir in os.supports_fd and os.open in os.supports_dir_fd
# Less than PATH_MAX, 4096 bytes with the NUL: longer paths are opened a stretch at a time.
_STRETCH = 4000


# A directory entry: the folder's identity and the name in it.
Key = tuple[Identity, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One directory entry: what stands there, and the folder that holds the name.

    `key` tells two names of a file (hard links) from one name seen twice (by overlapping roots,
    a bind mount, a symlinked folder). A root itself is held by no folder: its key is its own.
    `facts` come from `lstat`: birth time and mount number are `None` on Linux.
    """

    facts: Facts
    folder: Identity | None

    @property
    def key(self) -> Key:
        """What makes this directory entry itself: the folder's identity and the name in it."""
        if self.folder is None:
            return self.facts.identity, ""
        return self.folder, self.facts.path.name


@dataclass(frozen=True, slots=True)
class Problem:
    """What a walk could not read, and why; whatever lies there is missing from the result."""

    path: Path
    reason: str

    def __str__(self) -> str:
        return f"{show_name(self.path)}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Scan:
    """What lies under one root, the root first, each folder before what it holds."""

    root: Path
    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]


def scan(root: str | os.PathLike[str]) -> Scan:
    """Walk *root*, a folder or a single file, and return the facts of everything under it.

    What cannot be read (a folder without permission, an entry that vanished meanwhile, a folder
    replaced under way) becomes a problem. Raises `OSError` only for the root itself.
    """
    start = Path(root)
    told = os.lstat(start)
    if kind_of(told.st_mode) is Kind.SYMLINK and start.is_dir():
        told = os.stat(start)  # noqa: PTH116 - beside lstat
    entries = [Entry(facts_of_stat(start, told), _holder(start, told))]
    problems: list[Problem] = []
    stack = [entries[0].facts] if entries[0].facts.kind is Kind.DIRECTORY else []
    while stack:
        folder = stack.pop()
        held, missed = _list(folder, follow=folder is entries[0].facts)
        entries.extend(held)
        problems.extend(missed)
        # Reversed, so that folders are taken up in the order they were listed in.
        stack.extend(entry.facts for entry in reversed(held) if entry.facts.kind is Kind.DIRECTORY)
    return Scan(start, tuple(entries), tuple(problems))


def _holder(path: Path, told: os.stat_result) -> Identity | None:
    """Return the folder that holds the root *path*, where the root is a file.

    A folder is known by itself: no two names lead to it but by symlinks and mounts.
    """
    if kind_of(told.st_mode) is Kind.DIRECTORY:
        return None
    parent = os.stat(path.parent)  # noqa: PTH116 - follows
    return Identity(parent.st_dev, parent.st_ino)


def _list(folder: Facts, *, follow: bool) -> tuple[list[Entry], list[Problem]]:
    """Return what *folder* holds, by name, and what of it could not be read."""
    entries: list[Entry] = []
    problems: list[Problem] = []
    try:
        listing = sorted(_read(folder, follow=follow), key=itemgetter(0))
    except OSError as error:
        return [], [Problem(folder.path, reason_of(error))]
    for name, told in listing:
        path = folder.path / name
        try:
            if isinstance(told, OSError):
                raise told
            entries.append(Entry(facts_of_stat(path, told), folder.identity))
        except OSError as error:
            problems.append(Problem(path, reason_of(error)))
    return entries, problems


def _read(folder: Facts, *, follow: bool) -> Iterator[tuple[str, os.stat_result | OSError]]:
    if not BY_DESCRIPTOR:  # Windows
        with os.scandir(folder.path) as listing:
            # DirEntry.stat has neither inode nor links there.
            yield from ((entry.name, _look(entry.path)) for entry in listing)
        return
    descriptor = open_folder(folder.path, follow=follow)
    try:
        now = os.fstat(descriptor)
        if Identity(now.st_dev, now.st_ino) != folder.identity:
            raise OSError(0, "replaced while being read", str(folder.path))
        with os.scandir(descriptor) as listing:
            yield from ((entry.name, _look_at(entry)) for entry in listing)
    finally:
        os.close(descriptor)


def _look_at(entry: os.DirEntry[str]) -> os.stat_result | OSError:
    try:
        return entry.stat(follow_symlinks=False)
    except OSError as error:
        return error


def _look(path: str) -> os.stat_result | OSError:
    try:
        return os.lstat(path)
    except OSError as error:
        return error


def open_folder(path: str | os.PathLike[str], *, follow: bool = False) -> int:
    """Open the folder *path*, however long its path is; returns the file descriptor.

    With *follow* a symlink at its end is followed. Raises `OSError` as `os.open` does.
    """
    flags = _OPEN & ~getattr(os, "O_NOFOLLOW", 0) if follow else _OPEN
    try:
        return os.open(path, flags)
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
    stretches = list(_stretches(os.fsencode(path)))
    descriptor = None
    try:
        for stretch in stretches:
            inner = os.open(stretch, flags, dir_fd=descriptor)
            if descriptor is not None:
                os.close(descriptor)
            descriptor = inner
    except OSError:
        if descriptor is not None:
            os.close(descriptor)
        raise
    assert descriptor is not None  # noqa: S101 - a path that is too long has parts
    return descriptor


def _stretches(path: bytes) -> Iterator[bytes]:
    """Cut *path* at slashes into paths, each relative to the one before, that are short enough."""
    while len(path) > _STRETCH:
        cut = path.rfind(b"/", 1, _STRETCH)
        if cut <= 0:  # a single name that is too long: the kernel says so
            break
        yield path[:cut]
        path = path[cut + 1 :].lstrip(b"/")
    yield path


def reason_of(error: OSError) -> str:
    """Return why something could not be read."""
    if error.errno == errno.ENOENT:
        return "vanished while being read"
    return error.strerror or str(error)
