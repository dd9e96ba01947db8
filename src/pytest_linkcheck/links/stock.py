"""Bytes of many trees by owner, from link counts alone: what is own, what is shared.

For hundreds of environments and the cache under them. No file is opened, so it is not seen which
blocks are common to two inodes: where a filesystem can have such, what looks like own is `unknown`,
and `measure` tells. A tree is forgotten once it was counted; what is held are numbers per inode.
"""

import errno
import os
import stat
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import compress

from .columns import KIND, Columns, read_columns
from .facts import BLOCK, Identity
from .mounts import Mount, mount_of_path
from .scan import Problem

# Link counts of these are exact. Of the first, no two inodes have a block in common; nor of the
# second while the filesystem can be written to: the kernel mounts an image with shared blocks
# (EXT4_FEATURE_RO_COMPAT_SHARED_BLOCKS, unknown to it) only for reading.
_NEVER_COMMON = frozenset({"tmpfs"})
_COMMON_IF_READ_ONLY = frozenset({"ext2", "ext3", "ext4"})
_EXACT = _NEVER_COMMON | _COMMON_IF_READ_ONLY | {"btrfs", "xfs"}


@dataclass(slots=True)
class Share:
    """What one owner has: regular files and their names; bytes by `st_blocks`, each inode once.

    `on_disk` is the sum of `own` (all its names are the owner's, and no other inode can have its
    blocks), `shared` (some names are not the owner's) and `unknown`. `elsewhere` is the part of
    `shared` of which no walked tree has all the other names.
    """

    files: int = 0
    names: int = 0
    on_disk: int = 0
    own: int = 0
    shared: int = 0
    elsewhere: int = 0
    unknown: int = 0


@dataclass(slots=True)
class Stock:
    """The share of each group, of each root, and of all roots together.

    `notes` say why bytes are unknown.
    """

    groups: dict[str, Share] = field(default_factory=dict)
    roots: dict[str, Share] = field(default_factory=dict)
    total: Share = field(default_factory=Share)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Device:
    """The regular files of one device, by inode, and whose names they have."""

    mount: Mount | None
    links: dict[int, int] = field(default_factory=dict)
    blocks: dict[int, int] = field(default_factory=dict)
    names: Counter[int] = field(default_factory=Counter)
    owned: defaultdict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))

    @property
    def doubt(self) -> str:
        """Why it is not known what is shared at all; empty if it is."""
        if self.mount is None:
            return "the mount cannot be told"
        kind = self.mount.type
        return "" if kind in _EXACT else f"link counts are not exact on {kind}"

    @property
    def doubt_of_own(self) -> str:
        """Why what has no other names may be shared nevertheless; empty if it is not."""
        if self.mount is None or self.doubt:
            return self.doubt
        kind = self.mount.type
        if kind in _NEVER_COMMON or (
            kind in _COMMON_IF_READ_ONLY and "rw" in self.mount.super_options
        ):
            return ""
        return f"{kind} can have blocks in common, which were not looked at: measure() does"


def take_stock(
    roots: Iterable[str | os.PathLike[str]], groups: Mapping[str, Iterable[str]] | None = None
) -> Stock:
    """Walk the folders *roots* and return who has how many bytes of its own.

    *groups* are paths of files below the roots, by who owns them; of a path that is listed twice
    the first owner counts. Roots may overlap: each name counts once, for the first root that
    has it. Raises `OSError` for a root that cannot be read.
    """
    owners = _by_folder(groups or {})
    stock = Stock()
    devices: dict[int, _Device] = {}
    seen: set[Identity] = set()
    for root in dict.fromkeys(os.path.realpath(root) for root in roots):
        columns = read_columns(root)
        stock.problems += columns.problems
        _count(columns, devices, seen, owners)
        stock.roots[root] = Share()
    for group in groups or {}:
        stock.groups[group] = Share()
    notes: dict[str, None] = {}
    for device in devices.values():
        for owner, names in device.owned.items():
            kind, _, label = owner.partition(":")
            share = (stock.groups if kind == "group" else stock.roots)[label]
            _add(share, names, device, notes)
        _add(stock.total, device.names, device, notes)
    stock.notes = list(notes)
    return stock


def _by_folder(groups: Mapping[str, Iterable[str]]) -> dict[str, dict[str, str]]:
    """Return by real folder and name who owns what."""
    resolved: dict[str, str] = {}
    real: dict[str, dict[str, str]] = {}
    found: dict[str, dict[str, str]] = {}
    for group, paths in groups.items():
        for path in paths:
            folder, _, name = path.rpartition(os.sep)
            held = found.get(folder)
            if held is None:
                held = found[folder] = real.setdefault(_resolve(folder, resolved), {})
            held.setdefault(name, group)
    return real


def _resolve(folder: str, known: dict[str, str]) -> str:
    """Return where *folder* really is, asking once for each folder on the way."""
    if folder in known:
        return known[folder]
    above, _, name = folder.rpartition(os.sep)
    if not above or name in {"", os.curdir, os.pardir}:
        real = os.path.realpath(folder)
    else:
        real = f"{_resolve(above, known)}{os.sep}{name}"
        try:
            os.readlink(real)  # noqa: PTH115 - as text
        except OSError as error:
            if error.errno != errno.EINVAL:  # EINVAL: it is no symlink
                real = os.path.realpath(real)
        else:
            real = os.path.realpath(real)
    known[folder] = real
    return real


def _count(
    columns: Columns,
    devices: dict[int, _Device],
    seen: set[Identity],
    owners: Mapping[str, Mapping[str, str]],
) -> None:
    table = columns.table
    regular = bytearray(mode & KIND == stat.S_IFREG for mode in table.modes)
    owned: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
    for folder in columns.folders:
        if folder.identity in seen:  # another root has it, or a bind mount shows it again
            regular[folder.start : folder.stop] = bytes(folder.stop - folder.start)
            continue
        seen.add(folder.identity)
        if held := owners.get(folder.path):
            for row, name in enumerate(folder.names, folder.start):
                if name in held and regular[row]:
                    owned[table.devices[row], held[name]].append(table.inodes[row])
    numbers = set(table.devices)
    for number in numbers:
        here = regular if len(numbers) == 1 else _only_of(number, regular, columns)
        inodes = list(compress(table.inodes, here))
        if not inodes:
            continue
        if number not in devices:
            devices[number] = _Device(_mount_of_row(columns, here.index(1)))
        device = devices[number]
        device.links.update(zip(inodes, compress(table.links, here), strict=True))
        device.blocks.update(zip(inodes, compress(table.blocks, here), strict=True))
        device.names.update(inodes)
        device.owned[f"root:{columns.root}"].update(inodes)
    for (number, group), inodes in owned.items():
        devices[number].owned[f"group:{group}"].update(inodes)


def _only_of(device: int, regular: bytearray, columns: Columns) -> bytearray:
    """Return which of the regular files are of *device*."""
    devices = columns.table.devices
    return bytearray(
        is_file and number == device for is_file, number in zip(regular, devices, strict=True)
    )


def _mount_of_row(columns: Columns, row: int) -> Mount | None:
    """Return the mount of one name, or `None`."""
    at = bisect_right(columns.folders, row, key=lambda folder: folder.start) - 1
    # Of folders that begin at one row all but the last are empty.
    folder = columns.folders[at]
    path = os.path.join(folder.path, folder.names[row - folder.start])  # noqa: PTH118 - as text
    try:
        return mount_of_path(path)
    except OSError:
        return None


def _add(share: Share, names: Counter[int], device: _Device, notes: dict[str, None]) -> None:
    """Add the inodes of *device* of which *names* counts the owner's names."""
    doubt, doubt_of_own = device.doubt, device.doubt_of_own
    share.files += len(names)
    share.names += names.total()
    for inode, count in names.items():
        room = device.blocks[inode] * BLOCK
        links = device.links[inode]
        share.on_disk += room
        if doubt or count > links:
            share.unknown += room
            notes[doubt or "changed while being read"] = None
        elif count < links:
            share.shared += room
            if device.names[inode] < links:
                share.elsewhere += room
        elif doubt_of_own:
            share.unknown += room
            if room:
                notes[doubt_of_own] = None
        else:
            share.own += room
