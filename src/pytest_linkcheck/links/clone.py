"""Making a reflink: FICLONE, ioctl_ficlone(2)."""

import errno
import os
from pathlib import Path

FICLONE = 0x40049409  # <linux/fs.h>


def clone(source: Path, target: Path) -> None:
    """Make *target* a new file that shares all blocks of *source*.

    Raises `OSError`: EXDEV across filesystems, EOPNOTSUPP where the filesystem has no reflinks,
    ENOSYS on another system than Linux. Then no *target* is left behind.
    """
    try:
        from fcntl import ioctl  # noqa: PLC0415 - not every system has it
    except ImportError:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS), str(source)) from None
    with source.open("rb") as reading, target.open("xb") as writing:
        try:
            ioctl(writing, FICLONE, reading.fileno())
        except OSError:
            target.unlink()
            raise
