"""Reading one folder fast: names and inode numbers as its listing tells them, without any stat.

A listing brings a number for each name (`d_ino`, readdir(3)). On some filesystems it is another one
than that of stat: on overlay, on FUSE, where something is mounted. So it counts only where the type
of the filesystem is known for true numbers and for one device in all of a folder, where no name in
the folder is one that something is mounted on, wherever that lies (folders are moved, and symlinks
put in their place), and where a first look at each folder has shown it to be true. Everywhere else
each name is looked at by stat.
"""

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TypeVar

from .facts import Identity, read_facts
from .mounts import Mount, mount_of, read_mounts
from .scanning import BY_DESCRIPTOR, Problem, open_folder, reason_of

# Numbers of folders were held against those of stat on each of these, with snapshots and
# subvolumes, bind mounts of folders and of files: tests/links/test_listing.py.
TRUE = frozenset({"btrfs", "ext2", "ext3", "ext4", "tmpfs", "xfs"})
_CHUNK = 4096  # names whose stat is held at a time


class UntrueError(Exception):
    """A listing told a number that stat does not tell: all has to be looked at again by stat."""


# A number alone is of the folder's own device.
Number = int | Identity
_T = TypeVar("_T")


@dataclass(slots=True)
class OpenFolder:
    """A folder that is open, and what it holds.

    `mount` is that of its device, `None` where it cannot be told. `listed` says that the numbers of
    `entries` are true, but for names that are `mounted` somewhere.
    """

    path: str
    device: int
    inode: int
    mount: Mount | None
    listed: bool
    mounted: frozenset[str]
    entries: Iterator["os.DirEntry[str]"]


@dataclass(slots=True)
class Listing:
    """What one folder holds.

    `numbers` are by name, of all that are no folders; those of the names that stat showed on
    another device than the folder's, `foreign` ones, are whole identities. `true` says that device
    and number make one file, of all but these.
    """

    identity: Identity
    numbers: dict[str, Number] = field(default_factory=dict)
    foreign: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    true: bool = False

    def identity_of(self, name: str) -> Identity:
        """Return the identity of what stands under *name*."""
        number = self.numbers[name]
        return number if isinstance(number, Identity) else Identity(self.identity.device, number)


class Lister:
    """Reads folders, by listings alone where that is true; *by_stat* looks at each name."""

    def __init__(self, *, by_stat: bool = False) -> None:
        self._mounts = read_mounts()
        points = (mount.point for mount in self._mounts)
        self._mounted = frozenset(point.rpartition(os.sep)[2] for point in points)
        self._by_stat = by_stat or not self._mounts
        self._of_device: dict[int, Mount] = {}

    @property
    def is_over(self) -> bool:
        """Whether the mounts are no longer those of the start: what was listed may be untrue."""
        return not self._by_stat and read_mounts() != self._mounts

    def visit(self, path: str, take: Callable[[OpenFolder], _T]) -> _T:
        """Open the folder *path*, with no symlink on the way to it, and return what *take* says.

        Raises `OSError` if it cannot be read.
        """
        descriptor = open_folder(path) if BY_DESCRIPTOR else None
        try:
            told = os.stat(path if descriptor is None else descriptor)  # noqa: PTH116 - by descriptor
            device, inode = told.st_dev, told.st_ino
            mount = self._of_device.get(device) or self._find_mount(path, device, inode)
            listed = not self._by_stat and mount is not None and mount.type in TRUE
            with os.scandir(path if descriptor is None else descriptor) as entries:
                return take(OpenFolder(path, device, inode, mount, listed, self._mounted, entries))
        finally:
            if descriptor is not None:
                os.close(descriptor)

    def list(self, path: str) -> Listing:
        """Return what the folder *path*, with no symlink on the way to it, holds.

        Raises `UntrueError`, and `OSError` if it cannot be read.
        """
        return self.visit(path, _list)

    def _find_mount(self, path: str, device: int, inode: int) -> Mount | None:
        """Return the mount of a device, by a folder on it: if that is still the one opened."""
        try:
            facts = read_facts(path)
        except OSError:  # gone, or too long a path
            return None
        if facts.identity != Identity(device, inode):  # put in its place since
            return None
        mount = mount_of(facts, self._mounts)
        if mount is not None:
            self._of_device[device] = mount
        return mount


def twice(walk: Callable[[Lister], _T], *, by_stat: bool) -> _T:
    """Walk by listings; by stat instead where a listing was untrue, or mounts changed meanwhile."""
    lister = Lister(by_stat=by_stat)
    try:
        found = walk(lister)
    except UntrueError:
        return walk(Lister(by_stat=True))
    return walk(Lister(by_stat=True)) if lister.is_over else found


def _list(folder: OpenFolder) -> Listing:
    true = folder.mount is not None and folder.mount.type in TRUE
    listing = Listing(Identity(folder.device, folder.inode), true=true)
    held = _take_numbers(listing, folder) if folder.listed else folder.entries
    _take_stats(listing, folder.path, held)
    return listing


def look_at(
    folder: str, entries: Iterable["os.DirEntry[str]"]
) -> Iterator[tuple[list[str], list[os.stat_result], list[Problem]]]:
    """Yield names and what stat says of them, some thousand at a time, and what it refused."""
    iterator = iter(entries)
    while chunk := list(islice(iterator, _CHUNK)):
        try:
            told = [entry.stat(follow_symlinks=False) for entry in chunk]
        except OSError:
            yield _look_at_each(folder, chunk)
        else:
            yield [entry.name for entry in chunk], told, []


def _look_at_each(
    folder: str, chunk: list["os.DirEntry[str]"]
) -> tuple[list[str], list[os.stat_result], list[Problem]]:
    names: list[str] = []
    told: list[os.stat_result] = []
    problems: list[Problem] = []
    for entry in chunk:
        try:
            told.append(entry.stat(follow_symlinks=False))
        except OSError as error:
            problems.append(Problem(Path(folder, entry.name), reason_of(error)))
        else:
            names.append(entry.name)
    return names, told, problems


def _take_numbers(listing: Listing, folder: OpenFolder) -> list["os.DirEntry[str]"]:
    """Take what the folder's listing tells; returns what has to be looked at."""
    held = list(folder.entries)
    numbers: dict[str, Number] = {entry.name: entry.inode() for entry in held}
    if not numbers.keys().isdisjoint(folder.mounted):
        return held
    # No stat: the listing tells the kind as well, on all of these filesystems.
    listing.folders = [entry.name for entry in held if entry.is_dir(follow_symlinks=False)]
    for name in listing.folders:
        del numbers[name]
    listing.numbers = numbers
    probed = next((entry for entry in held if entry.name in numbers), None)
    if probed is not None:
        try:
            told = probed.stat(follow_symlinks=False)
        except FileNotFoundError:  # gone since: it tells nothing
            return []
        if (told.st_dev, told.st_ino) != (listing.identity.device, probed.inode()):
            raise UntrueError(probed.name)
    return []


def _take_stats(listing: Listing, folder: str, entries: Iterable["os.DirEntry[str]"]) -> None:
    device = listing.identity.device
    for names, stats, problems in look_at(folder, entries):
        listing.problems += problems
        for name, told in zip(names, stats, strict=True):
            if stat.S_ISDIR(told.st_mode):
                listing.folders.append(name)
            elif told.st_dev == device:
                listing.numbers[name] = told.st_ino
            else:
                listing.numbers[name] = Identity(told.st_dev, told.st_ino)
                listing.foreign.append(name)
