"""Filesystems in image files: a sparse file, mkfs, a loop device, a mount. Needs root."""

import errno
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pytest_linkcheck.errors import UnavailableError
from pytest_linkcheck.links.show import show_name, show_size

from . import kernel
from .loop import attached
from .places import Kind

SIZE = 4 << 30  # of which only what is written takes room
_ROOM = 100_000_000  # what mkfs writes at most, the log of xfs for the greatest part, and some
_SBIN = ("/usr/sbin", "/sbin", "/usr/local/sbin")  # not on every user's PATH


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a filesystem is made: by `command`, which `packages` have; mounted as `type`."""

    type: str
    command: tuple[str, ...]
    packages: str
    options: str = ""


_E2FSPROGS = "e2fsprogs (Debian, Fedora and Homebrew)"
_XFSPROGS = "xfsprogs (Debian and Fedora; Homebrew has none)"
_BTRFS_PROGS = "btrfs-progs (Debian and Fedora; Homebrew has none)"
# No blocks kept for root, nothing prepared in the background, no discarding of an empty file.
_EXT = ("-q", "-F", "-m", "0")
RECIPES: Mapping[Kind, Recipe] = {
    Kind.EXT4: Recipe(
        "ext4",
        ("mkfs.ext4", *_EXT, "-E", "lazy_itable_init=1,lazy_journal_init=1,nodiscard"),
        _E2FSPROGS,
        "noinit_itable",
    ),
    Kind.EXT2: Recipe("ext2", ("mkfs.ext2", *_EXT, "-E", "nodiscard"), _E2FSPROGS),
    Kind.XFS: Recipe("xfs", ("mkfs.xfs", "-q", "-K", "-m", "reflink=1"), _XFSPROGS),
    Kind.XFS_NOREFLINK: Recipe("xfs", ("mkfs.xfs", "-q", "-K", "-m", "reflink=0"), _XFSPROGS),
    Kind.BTRFS: Recipe("btrfs", ("mkfs.btrfs", "-q", "-K"), _BTRFS_PROGS),
    Kind.NOLINK: Recipe("exfat", ("mkfs.exfat",), "exfatprogs (Debian, Fedora and Homebrew)"),
}


def make_image(kind: Kind, image: Path, mount: Callable[[Path], None], *, size: int = SIZE) -> None:
    """Make a new filesystem in the new file *image*, and let *mount* mount the device it is on.

    The image loses its name at once: its room is free again when the mount ends, and nothing is
    left to be cleared away. Raises `UnavailableError` for what this machine lacks.
    """
    recipe = RECIPES[kind]
    program = find_program(recipe.command[0])
    if program is None:
        raise UnavailableError(
            f"{kind.value} needs {recipe.command[0]}, which is not installed: install "
            f"{recipe.packages}"
        )
    descriptor = _create(kind, image, size)
    try:
        _fill(kind, [program, *recipe.command[1:], str(image)], image)
        with attached(descriptor, str(image)) as device:
            mount(device)
    finally:
        os.close(descriptor)
        image.unlink(missing_ok=True)


def find_program(name: str) -> str | None:
    """Return the path of *name*, looked for where root's programs lie too."""
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", os.defpath), *_SBIN]))


def _create(kind: Kind, image: Path, size: int) -> int:
    folder = show_name(image.parent)
    try:
        told = os.statvfs(image.parent)
        left = told.f_bavail * told.f_frsize
        if left < _ROOM:
            raise UnavailableError(
                f"no image for {kind.value} fits into {folder}: {show_size(left)} are left there, "
                f"{show_size(_ROOM)} are needed; choose another --basetemp"
            )
        descriptor = os.open(image, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _no_image(kind, folder, error.strerror) from None
    try:
        os.truncate(descriptor, size)
    except OSError as error:
        os.close(descriptor)
        image.unlink()
        raise _no_image(kind, folder, error.strerror) from None
    return descriptor


def _no_image(kind: Kind, folder: str, reason: str | None) -> UnavailableError:
    return UnavailableError(
        f"no image for {kind.value} can be written in {folder}: {reason}; choose another --basetemp"
    )


def _fill(kind: Kind, command: list[str], image: Path) -> None:
    environ = {**os.environ, "LC_ALL": "C"}
    try:
        done = subprocess.run(
            command,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
    except OSError as error:
        raise UnavailableError(f"{command[0]} cannot be run: {error.strerror}") from None
    if done.returncode:
        said = [line for line in os.fsdecode(done.stdout).splitlines() if line.strip()]
        raise UnavailableError(
            f"{command[0]} made no {kind.value} in {show_name(image.parent)}: "
            f"{show_name(said[-1].strip()) if said else f'exit status {done.returncode}'}"
        )


def mount_image(kind: Kind, device: Path, point: Path) -> None:
    """Mount the filesystem of *kind* that is on *device*; raises `UnavailableError` if not."""
    recipe = RECIPES[kind]
    try:
        kernel.mount(device, point, recipe.type, options=recipe.options)
    except OSError as error:
        raise explain_mount(recipe.type, error) from None


def explain_mount(kind: str, error: OSError) -> UnavailableError:
    """Return in one sentence why no filesystem of *kind* was mounted."""
    if error.errno == errno.ENODEV:
        return UnavailableError(
            f"this kernel has no {kind}: load it (modprobe {kind}), or use a kernel that has it"
        )
    if error.errno in {errno.EPERM, errno.EACCES}:
        return UnavailableError(
            f"mounting {kind} is forbidden here: run as root, in a container with the capability "
            "SYS_ADMIN, or name a folder of your own: --linkcheck-filesystem NAME=PATH"
        )
    return UnavailableError(f"{kind} cannot be mounted: {error.strerror}; `dmesg` may tell why")
