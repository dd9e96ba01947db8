"""Reading one folder fast: names and inode numbers as its listing tells them, without any stat.

A listing brings a number for each name (`d_ino`, readdir(3)). On some filesystems it is another one
than that of stat: on overlay, on FUSE, where something is mounted. So it counts only where the type
of the filesystem is known for true numbers and for one device in all of a folder, where nothing is
mounted on a name of the folder, and where a first look at each folder has shown it to be true.
Everywhere else each name is looked at by stat.
"""

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from .facts import Identity
from .mounts import Mount, mount_of_path, read_mounts
from .scan import BY_DESCRIPTOR, Problem, open_folder, reason_of

# Numbers of folders were held against those of stat on each of these, with snapshots and
# subvolumes, bind mounts of folders and of files: tests/links/test_listing.py.
_TRUE = frozenset({"btrfs", "ext2", "ext3", "ext4", "tmpfs", "xfs"})
_CHUNK = 4096  # names whose stat is held at a time


class UntrueError(Exception):
    """A listing told a number that stat does not tell: all has to be looked at again by stat."""


# A number alone is of the folder's own device.
Number = int | Identity


@dataclass(slots=True)
class Listing:
    """What one folder holds.

    `numbers` are by name, of all that are no folders; those that stat showed on another device
    than the folder's are whole identities. `true` says that device and number make one file.
    """

    identity: Identity
    numbers: dict[str, Number] = field(default_factory=dict)
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
        self._with_mounts = {os.path.dirname(mount.point) for mount in self._mounts}  # noqa: PTH120 - as text
        self._by_stat = by_stat or not self._mounts
        self._devices: dict[int, bool] = {}

    @property
    def is_over(self) -> bool:
        """Whether the mounts are no longer those of the start: what was listed may be untrue."""
        return not self._by_stat and read_mounts() != self._mounts

    def list(self, path: str) -> Listing:
        """Return what the folder *path*, with no symlink on the way to it, holds.

        Raises `UntrueError`, and `OSError` if it cannot be read.
        """
        descriptor = open_folder(path) if BY_DESCRIPTOR else None
        try:
            told = os.stat(path if descriptor is None else descriptor)  # noqa: PTH116 - by descriptor
            identity = Identity(told.st_dev, told.st_ino)
            listing = Listing(identity, true=self._knows(path, identity))
            with os.scandir(path if descriptor is None else descriptor) as entries:
                if listing.true and not self._by_stat and path not in self._with_mounts:
                    _take_numbers(listing, entries)
                else:
                    _take_stats(listing, path, entries)
        finally:
            if descriptor is not None:
                os.close(descriptor)
        return listing

    def _knows(self, path: str, identity: Identity) -> bool:
        """Return whether the filesystem of a folder is one of those known for true numbers."""
        if identity.device not in self._devices:
            mount = _mount_at(path)
            self._devices[identity.device] = mount is not None and mount.type in _TRUE
        return self._devices[identity.device]


def _mount_at(path: str) -> Mount | None:
    try:
        return mount_of_path(path)
    except OSError:  # gone, or too long a path
        return None


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


def _take_numbers(listing: Listing, entries: Iterable["os.DirEntry[str]"]) -> None:
    held = list(entries)
    numbers: dict[str, Number] = {entry.name: entry.inode() for entry in held}
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
            return
        if (told.st_dev, told.st_ino) != (listing.identity.device, probed.inode()):
            raise UntrueError(probed.name)


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
