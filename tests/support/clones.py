"""Making files that share blocks, and what programs say of the blocks of files."""

import fcntl
import os
import struct
from collections.abc import Iterable
from pathlib import Path

from support.mounting import run

BLOCK = 4096
_FICLONE = 0x40049409
_FICLONERANGE = 0x4020940D


def clone(source: Path, target: Path) -> None:
    """Make *target*, a new file, share all blocks of *source*."""
    with source.open("rb") as one, target.open("xb") as two:
        fcntl.ioctl(two, _FICLONE, one.fileno())


def clone_range(source: Path, target: Path, at: int, length: int, to: int) -> None:
    """Make *length* bytes of *source* from *at* on stand in *target* from *to* on."""
    with source.open("rb") as one, target.open("r+b") as two:
        fcntl.ioctl(two, _FICLONERANGE, struct.pack("qQQQ", one.fileno(), at, length, to))


def fill(path: Path, blocks: int) -> Path:
    """Write *blocks* blocks of random bytes, in one extent."""
    path.write_bytes(os.urandom(blocks * BLOCK))
    sync(path)
    return path


def write_block(path: Path, index: int) -> None:
    with path.open("r+b") as stream:
        stream.seek(index * BLOCK)
        stream.write(os.urandom(BLOCK))
    sync(path)


def sync(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream)


def du(paths: Iterable[Path], *options: str) -> int:
    """Return what `du` counts for all of *paths* together."""
    names = b"\0".join(os.fsencode(path) for path in paths)
    if not names:
        return 0
    told = run("du", "-c", "-s", "-B1", *options, "--files0-from=-", given=names)
    return int(told.splitlines()[-1].split()[0])


def btrfs_du(path: Path) -> tuple[int, int, int]:
    """Return total, exclusive and set shared of `btrfs filesystem du`."""
    told = run("btrfs", "filesystem", "du", "--raw", "-s", path).splitlines()[-1].split()
    return int(told[0]), int(told[1]), int(told[2])


def filefrag_blocks(path: Path) -> set[int]:
    """Return the physical numbers of the blocks that `filefrag` finds for *path*."""
    numbers: set[int] = set()
    for line in run("filefrag", "-s", "-v", f"-b{BLOCK}", path).splitlines():
        fields = [field.strip() for field in line.replace("..", ":").split(":")]
        if fields[0].isdigit() and "inline" not in line:
            numbers.update(range(int(fields[3]), int(fields[4]) + 1))
    return numbers
