"""Finding the names of a file: a link count says how many there are, not where."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from .facts import Identity


def find_names(identity: Identity, roots: Iterable[str | os.PathLike[str]]) -> list[Path]:
    """Return every name of the file *identity* under *roots*, each directory entry once.

    Symlinks are not followed. Folders that cannot be read hold names that are not found: an
    empty answer proves nothing.
    """
    names: dict[str, Path] = {}
    for root in roots:
        for entry in _walk(root):
            if _is(entry, identity):
                names.setdefault(os.path.realpath(entry), Path(entry))
    return sorted(names.values())


def _walk(root: str | os.PathLike[str]) -> Iterator[str]:
    for folder, _, files in os.walk(root):
        for name in files:
            yield os.path.join(folder, name)  # noqa: PTH118 - a Path for each is slow


def _is(path: str, identity: Identity) -> bool:
    try:
        told = os.lstat(path)
    except OSError:
        return False
    return told.st_ino == identity.inode and told.st_dev == identity.device
