"""What programs that share no code with ours say of files."""

import os
import subprocess
from pathlib import Path

from support.mounting import run


def stat_of(path: Path, form: str) -> str:
    """Return what GNU `stat` says of *path* itself."""
    return run("stat", "-c", form, path).rstrip("\n")


def same_file(a: Path, b: Path) -> bool:
    """Return whether `find -samefile` takes both for one file, symlinks not followed.

    Not to be asked of a FIFO: `find` opens *b*.
    """
    return bool(run("find", "-P", a, "-maxdepth", "0", "-samefile", b))


def same_file_followed(a: Path, b: Path) -> bool:
    """Return whether `find -L -samefile` takes both for one file, symlinks followed."""
    return bool(run("find", "-L", a, "-maxdepth", "0", "-samefile", b))


def same_bytes(a: Path, b: Path) -> bool:
    """Return whether `cmp` finds no difference."""
    return subprocess.run(["cmp", "-s", a, b], check=False).returncode == 0


def device_of(path: Path) -> int:
    """Return the device number of *path* by `stat`."""
    return int(stat_of(path, "%d"))


def mount_number_of(path: Path) -> int:
    """Return the number of the mount of *path*, as the kernel tells it of an open descriptor."""
    descriptor = os.open(path, os.O_PATH | os.O_NOFOLLOW)
    try:
        lines = Path(f"/proc/self/fdinfo/{descriptor}").read_text().splitlines()
    finally:
        os.close(descriptor)
    return int(next(line.split()[1] for line in lines if line.startswith("mnt_id:")))


def names_of(folder: Path) -> set[str]:
    """Return the names in *folder*, to show that nothing was left there."""
    return {path.name for path in folder.iterdir()}
