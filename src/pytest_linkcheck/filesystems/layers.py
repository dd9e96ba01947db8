"""Places that need no device: tmpfs, overlay, bind and read-only mounts, btrfs subvolumes."""

import os
import struct
from pathlib import Path

from pytest_linkcheck.errors import UnavailableError
from pytest_linkcheck.links.ioctl import ioctl
from pytest_linkcheck.links.show import show_name

from . import kernel
from .images import explain_mount
from .kernel import MountFlag

_SUBVOLUME_CREATE = 0x5000940E  # <linux/btrfs.h>, struct btrfs_ioctl_vol_args
_VOLUME = struct.Struct("=q4088s")


def tmpfs(point: Path, *, size: int | None = None) -> None:
    """Mount a tmpfs on *point*, of *size* bytes or of half the memory."""
    options = "mode=0755" if size is None else f"mode=0755,size={size}"
    _mount("linkcheck", point, "tmpfs", options=options)


def bind(behind: Path, point: Path) -> None:
    """Show the folder *behind* a second time, on *point*."""
    _mount(behind, point, "bind", flags=MountFlag.BIND)


def read_only(behind: Path, point: Path) -> None:
    """Show the folder *behind* on *point*, where nothing can be written."""
    bind(behind, point)
    flags = MountFlag.BIND | MountFlag.REMOUNT | MountFlag.READ_ONLY
    # The bits that a user's namespace must not clear are kept, as the mount below has them.
    told = os.statvfs(point).f_flag & (os.ST_NOSUID | os.ST_NODEV | os.ST_NOEXEC)
    try:
        kernel.mount("none", point, flags=MountFlag(flags | told))
    except OSError as error:
        kernel.unmount(point)
        raise explain_mount("a read-only mount", error) from None


def overlay(behind: Path, point: Path) -> None:
    """Mount on *point* an overlay whose layers are new folders in *behind*."""
    layers = {name: behind / name for name in ("lower", "upper", "work")}
    for folder in layers.values():
        folder.mkdir()
    options = ",".join(f"{name}dir={_escape(path)}" for name, path in layers.items())
    if os.geteuid() != 0:
        options += ",userxattr"  # without root there are no `trusted.` attributes
    try:
        _mount("linkcheck", point, "overlay", options=options)
    except UnavailableError as error:
        raise UnavailableError(f"no overlay over {show_name(behind)}: {error}") from None


def make_subvolume(path: Path) -> None:
    """Make the btrfs subvolume *path*; needs no root."""
    parent = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        ioctl(parent, _SUBVOLUME_CREATE, bytearray(_VOLUME.pack(0, os.fsencode(path.name))))
    except OSError as error:
        raise UnavailableError(
            f"no subvolume can be made in {show_name(path.parent)}: {error.strerror}; it must lie "
            "on btrfs"
        ) from None
    finally:
        os.close(parent)


def _escape(path: Path) -> str:
    """Return *path* as an option of overlay, in which commas and colons separate."""
    text = str(path)
    for character in "\\,:":
        text = text.replace(character, f"\\{character}")
    return text


def _mount(
    source: str | Path,
    point: Path,
    kind: str,
    flags: MountFlag = MountFlag.NONE,
    options: str = "",
) -> None:
    try:
        kernel.mount(source, point, "" if flags else kind, flags, options)
    except OSError as error:
        raise explain_mount(kind, error) from None
