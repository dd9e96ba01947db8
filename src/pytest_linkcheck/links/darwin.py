"""Clones on macOS, by getattrlist(2). Written after the man page and <sys/attr.h>.

Not yet proven on a machine: no test of it has run on macOS. It is built to err on one side only:
APFS gives every file a clone id, so the flag "may share blocks" must be set on both files, the
ids must be equal and so must the bytes; whatever else is found is no verdict.
"""

import ctypes
import ctypes.util
import os
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass

# <sys/attr.h>
_ATTR_BIT_MAP_COUNT = 5
_ATTR_CMN_RETURNED_ATTRS = 0x80000000
_ATTR_CMNEXT_PRIVATESIZE = 0x8
_ATTR_CMNEXT_CLONEID = 0x100
_ATTR_CMNEXT_EXT_FLAGS = 0x200
_FSOPT_NOFOLLOW = 0x1
_FSOPT_ATTR_CMN_EXTENDED = 0x20
_EF_MAY_SHARE_BLOCKS = 0x1

_WANTED = _ATTR_CMNEXT_PRIVATESIZE | _ATTR_CMNEXT_CLONEID | _ATTR_CMNEXT_EXT_FLAGS
# struct attrlist: count, reserved, and five groups: the extended ones stand in that for forks
_ATTRLIST = struct.Struct("=HHIIIII")
# length, attribute_set_t of what came back, then the attributes in the order of their bits
_ANSWER = struct.Struct("=I5IqQQ")


@dataclass(frozen=True, slots=True)
class CloneFacts:
    """What APFS says of one file; `private_size` counts the bytes no other file has, on disk."""

    clone_id: int
    may_share: bool
    private_size: int


def read_clone(path: str | os.PathLike[str]) -> CloneFacts | None:
    """Return the clone data of *path*; `None` where the system or the filesystem has none.

    Raises `OSError` as `os.lstat` does.
    """
    function = _function()
    if function is None:
        return None
    request = _ATTRLIST.pack(_ATTR_BIT_MAP_COUNT, 0, _ATTR_CMN_RETURNED_ATTRS, 0, 0, 0, _WANTED)
    buffer = ctypes.create_string_buffer(256)
    options = _FSOPT_NOFOLLOW | _FSOPT_ATTR_CMN_EXTENDED
    if function(os.fsencode(path), request, buffer, len(buffer), options) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), os.fspath(path))
    return parse_answer(buffer.raw)


def parse_answer(raw: bytes) -> CloneFacts | None:
    """Return the clone data in what getattrlist wrote; `None` if any of the three is missing."""
    length, _common, _volume, _folder, _file, returned, private, clone_id, flags = (
        _ANSWER.unpack_from(raw)
    )
    if length < _ANSWER.size or returned & _WANTED != _WANTED:
        return None
    return CloneFacts(clone_id, bool(flags & _EF_MAY_SHARE_BLOCKS), private)


def _system() -> str:
    return sys.platform  # as a plain string, so that type checkers read on, on any system


def _function() -> Callable[..., int] | None:
    if _system() != "darwin":
        return None
    function = ctypes.CDLL(ctypes.util.find_library("c"), use_errno=True).getattrlist
    function.argtypes = (
        ctypes.c_char_p,
        ctypes.c_char_p,
        ctypes.c_char_p,
        ctypes.c_size_t,
        ctypes.c_ulong,
    )
    function.restype = ctypes.c_int
    return function
