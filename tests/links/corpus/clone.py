"""Reflinks made by the system calls themselves."""

import fcntl
import os
import struct
from pathlib import Path

FICLONE = 0x40049409
FICLONERANGE = 0x4020940D
FIDEDUPERANGE = 0xC0189436
FS_IOC_GETFLAGS, FS_IOC_SETFLAGS = 0x80086601, 0x40086602
COMPRESS, NO_COW = 0x4, 0x800000


def clone(source: Path, target: Path) -> Path:
    """Make *target* a clone of *source*; `OSError` where the filesystem has no clones."""
    with source.open("rb") as one, target.open("wb") as two:
        fcntl.ioctl(two, FICLONE, one.fileno())
    return target


def clone_range(source: Path, target: Path, start: int, length: int, at: int) -> Path:
    """Clone a range of *source* into *target* at offset *at*."""
    mode = "r+b" if target.exists() else "w+b"
    with source.open("rb") as one, target.open(mode) as two:
        fcntl.ioctl(two, FICLONERANGE, struct.pack("=qQQQ", one.fileno(), start, length, at))
    return target


def dedupe(source: Path, target: Path, length: int, start: int = 0, at: int = 0) -> None:
    """Have the kernel find the ranges equal and share them; `OSError` if it does not."""
    with source.open("rb") as one, target.open("r+b") as two:
        request = struct.pack("=QQHHI", start, length, 1, 0, 0)
        request += struct.pack("=qQQiI", two.fileno(), at, 0, 0, 0)
        buffer = bytearray(request)
        fcntl.ioctl(one, FIDEDUPERANGE, buffer)
    _fd, _at, done, status, _reserved = struct.unpack_from("=qQQiI", buffer, 24)
    if status < 0:
        raise OSError(-status, os.strerror(-status))
    assert (status, done) == (0, length)


def set_flag(path: Path, flag: int) -> Path:
    """Make an empty file with an inode flag, as `chattr` does."""
    with path.open("wb") as file:
        buffer = bytearray(8)
        fcntl.ioctl(file, FS_IOC_GETFLAGS, buffer)
        flags = struct.unpack_from("=I", buffer)[0] | flag
        fcntl.ioctl(file, FS_IOC_SETFLAGS, struct.pack("=Q", flags))
    return path


def compressed(path: Path, data: bytes) -> Path:
    """Write a file that btrfs compresses."""
    set_flag(path, COMPRESS).write_bytes(data)
    sync(path)
    return path


def sync(path: Path) -> None:
    """Have the data of *path* written to the device."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
