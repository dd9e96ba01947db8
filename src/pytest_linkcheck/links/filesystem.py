"""On which filesystem the data of a file lie, and whether two can have blocks in common.

Not by `st_dev`: each btrfs subvolume has its own, and overlay makes up others. The number of the
superblock, which mountinfo tells for each mount, is one per filesystem, however it is mounted.

What block devices share below the filesystem (snapshots of volumes, an image file and what is
mounted from it, a seed device under two btrfs filesystems) is not looked for.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from .facts import TWO_HOSTS, Facts
from .ioctl import ioctl
from .mounts import Mount, mount_of
from .overlay import beneath
from .show import show_name

# Filesystems whose FIEMAP addresses name one block each, on one device or, as with btrfs, in one
# space of addresses over all devices.
_ADDRESSED = frozenset({"btrfs", "ext2", "ext3", "ext4", "xfs"})

# Filesystems where no two inodes can share a block: they have no `remap_file_range` among their
# `file_operations` in any kernel, and no tool that makes an image with shared blocks.
_UNSHARED = frozenset({"devtmpfs", "exfat", "minix", "ramfs", "tmpfs", "vfat"})

_FS_IOC_FSGETXATTR = 0x801C581F  # <linux/fs.h>: struct fsxattr, 28 bytes, fsx_xflags first
_FS_XFLAG_REALTIME = 0x1
_XFS_IOC_FSGEOMETRY = 0x8070587C  # libxfs/xfs_fs.h: xfs_fsop_geom_v4, 112 bytes, rtblocks at 40
_MAX_STACK = 3  # overlay over overlay goes two deep: FILESYSTEM_MAX_STACK_DEPTH of <linux/fs.h>


@dataclass(frozen=True, slots=True)
class Location:
    """Where the data of a file lie: `facts` and `mount` are of the file beneath all overlays.

    `problem` says why that cannot be told; `mount` is then the last one that could be.
    """

    facts: Facts
    mount: Mount | None
    problem: str = ""


class Relation(Enum):
    """Whether the addresses of two files can be compared."""

    SAME = "one space of addresses"
    APART = "nothing can be common"
    OPEN = "cannot be told"


def locate(facts: Facts, mounts: Sequence[Mount]) -> Location:
    """Return where the data of the file of *facts* lie, looking through overlays."""
    for _ in range(_MAX_STACK):
        mount = mount_of(facts, mounts)
        if mount is None:
            return Location(facts, None, f"the mount of {show_name(facts.path)} cannot be told")
        if mount.type != "overlay":
            return Location(facts, mount)
        below = beneath(facts, mount)
        if below is None:
            problem = f"the layer of {mount} that holds {show_name(facts.path)} cannot be told"
            return Location(facts, mount, problem)
        facts = below
    return Location(facts, None, "too many overlays upon each other")


def relate(one: Location, two: Location) -> tuple[Relation, str]:
    """Return whether extents of two located files can be compared, and the reason."""
    if one.facts.host != two.facts.host:
        return Relation.OPEN, TWO_HOSTS
    if one.mount is None or two.mount is None or one.problem or two.problem:
        return Relation.OPEN, one.problem or two.problem
    types = {one.mount.type, two.mount.type}
    if unknown := types - _ADDRESSED - _UNSHARED:
        names = " and ".join(sorted(map(show_name, unknown)))
        return Relation.OPEN, f"whether {names} shares blocks cannot be told"
    if one.mount.device != two.mount.device:
        return Relation.APART, f"two filesystems, {one.mount} and {two.mount}"
    if types <= _UNSHARED:
        return Relation.APART, f"{one.mount.type} shares no blocks"
    return Relation.SAME, f"one {one.mount.type} filesystem"


def on_realtime_device(descriptor: int, location: Location) -> bool:
    """Return whether an open file lies on the second device that xfs has for realtime files.

    Addresses count from 0 on each of the two. Raises `OSError` where xfs does not answer.
    """
    if location.mount is None or location.mount.type != "xfs":
        return False
    return is_realtime(descriptor)


def is_realtime(descriptor: int) -> bool:
    """Return whether an open file of xfs is a realtime file. Raises as `on_realtime_device`."""
    told = _ask(descriptor, _FS_IOC_FSGETXATTR, 28)
    return bool(struct.unpack_from("=I", told)[0] & _FS_XFLAG_REALTIME)


def has_realtime_device(descriptor: int, mount: Mount) -> bool:
    """Return whether the xfs of an open file has realtime files, or may have while mounted.

    xfs_growfs(8) adds them only where *mount*, any of this filesystem, was made with a device for
    them: xfs_growfs_rt() of fs/xfs/xfs_rtalloc.c. Raises as `on_realtime_device`.
    """
    if any(option.startswith("rtdev=") for option in mount.super_options):
        return True
    return bool(struct.unpack_from("=Q", _ask(descriptor, _XFS_IOC_FSGEOMETRY, 112), 40)[0])


def _ask(descriptor: int, request: int, length: int) -> bytearray:
    buffer = bytearray(length)
    ioctl(descriptor, request, buffer)
    return buffer
