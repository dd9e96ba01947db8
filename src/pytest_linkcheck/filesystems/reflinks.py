"""Whether files can share blocks, and whether one can see it: FICLONE and FIEMAP, tried."""

import errno
import os
import struct
import tempfile
from fcntl import ioctl
from pathlib import Path

_FICLONE = 0x40049409  # <linux/fs.h>
_FIEMAP = 0xC020660B
_WHOLE_FILE = 2**64 - 1
_REFUSALS = {errno.EXDEV, errno.EOPNOTSUPP, errno.ENOTTY, errno.ENOSYS, errno.EINVAL}
_LENGTH = 16_384  # not so small that it could be kept inline


def try_reflink(source: Path, target: Path) -> tuple[bool | None, str]:
    """Return whether FICLONE can share the blocks of a file in *source* with one in *target*."""
    try:
        with (
            tempfile.TemporaryFile(prefix=".linkcheck-probe-", dir=source) as one,
            tempfile.TemporaryFile(prefix=".linkcheck-probe-", dir=target) as two,
        ):
            one.write(b"x" * _LENGTH)
            one.flush()
            try:
                ioctl(two.fileno(), _FICLONE, one.fileno())
            except OSError as error:
                name = errno.errorcode.get(error.errno or 0, str(error.errno))
                can = False if error.errno in _REFUSALS else None
                return can, f"FICLONE gives {name}"
            two.seek(0)
            if two.read() != b"x" * _LENGTH:
                return None, "FICLONE made another file"
    except OSError as error:
        return None, f"no file can be made: {error.strerror}"
    return True, ""


def has_extent_map(folder: Path) -> str:
    """Return why FIEMAP does not answer for a file in *folder*; empty if it does."""
    with tempfile.TemporaryFile(prefix=".linkcheck-probe-", dir=folder) as file:
        file.write(b"x" * _LENGTH)
        file.flush()
        os.fsync(file.fileno())
        request = bytearray(struct.pack("=QQIIII", 0, _WHOLE_FILE, 1, 0, 0, 0))
        try:
            ioctl(file.fileno(), _FIEMAP, request)
        except OSError as error:
            if error.errno in _REFUSALS:
                return f"FIEMAP gives {errno.errorcode.get(error.errno or 0, '')}"
            raise
    return ""
