"""Keeping a filesystem so full that a given number of bytes is left."""

import errno
import os
from pathlib import Path

from pytest_linkcheck.errors import UnavailableError
from pytest_linkcheck.links.show import show_name, show_size

_BALLAST = ".linkcheck-ballast"
_ROUNDS = 40
_NEAR = 64 << 10  # filesystems hand out whole blocks, and take some for their own needs


def keep_full(folder: Path, left: int) -> None:
    """Let a file in *folder* grow or shrink until *left* bytes are free, or a few less.

    Raises `UnavailableError` if the filesystem does not settle.
    """
    ballast = os.open(folder / _BALLAST, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        for _ in range(_ROUNDS):
            surplus = _free(folder) - left
            if -_NEAR < surplus <= 0:
                return
            _change(ballast, surplus)
    finally:
        os.close(ballast)
    raise UnavailableError(
        f"{show_name(folder)} cannot be filled to {show_size(left)}: {show_size(_free(folder))} "
        "are free"
    )


def _free(folder: Path) -> int:
    told = os.statvfs(folder)
    return told.f_bavail * told.f_frsize


def _change(ballast: int, by: int) -> None:
    size = os.fstat(ballast).st_size
    if by <= 0:
        os.truncate(ballast, max(0, size + by + _NEAR // 2))
        os.fsync(ballast)
        return
    while by > 0:
        try:
            os.posix_fallocate(ballast, size, by)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            by //= 2
        else:
            os.fsync(ballast)
            return
