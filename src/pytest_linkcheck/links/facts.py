"""What the kernel says of one path: its identity, link count, kind, size, mode and times."""

import os
import stat
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from .host import boot
from .show import show_count, show_device, show_name
from .statx import statx

TWO_HOSTS = "facts of two hosts: device and inode numbers of one mean nothing on the other"
BLOCK = 512  # the unit of st_blocks, whatever the filesystem's own block is: stat(2)


class Kind(Enum):
    """What a path is, by the file type bits of its mode (inode(7))."""

    FILE = "file"
    DIRECTORY = "directory"
    SYMLINK = "symlink"
    FIFO = "FIFO"
    SOCKET = "socket"
    BLOCK_DEVICE = "block device"
    CHARACTER_DEVICE = "character device"
    OTHER = "other"


_KINDS = {
    stat.S_IFREG: Kind.FILE,
    stat.S_IFDIR: Kind.DIRECTORY,
    stat.S_IFLNK: Kind.SYMLINK,
    stat.S_IFIFO: Kind.FIFO,
    stat.S_IFSOCK: Kind.SOCKET,
    stat.S_IFBLK: Kind.BLOCK_DEVICE,
    stat.S_IFCHR: Kind.CHARACTER_DEVICE,
}


class Identity(NamedTuple):  # which is hashed and compared in a fifth of the time of a dataclass
    """What makes two names one file: the device and the inode number on it.

    An inode number alone says nothing: every btrfs subvolume has its own inode 257.
    """

    device: int
    inode: int

    def __str__(self) -> str:
        return f"device {show_device(self.device)} inode {self.inode}"


@dataclass(frozen=True, slots=True)
class Facts:
    """What `lstat` says of *path*, all of one moment. Sizes in bytes, times in nanoseconds.

    `allocated` is the room on disk (`st_blocks`), `birth_ns` and `mount_id` are `None` where
    the system does not tell them, `target` is what a symlink holds. `host` tells of which running
    kernel they are: with facts of another one they cannot be compared, nor with its mounts.
    """

    path: Path
    identity: Identity
    links: int
    kind: Kind
    mode: int
    size: int
    allocated: int
    mtime_ns: int
    ctime_ns: int
    birth_ns: int | None
    mount_id: int | None
    target: str | None = None
    host: str = field(default_factory=boot, repr=False)

    def __str__(self) -> str:
        what = "" if self.kind is Kind.FILE else f", {self.kind.value}"
        arrow = "" if self.target is None else f" -> {show_name(self.target)}"
        links = show_count(self.links, "link")
        return f"{show_name(self.path)}{arrow}: {self.identity}, {links}{what}"


def read_facts(path: str | os.PathLike[str]) -> Facts:
    """Return the facts of *path* itself: a symlink is looked at, not followed.

    Raises `OSError` as `os.lstat` does, so `FileNotFoundError` where nothing is; and where the
    filesystem does not tell all that is asked for (the mask of statx(2)).
    """
    told = statx(path)
    if told is None:
        return facts_of_stat(path, os.lstat(path))
    # Apart and by position, as this is asked of each file: names take half as long again.
    device, inode, links, mode, size, blocks, mtime_ns, ctime_ns, birth_ns, mount_id = told
    kind = kind_of(mode)
    return Facts(
        path if isinstance(path, Path) else Path(path),  # parsing one takes 5 µs
        Identity(device, inode),
        links,
        kind,
        stat.S_IMODE(mode),
        size,
        blocks * BLOCK,
        mtime_ns,
        ctime_ns,
        birth_ns,
        mount_id,
        os.readlink(path) if kind is Kind.SYMLINK else None,  # noqa: PTH115 - keeps `./`
    )


def facts_of_stat(path: str | os.PathLike[str], told: os.stat_result) -> Facts:
    """Return the facts of *path* from *told*, what `os.lstat` said of it.

    The way where there is no statx (macOS, Windows, an old C library), and the fast one for
    whole trees: a folder listing brings these numbers along. Raises `OSError` where *path* is a
    symlink that cannot be read.
    """
    kind = kind_of(told.st_mode)
    birth = getattr(told, "st_birthtime", None)
    return Facts(
        path=path if isinstance(path, Path) else Path(path),
        identity=Identity(told.st_dev, told.st_ino),
        links=told.st_nlink,
        kind=kind,
        mode=stat.S_IMODE(told.st_mode),
        size=told.st_size,
        allocated=getattr(told, "st_blocks", 0) * BLOCK,
        mtime_ns=told.st_mtime_ns,
        ctime_ns=told.st_ctime_ns,
        birth_ns=None if birth is None else int(birth * 1_000_000_000),
        mount_id=None,
        target=os.readlink(path) if kind is Kind.SYMLINK else None,  # noqa: PTH115 - keeps `./`
    )


def kind_of(mode: int) -> Kind:
    """Return what the file type bits of *mode* say."""
    return _KINDS.get(stat.S_IFMT(mode), Kind.OTHER)
