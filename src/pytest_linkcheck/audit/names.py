"""How many names in an environment each inode has."""

import os
import stat
from collections import Counter
from pathlib import Path

from pytest_linkcheck.links import Identity
from pytest_linkcheck.links.scanning import open_folder
from pytest_linkcheck.steps import look_at

_BY_DESCRIPTOR = os.scandir in os.supports_fd  # not on Windows


def count_names(root: Path, *, but: Path) -> tuple[Counter[Identity], bool]:
    """Count the names below *root* of each inode that has several anywhere, save below *but*.

    Also returns whether something could not be read, so that there may be more. No symlink below
    *root* is followed, and no folder that took the place of another meanwhile.
    """
    counts: Counter[Identity] = Counter()
    hidden = False
    stack: list[tuple[str, Identity | None]] = [(os.fspath(root), None)]
    left_out = _identity(but)
    while stack:
        path, identity = stack.pop()
        look_at(path)
        try:
            entries = _list(path, identity)
        except OSError:
            hidden = True
            continue
        for name, told in entries:
            if told is None:
                hidden = True
            elif stat.S_ISDIR(told.st_mode):
                inner = Identity(told.st_dev, told.st_ino)
                below = f"{path}{os.sep}{name}"
                if inner != left_out and below != os.fspath(but):
                    stack.append((below, inner))
            elif told.st_nlink > 1:
                counts[Identity(told.st_dev, told.st_ino)] += 1
    return counts, hidden


def _identity(path: Path) -> Identity | None:
    look_at(path)
    try:
        told = os.stat(path)  # noqa: PTH116 - beside the others
    except OSError:
        return None
    return Identity(told.st_dev, told.st_ino)


def _list(path: str, identity: Identity | None) -> list[tuple[str, os.stat_result | None]]:
    """Return what is in the folder *path* and what `lstat` says of it, if that can be told.

    The folder must be the one of *identity*; without one it is the root, which may be a symlink.
    """
    if not _BY_DESCRIPTOR:
        with os.scandir(path) as listing:
            # What scandir tells has neither inode nor links there.
            return [(entry.name, _look(entry.path)) for entry in listing]
    descriptor = open_folder(path, follow=identity is None)
    try:
        now = os.fstat(descriptor)
        if identity not in {None, Identity(now.st_dev, now.st_ino)}:
            raise OSError(0, "replaced while being read", path)
        return [(name, _look(name, descriptor)) for name in os.listdir(descriptor)]  # noqa: PTH208
    finally:
        os.close(descriptor)


def _look(name: str, folder: int | None = None) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except OSError:
        return None
