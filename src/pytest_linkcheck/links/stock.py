"""Bytes of many trees by owner, from link counts alone: what is own, what is shared.

For hundreds of environments and the cache under them. No file is opened, so it is not seen which
blocks are common to two inodes: where a filesystem can have such, what looks like own is `unknown`,
and `measure` tells. What is held are numbers per inode and owner.
"""

import errno
import os
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from .facts import BLOCK
from .inventory import EXACT, Files, Inventory
from .listing import Lister, twice
from .mounts import Mount
from .scanning import Problem

# Of the first, no two inodes have a block in common; nor of the second while the filesystem can be
# written to: the kernel mounts an image with shared blocks (EXT4_FEATURE_RO_COMPAT_SHARED_BLOCKS,
# unknown to it) only for reading.
_NEVER_COMMON = frozenset({"tmpfs"})
_COMMON_IF_READ_ONLY = frozenset({"ext2", "ext3", "ext4"})
_CHANGED = "link counts changed while being read"
_TOO_MANY = "more names than links: changed while being read, or mounted on other names"


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


def take_stock(
    roots: Iterable[str | os.PathLike[str]],
    groups: Mapping[str, Iterable[str]] | None = None,
    *,
    by_stat: bool = False,
) -> Stock:
    """Walk the folders *roots* and return who has how many bytes of its own.

    *groups* are paths of files below the roots, by who owns them; of a path that is listed twice
    the first owner counts. Roots may overlap: each name counts once, for the first root that
    has it. Numbers are taken from folder listings where these are known to be true, else, or with
    *by_stat*, from stat. Raises `OSError` for a root that cannot be read.
    """
    owners = _by_folder(groups or {})
    starts = list(dict.fromkeys(os.path.realpath(root) for root in roots))

    def walk(lister: Lister) -> Inventory:
        inventory = Inventory(lister, owners)
        for root in starts:
            inventory.add(root)
        return inventory

    found = twice(walk, by_stat=by_stat)
    stock = Stock(
        {group: Share() for group in groups or {}},
        {root: Share() for root in starts},
        problems=found.problems,
    )
    notes: dict[str, None] = {}
    for files in found.files:
        for owner, rows in files.roots.items():
            _add(stock.roots[owner], _count(rows, files.names), files, notes)
        for owner, rows in files.groups.items():
            _add(stock.groups[owner], _count(rows, files.names), files, notes)
        _add(stock.total, enumerate(files.names), files, notes)
    stock.notes = list(notes)
    return stock


def _by_folder(groups: Mapping[str, Iterable[str]]) -> dict[str, dict[str, str]]:
    """Return by real folder and name who owns what."""
    resolved: dict[str, str] = {}
    real: dict[str, dict[str, str]] = {}
    found: dict[str, dict[str, str]] = {}
    for group, paths in groups.items():
        held, last = {}, None
        for path in paths:
            folder, _, name = path.rpartition(os.sep)
            if folder != last:  # most are listed folder by folder
                if folder not in found:
                    found[folder] = real.setdefault(_resolve(folder, resolved), {})
                held, last = found[folder], folder
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


def _count(rows: "array[int]", names: "array[int]") -> Iterator[tuple[int, int]]:
    """Yield each of *rows* and how often it is there; *names* are all names of each."""
    several: Counter[int] = Counter()
    for row in rows:
        if names[row] == 1:
            yield row, 1
        else:
            several[row] += 1
    yield from several.items()


def _add(
    share: Share, counted: Iterable[tuple[int, int]], files: Files, notes: dict[str, None]
) -> None:
    """Add rows of *files*, with how many names the owner has of each."""
    doubt = _doubt(files.mount)
    doubt_of_own = doubt or _doubt_of_own(files.mount)
    links, blocks, names, changed = files.links, files.blocks, files.names, files.changed
    for row, count in counted:
        if not count:  # its only name was gone when it was to be looked at
            continue
        room = blocks[row] * BLOCK
        share.files += 1
        share.names += count
        share.on_disk += room
        if doubt or names[row] > links[row] or row in changed:
            share.unknown += room
            notes[doubt or (_CHANGED if row in changed else _TOO_MANY)] = None
        elif count < links[row]:
            share.shared += room
            if names[row] < links[row]:
                share.elsewhere += room
        elif doubt_of_own:
            share.unknown += room
            if room:
                notes[doubt_of_own] = None
        else:
            share.own += room


def _doubt(mount: Mount | None) -> str:
    """Return why it is not known what is shared at all; nothing if it is."""
    if mount is None:
        return "the mount cannot be told"
    return "" if mount.type in EXACT else f"link counts are not exact on {mount.type}"


def _doubt_of_own(mount: Mount | None) -> str:
    """Return why what has no other names may be shared nevertheless; nothing if it is not."""
    if mount is None:
        return _doubt(mount)
    kind = mount.type
    if kind in _NEVER_COMMON or (kind in _COMMON_IF_READ_ONLY and "rw" in mount.super_options):
        return ""
    return f"{kind} can have blocks in common, which were not looked at: measure() does"
