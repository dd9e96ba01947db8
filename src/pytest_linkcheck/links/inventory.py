"""A walk that counts names by inode and owner: what `take_stock` adds up.

Where listings are true (`listing.py`), few names are looked at: the first of an inode and the one
that completes its link count, so that what all names were found of had that count both times; and
one in each folder, which proves the listing. The others are counted by their number.
"""

import os
import stat
from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .columns import KIND
from .listing import TRUE, Lister, OpenFolder, UntrueError, look_at
from .mounts import Mount, mount_of_path
from .scanning import Problem, reason_of

EXACT = TRUE  # Link counts of these are exact as well.


def _no_rows() -> "array[int]":
    return array("I")


@dataclass(slots=True)
class Files:
    """The regular files of one device, a row for each, and whose names they have.

    `links` are 0 where they are not known, `blocks` are of 512 bytes. `names` counts the names of a
    row; `roots` and `groups` have its number once for each name that is theirs. `changed` are rows
    of which stat told two link counts. A million files are nothing rare: hence arrays.
    """

    mount: Mount | None
    links: "array[int]" = field(default_factory=_no_rows)
    blocks: "array[int]" = field(default_factory=lambda: array("Q"))
    names: "array[int]" = field(default_factory=_no_rows)
    roots: defaultdict[str, "array[int]"] = field(default_factory=lambda: defaultdict(_no_rows))
    groups: defaultdict[str, "array[int]"] = field(default_factory=lambda: defaultdict(_no_rows))
    changed: set[int] = field(default_factory=set)
    _row_of: dict[int, int] = field(default_factory=dict)

    def count(self, inode: int) -> int:
        """Count one more name of *inode*; returns its row."""
        row = self._row_of.get(inode)
        if row is None:
            row = self._row_of[inode] = len(self.names)
            self.links.append(0)
            self.blocks.append(0)
            self.names.append(1)
        else:
            self.names[row] += 1
        return row

    def note(self, row: int, told: os.stat_result) -> None:
        """Take down what stat tells of a row."""
        if self.links[row] not in {0, told.st_nlink}:
            self.changed.add(row)
        self.links[row] = told.st_nlink
        self.blocks[row] = getattr(told, "st_blocks", 0)


class Inventory:
    """What was found under some roots, each name once; *owners* are by real folder and name."""

    def __init__(self, lister: Lister, owners: Mapping[str, Mapping[str, str]]) -> None:
        self.problems: list[Problem] = []
        self._lister = lister
        self._owners = owners
        self._files: dict[tuple[int, int], Files] = {}
        self._seen: set[tuple[int, int]] = set()
        self._root = ""

    @property
    def files(self) -> Iterable[Files]:
        """The files of each device."""
        # A device may stand there more than once: by its own folders, and by other ones.
        return {id(files): files for files in self._files.values()}.values()

    def add(self, root: str) -> None:
        """Walk *root*, a real path; raises `UntrueError`, and `OSError` if it cannot be read."""
        self._root = root
        left = [root]
        while left:
            path = left.pop()
            try:
                inner = self._lister.visit(path, self._take)
            except OSError as error:
                if path == root:
                    raise
                self.problems.append(Problem(Path(path), reason_of(error)))
            else:
                base = path if path == os.sep else path + os.sep
                left += [base + name for name in inner]

    def _take(self, folder: OpenFolder) -> list[str]:
        """Count what a folder holds; returns the names of the folders in it."""
        here = folder.device, folder.inode
        if here in self._seen:  # another root has it, or a bind mount shows it again
            return [entry.name for entry in folder.entries if entry.is_dir(follow_symlinks=False)]
        self._seen.add(here)
        return self._by_listing(folder) if folder.listed else self._by_stat(folder, folder.entries)

    def _by_listing(self, folder: OpenFolder) -> list[str]:
        held = list(folder.entries)
        # No stat: the listing tells the kind as well, on all of these filesystems.
        entries = [entry for entry in held if entry.is_file(follow_symlinks=False)]
        names = [entry.name for entry in entries]
        if not folder.mounted.isdisjoint(names):
            return self._by_stat(folder, held)
        if entries:
            files = self._files_of(folder, folder.device, "")
            rows = list(map(files.count, [entry.inode() for entry in entries]))
            links, counts = files.links, files.names
            asked = [at for at, row in enumerate(rows) if links[row] in {0, counts[row]}]
            gone = [
                at for at in asked or (0,) if not self._look(folder, files, entries[at], rows[at])
            ]
            for at in reversed(gone):
                counts[rows[at]] -= 1
                del names[at], rows[at]
            self._own(folder, files, names, rows)
        return [entry.name for entry in held if entry.is_dir(follow_symlinks=False)]

    def _look(self, folder: OpenFolder, files: Files, entry: "os.DirEntry[str]", row: int) -> bool:
        """Look at a name that the listing has; whether it is still there."""
        try:
            told = entry.stat(follow_symlinks=False)
        except OSError as error:
            self.problems.append(Problem(Path(folder.path, entry.name), reason_of(error)))
            return False
        if (
            told.st_ino != entry.inode()
            or told.st_dev != folder.device
            or told.st_mode & KIND != stat.S_IFREG
        ):
            raise UntrueError(entry.name)
        files.note(row, told)
        return True

    def _by_stat(self, folder: OpenFolder, entries: Iterable["os.DirEntry[str]"]) -> list[str]:
        inner = []
        for names, stats, problems in look_at(folder.path, entries):
            self.problems += problems
            for name, told in zip(names, stats, strict=True):
                kind = told.st_mode & KIND
                if kind == stat.S_IFDIR:
                    inner.append(name)
                elif kind == stat.S_IFREG:
                    files = self._files_of(folder, told.st_dev, name)
                    row = files.count(told.st_ino)
                    files.note(row, told)
                    self._own(folder, files, [name], [row])
        return inner

    def _own(self, folder: OpenFolder, files: Files, names: list[str], rows: list[int]) -> None:
        files.roots[self._root].extend(rows)
        if held := self._owners.get(folder.path):
            for name, row in zip(names, rows, strict=True):
                if name in held:
                    files.groups[held[name]].append(row)

    def _files_of(self, folder: OpenFolder, device: int, name: str) -> Files:
        """Return the files of *device*, which that of *name* in *folder* lies on."""
        key = (folder.device, device)
        files = self._files.get(key)
        if files is None:
            mount = folder.mount if device == folder.device else _mount_at(folder.path, name)
            files = Files(mount)
            # A file is mounted on the name, which has its number on its own device; or, as overlay
            # does it, numbers of a layer are shown, which are no proof that it is the layer's file.
            if mount is not None and mount.type in EXACT:
                files = self._files.setdefault((device, device), files)
            self._files[key] = files
        elif files.mount is None:
            files.mount = folder.mount if device == folder.device else None
        return files


def _mount_at(folder: str, name: str) -> Mount | None:
    try:
        return mount_of_path(os.path.join(folder, name))  # noqa: PTH118 - as text
    except OSError:
        return None
