"""The facts of whole trees in columns: device, inode, links, size, room and mode of each name.

Takes some 70 bytes for a name, where `scan` takes some 800 with the path and all times: for trees
of a million files.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .bulk import Bulk, Table
from .facts import BLOCK, Identity
from .scanning import BY_DESCRIPTOR, Problem, open_folder, reason_of

KIND = 0o170000  # S_IFMT, which stat(7) tells and Python has as a function alone


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of a tree, and which rows of its columns are of the names it holds."""

    path: str
    identity: Identity
    start: int
    stop: int
    joined: bytes  # the names, parted by NUL

    @property
    def names(self) -> list[str]:
        """The names it holds, in the order of the rows."""
        return os.fsdecode(self.joined).split("\0") if self.stop > self.start else []


@dataclass(frozen=True, slots=True)
class Row:
    """What `lstat` tells of one name; `allocated` and `size` in bytes."""

    path: str
    identity: Identity
    links: int
    size: int
    allocated: int
    mode: int


@dataclass(slots=True)
class Columns:
    """All that lies below one root, which is no row itself, in folders and columns."""

    root: str
    folders: list[Folder] = field(default_factory=list)
    table: Table = field(default_factory=Table)
    problems: list[Problem] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.table)

    def __iter__(self) -> Iterator[Row]:
        table = self.table
        for folder in self.folders:
            for number, name in enumerate(folder.names, folder.start):
                yield Row(
                    os.path.join(folder.path, name),  # noqa: PTH118 - as text
                    Identity(table.devices[number], table.inodes[number]),
                    table.links[number],
                    table.sizes[number],
                    table.blocks[number] * BLOCK,
                    table.modes[number],
                )


def read_columns(root: str | os.PathLike[str]) -> Columns:
    """Return the facts of everything below the folder *root*, each name looked at.

    No symlink below it is followed; mounts are entered. Raises `OSError` if *root* cannot be read.
    """
    columns = Columns(os.path.realpath(root))
    bulk = Bulk()
    left = [columns.root]
    while left:
        path = left.pop()
        try:
            inner = _read_folder(columns, bulk, path)
        except OSError as error:
            if path == columns.root:
                raise
            columns.problems.append(Problem(Path(path), reason_of(error)))
            continue
        base = path if path == os.sep else path + os.sep
        left += [base + name for name in inner]
    return columns


def _read_folder(columns: Columns, bulk: Bulk, path: str) -> list[str]:
    """Add what a folder holds; returns the folders in it."""
    start = len(columns)
    if BY_DESCRIPTOR:
        descriptor = open_folder(path)
        try:
            told = os.fstat(descriptor)
            names = _look(columns, bulk, path, descriptor, _list(descriptor))
        finally:
            os.close(descriptor)
    else:
        told = os.stat(path)  # noqa: PTH116 - beside listdir
        names = _look(columns, bulk, path, None, os.listdir(os.fsencode(path)))  # noqa: PTH208 - as bytes
    identity = Identity(told.st_dev, told.st_ino)
    columns.folders.append(Folder(path, identity, start, len(columns), b"\0".join(names)))
    modes = columns.table.modes[start:]
    of_folders = {mode for mode in set(modes) if mode & KIND == stat.S_IFDIR}
    if not of_folders:  # as most often
        return []
    return [
        os.fsdecode(name) for name, mode in zip(names, modes, strict=True) if mode in of_folders
    ]


def _list(descriptor: int) -> list[bytes]:
    """Return the names in an open folder, as bytes if that is possible without decoding them."""
    try:
        return os.listdir(b"/proc/self/fd/%d" % descriptor)  # noqa: PTH208 - as bytes
    except OSError:  # no /proc
        return [os.fsencode(name) for name in os.listdir(descriptor)]


def _look(
    columns: Columns, bulk: Bulk, path: str, descriptor: int | None, names: list[bytes]
) -> list[bytes]:
    """Add a row for each of *names*; returns those that could be looked at."""
    done = bulk.look(columns.table, descriptor, names)
    if done == len(names):
        return names
    seen = names[:done]
    for name in names[done:]:
        try:
            bulk.look_at(columns.table, path, descriptor, name)
        except OSError as error:
            columns.problems.append(Problem(Path(path, os.fsdecode(name)), reason_of(error)))
        else:
            seen.append(name)
    return seen
