"""Where the bytes of a file lie: its extents, by FS_IOC_FIEMAP (Documentation/filesystems/fiemap).

Linux alone has this call; it needs a descriptor open for reading and no other right.
"""

import errno
import struct
import sys
from dataclasses import dataclass
from enum import IntFlag

from .show import show_count

# <linux/fs.h> and <linux/fiemap.h>
FS_IOC_FIEMAP = 0xC020660B
FIEMAP_FLAG_SYNC = 0x1
WHOLE_FILE = 2**64 - 1
HEADER = struct.Struct("=QQIIII")  # start, length, flags, mapped extents, room, reserved
EXTENT = struct.Struct("=QQQ16xI12x")  # logical, physical, length, flags
_PAGE = 128  # extents asked for in one call

_NO_MAP = {errno.EOPNOTSUPP, errno.ENOTTY, errno.ENOSYS}


class ExtentFlag(IntFlag):
    """What the filesystem says of one extent: the flags of <linux/fiemap.h> under their names."""

    LAST = 0x1
    UNKNOWN = 0x2
    DELALLOC = 0x4
    ENCODED = 0x8
    DATA_ENCRYPTED = 0x80
    NOT_ALIGNED = 0x100
    DATA_INLINE = 0x200
    DATA_TAIL = 0x400
    UNWRITTEN = 0x800
    MERGED = 0x1000
    SHARED = 0x2000


@dataclass(frozen=True, slots=True)
class Extent:
    """One run of a file's bytes: *logical* in the file, *physical* on the device, in bytes.

    Of an encoded (compressed) extent of btrfs, `physical` is the start of the whole compressed
    extent, whichever part of it the file uses, and `length` counts the file's bytes: on disk they
    take less. So two encoded extents may look as if they overlap though they do not.
    """

    logical: int
    physical: int
    length: int
    flags: ExtentFlag

    @property
    def end(self) -> int:
        """The offset in the file just behind the extent."""
        return self.logical + self.length

    @property
    def inline(self) -> bool:
        """Whether the bytes lie among metadata, in no block of their own."""
        return bool(self.flags & (ExtentFlag.DATA_INLINE | ExtentFlag.DATA_TAIL))

    @property
    def delayed(self) -> bool:
        """Whether the bytes have no place on the device yet."""
        return bool(self.flags & ExtentFlag.DELALLOC)

    @property
    def unwritten(self) -> bool:
        """Whether the room is reserved and reads as zeros: it holds no data."""
        return bool(self.flags & ExtentFlag.UNWRITTEN)

    @property
    def encoded(self) -> bool:
        """Whether the bytes are compressed or encrypted on the device."""
        return bool(self.flags & (ExtentFlag.ENCODED | ExtentFlag.DATA_ENCRYPTED))

    @property
    def shared(self) -> bool:
        """Whether some other extent uses the same blocks: of which file, this does not say."""
        return bool(self.flags & ExtentFlag.SHARED)

    @property
    def unknown(self) -> bool:
        """Whether `physical` is no place on the device."""
        return bool(self.flags & (ExtentFlag.UNKNOWN | ExtentFlag.DELALLOC))


@dataclass(frozen=True, slots=True)
class ExtentMap:
    """The extents of one file, in the order of its bytes; what lies between them are holes."""

    extents: tuple[Extent, ...]

    @property
    def flags(self) -> ExtentFlag:
        """All flags that any of the extents has, `LAST` left out."""
        flags = ExtentFlag(0)
        for extent in self.extents:
            flags |= extent.flags
        return flags & ~ExtentFlag.LAST

    def __str__(self) -> str:
        names = " ".join(flag.name.lower() for flag in self.flags if flag.name)
        return show_count(len(self.extents), "extent") + (f" ({names})" if names else "")


class NoExtentMapError(OSError):
    """The filesystem, or the system, tells nobody where the bytes of a file lie."""


def read_extents(descriptor: int) -> ExtentMap:
    """Return the extents of the open file, after what is still in memory has been written out.

    Raises `NoExtentMapError` where the filesystem has no such map (tmpfs, ZFS, network), `OSError`
    for all else.
    """
    if sys.platform != "linux":
        raise NoExtentMapError(errno.ENOSYS, "not supported on this system")
    extents: list[Extent] = []
    start = 0
    while page := _read_page(descriptor, start):
        extents += page
        start = page[-1].end
        if page[-1].flags & ExtentFlag.LAST:
            break
    return ExtentMap(tuple(extents))


def _read_page(descriptor: int, start: int) -> list[Extent]:
    """Return the extents from offset *start* on, as many as fit into one call."""
    try:
        from fcntl import ioctl  # noqa: PLC0415 - not every system has it
    except ImportError as error:
        raise NoExtentMapError(errno.ENOSYS, "not supported on this system") from error
    header = HEADER.pack(start, WHOLE_FILE - start, FIEMAP_FLAG_SYNC, 0, _PAGE, 0)
    buffer = bytearray(header + bytes(_PAGE * EXTENT.size))
    try:
        ioctl(descriptor, FS_IOC_FIEMAP, buffer)
    except OSError as error:
        if error.errno in _NO_MAP:
            raise NoExtentMapError(error.errno, "no extent map") from error
        raise
    mapped = HEADER.unpack_from(buffer)[3]
    rows = EXTENT.iter_unpack(buffer[HEADER.size : HEADER.size + mapped * EXTENT.size])
    return [
        Extent(logical, physical, length, ExtentFlag(flags))
        for logical, physical, length, flags in rows
    ]
