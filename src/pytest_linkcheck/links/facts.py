"""What the kernel says of one path: its identity, link count, kind, size, mode and times."""

import os
import stat
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from .show import show_count, show_device, show_name
from .statx import Statx, statx

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


@dataclass(frozen=True, slots=True, order=True)
class Identity:
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
    the system does not tell them, `target` is what a symlink holds.
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

    def __str__(self) -> str:
        what = "" if self.kind is Kind.FILE else f", {self.kind.value}"
        arrow = "" if self.target is None else f" -> {show_name(self.target)}"
        links = show_count(self.links, "link")
        return f"{show_name(self.path)}{arrow}: {self.identity}, {links}{what}"


def read_facts(path: str | os.PathLike[str]) -> Facts:
    """Return the facts of *path* itself: a symlink is looked at, not followed.

    Raises `OSError` as `os.lstat` does, so `FileNotFoundError` where nothing is.
    """
    told = statx(path) or _lstat(path)
    kind = _KINDS.get(stat.S_IFMT(told.mode), Kind.OTHER)
    return Facts(
        path=Path(path),
        identity=Identity(told.device, told.inode),
        links=told.links,
        kind=kind,
        mode=stat.S_IMODE(told.mode),
        size=told.size,
        allocated=told.blocks * BLOCK,
        mtime_ns=told.mtime_ns,
        ctime_ns=told.ctime_ns,
        birth_ns=told.birth_ns,
        mount_id=told.mount_id,
        target=os.readlink(path) if kind is Kind.SYMLINK else None,  # noqa: PTH115 - keeps `./`
    )


def _lstat(path: str | os.PathLike[str]) -> Statx:
    """Return the facts of *path* where there is no statx: macOS, Windows, an old C library."""
    told = os.lstat(path)
    birth = getattr(told, "st_birthtime", None)
    return Statx(
        device=told.st_dev,
        inode=told.st_ino,
        links=told.st_nlink,
        mode=told.st_mode,
        size=told.st_size,
        blocks=getattr(told, "st_blocks", 0),
        mtime_ns=told.st_mtime_ns,
        ctime_ns=told.st_ctime_ns,
        birth_ns=None if birth is None else int(birth * 1_000_000_000),
        mount_id=None,
    )
