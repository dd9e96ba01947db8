"""statx(2): everything `lstat` tells, with birth time and mount number, by one system call.

`os.stat_result` has neither of the two on Linux before Python 3.15.
"""

import ctypes
import errno
import os
import struct
import sys
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

# <linux/stat.h> and <linux/fcntl.h>
AT_FDCWD = -100
AT_SYMLINK_NOFOLLOW = 0x100
AT_EMPTY_PATH = 0x1000
STATX_BASIC_STATS = 0x7FF
_STATX_BTIME = 0x800
STATX_MNT_ID = 0x1000
STATX_MNT_ID_UNIQUE = 0x4000  # in its place a number that no other mount ever gets: Linux 6.8
# STATX_TYPE, MODE, NLINK, INO, SIZE, BLOCKS: a filesystem says which of these it has filled in.
STATX_NEEDED = 0x1 | 0x2 | 0x4 | 0x100 | 0x200 | 0x400
_WANTED = STATX_NEEDED | 0x40 | 0x80  # and MTIME, CTIME
UNTOLD = "the filesystem does not tell all that stat asks for"

_TIME = "qI4x"  # struct statx_timestamp: seconds, nanoseconds
# What is passed over (x) is block size and attributes; owner and group; padding; which attributes
# there may be, and atime; the device that a special file stands for.
_STATX = struct.Struct(f"=I12xI8xH2xQQQ24x{_TIME * 3}8xIIQ")
SIZE_OF_STATX = 256
_Buffer = ctypes.c_char * SIZE_OF_STATX  # made in a tenth of the time of create_string_buffer
_NANOSECONDS = 1_000_000_000


class Statx(NamedTuple):
    """The fields of `struct statx` that this package uses; times in nanoseconds since 1970."""

    device: int
    inode: int
    links: int
    mode: int
    size: int
    blocks: int
    mtime_ns: int
    ctime_ns: int
    birth_ns: int | None
    mount_id: int | None


@cache
def _function() -> Callable[..., int] | None:
    if sys.platform != "linux":
        return None
    try:
        function = ctypes.CDLL(None, use_errno=True).statx
    except (OSError, AttributeError):  # a C library older than the call
        return None
    return function  # which takes ints and bytes as they are; to check for that takes time


def bare_statx() -> Callable[..., int] | None:
    """Return the function of the C library; it spares the time that it takes to keep `errno`.

    It takes bytes, numbers and addresses as ctypes has them, and returns -1 where it fails, as it
    does where a sandbox forbids it; other threads run meanwhile. `None` where there is none.
    """
    return None if _function() is None else ctypes.CDLL(None)["statx"]


def statx(path: str | os.PathLike[str]) -> Statx | None:
    """Return what the system says of *path* itself, not following a symlink.

    `None` where the system or its C library has no statx, or a sandbox forbids it. Raises
    `OSError` as `os.lstat` does, and where the filesystem does not tell all of it.
    """
    function = _function()
    if function is None:
        return None
    buffer = _Buffer()
    name = os.fsencode(path)
    if b"\0" in name:
        message = "embedded null byte"
        raise ValueError(message)
    mask = STATX_BASIC_STATS | _STATX_BTIME | STATX_MNT_ID
    if function(AT_FDCWD, name, AT_SYMLINK_NOFOLLOW, mask, buffer) != 0:
        error = ctypes.get_errno()
        if error in {errno.ENOSYS, errno.EPERM}:  # an old kernel, or a container that forbids it
            return None
        raise OSError(error, os.strerror(error), os.fspath(path))
    told = _parse(buffer)
    if told is None:
        raise OSError(0, UNTOLD, os.fspath(path))
    return told


def _parse(raw: ctypes.Array[ctypes.c_char]) -> Statx | None:
    """Return what stands in the buffer; `None` if the filesystem has left out what is needed."""
    (
        mask, links, mode, inode, size, blocks, bsec, bnsec, csec, cnsec, msec, mnsec,
        major, minor, mount_id,
    ) = _STATX.unpack_from(raw)  # fmt: skip
    if ~mask & _WANTED:
        return None
    return Statx(  # by position: names take half as long again
        os.makedev(major, minor),
        inode,
        links,
        mode,
        size,
        blocks,
        msec * _NANOSECONDS + mnsec,
        csec * _NANOSECONDS + cnsec,
        bsec * _NANOSECONDS + bnsec if mask & _STATX_BTIME else None,
        mount_id if mask & STATX_MNT_ID else None,
    )
