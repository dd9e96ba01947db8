"""File handles: what the kernel itself calls a file, proof against inode numbers used again.

A handle (name_to_handle_at(2)) holds the inode number *and* its generation, which is another
each time the number is given out: the answer that FS_IOC_GETVERSION gives for ext4, xfs and
btrfs, but also for tmpfs and overlay, for symlinks, FIFOs and unreadable files, without opening
anything and without privilege. Opening a file by its handle would need one; nothing here does.

A handle is no identity by itself: on overlay it is that of the lower file a file came from, so
two names of a hard link that a write tore apart keep one handle on two inodes.
"""

import ctypes
import errno
import os
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

# <linux/fcntl.h>, <linux/exportfs.h>, <bits/fcntl-linux.h>
_AT_FDCWD = -100
_AT_HANDLE_FID = 0x200  # a handle to compare, not to open: overlay gives no other (Linux 6.6)
_MAX_HANDLE_SZ = 128
_OVERLAY_TYPES = frozenset({0xF8, 0xFB})  # OVL_FILEID_V1, OVL_FILEID_V0
_HEADER = struct.Struct("=Ii")  # struct file_handle: handle_bytes, handle_type
# Not told by this filesystem, this system, or this sandbox: another way must be found.
_NOT_TOLD = frozenset(
    {errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EPERM, errno.EINVAL, errno.EOVERFLOW}
)


@dataclass(frozen=True, slots=True)
class Handle:
    """What names a file on its filesystem for as long as the file exists, and none after it."""

    type: int
    value: bytes

    @property
    def is_overlay(self) -> bool:
        """Whether overlay made it: then a copied-up file still has the handle of its origin."""
        return self.type in _OVERLAY_TYPES


@cache
def _function() -> Callable[..., int] | None:
    if sys.platform != "linux":
        return None
    try:
        function = ctypes.CDLL(None, use_errno=True).name_to_handle_at
    except (OSError, AttributeError):
        return None
    function.argtypes = (
        ctypes.c_int,
        ctypes.c_char_p,
        ctypes.c_char_p,
        ctypes.POINTER(ctypes.c_int),
        ctypes.c_int,
    )
    function.restype = ctypes.c_int
    return function


def read_handle(path: str | os.PathLike[str]) -> Handle | None:
    """Return the handle of *path* itself, not following a symlink.

    `None` where it is not told: other systems, a filesystem without handles, a sandbox that
    forbids the call. Raises `OSError` as `os.lstat` does.
    """
    function = _function()
    if function is None:
        return None
    name = os.fsencode(path)
    for flags in (_AT_HANDLE_FID, 0):  # the flag is unknown to Linux before 6.5
        buffer = ctypes.create_string_buffer(_HEADER.size + _MAX_HANDLE_SZ)
        _HEADER.pack_into(buffer, 0, _MAX_HANDLE_SZ, 0)
        mount = ctypes.c_int()
        if function(_AT_FDCWD, name, buffer, ctypes.byref(mount), flags) == 0:
            length, kind = _HEADER.unpack_from(buffer)
            return Handle(kind, buffer.raw[_HEADER.size : _HEADER.size + length])
        error = ctypes.get_errno()
        if error not in _NOT_TOLD:
            raise OSError(error, os.strerror(error), os.fspath(path))
    return None
