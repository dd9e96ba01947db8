"""What stands between two folders: whether links get across, and why not.

`st_dev` decides nothing: a bind mount has the number of its source, and yet link() fails across
the two; two btrfs subvolumes have two numbers, and yet reflinks work. So both are really tried,
and what the mounts tell is the explanation.
"""

import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from .facts import TWO_HOSTS, Facts, Kind, read_facts
from .mounts import Mount, mount_of, read_mounts
from .overlay import layers_of
from .probes import Linkable, try_link, try_reflink
from .show import show_device, show_name

# Filesystems that give each subvolume a device number of its own.
_WITH_SUBVOLUMES = frozenset({"bcachefs", "btrfs"})


class Between(Enum):
    """What lies between two folders, as the mounts tell it."""

    NOTHING = "nothing"
    MOUNT = "two mounts of one filesystem"
    SUBVOLUME = "two subvolumes of one filesystem"
    FILESYSTEM = "two filesystems"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Boundary:
    """What two probes found between two folders, and what the mounts say of the cause.

    `linkable` is about hard links, `reflinkable` about clones that share blocks.
    """

    source: Facts
    target: Facts
    linkable: Linkable
    between: Between
    reason: str
    reflinkable: Linkable = Linkable.UNKNOWN

    def __str__(self) -> str:
        links, reflinks = self.linkable.value, self.reflinkable.value
        return f"hard links {links}, reflinks {reflinks}: {self.reason}"


def explain_boundary(source: Facts, target: Facts, mounts: Sequence[Mount]) -> tuple[Between, str]:
    """Return what lies between two folders, in a word and in a sentence. Writes nothing."""
    if source.host != target.host:
        return Between.UNKNOWN, TWO_HOSTS
    one, two = mount_of(source, mounts), mount_of(target, mounts)
    if one is None or two is None:
        if source.identity.device != target.identity.device:
            return Between.FILESYSTEM, f"two devices, {_devices(source, target)}"
        return Between.UNKNOWN, "the mounts cannot be told"
    read_only = "".join(
        f", {show_name(mount.point)} is read-only"
        for mount in dict.fromkeys((one, two))
        if mount.read_only
    )
    if one.device != two.device:
        stacked = _tell_layers(one, two, mounts) or _tell_layers(two, one, mounts)
        return Between.FILESYSTEM, f"two filesystems, {one} and {two}{stacked}{read_only}"
    if source.identity.device != target.identity.device:
        if one.type not in _WITH_SUBVOLUMES:
            return Between.UNKNOWN, f"two devices on one {one}, {_devices(source, target)}"
        return Between.SUBVOLUME, (
            f"same filesystem, two subvolumes (devices {_devices(source, target)} on {one}): "
            f"link() fails across them{read_only}"
        )
    if one.id != two.id:
        return Between.MOUNT, (
            f"same filesystem, two mounts ({_tell_mounts(one, two)}): link() fails across them "
            f"though both are device {show_device(source.identity.device)}{read_only}"
        )
    return Between.NOTHING, f"one mount, {one}{read_only}"


def probe_boundary(source: str | os.PathLike[str], target: str | os.PathLike[str]) -> Boundary:
    """Find out by trying whether a file of folder *source* can be linked and cloned into *target*.

    Makes temporary files in both folders and removes them. Raises `NotADirectoryError` or
    another `OSError` if one of them is no folder.
    """
    one, two = _folder(source), _folder(target)
    between, cause = explain_boundary(one, two, read_mounts())
    linkable, problem = try_link(one.path, two.path)
    reflinkable, refusal = try_reflink(one.path, two.path)
    if reflinkable is Linkable.YES:
        refusal = "reflinks work"
    elif refusal == problem:  # no file can be made there: once is enough
        refusal = ""
    reason = "; ".join(filter(None, (problem, cause, refusal)))
    return Boundary(one, two, linkable, between, reason, reflinkable)


def _folder(path: str | os.PathLike[str]) -> Facts:
    facts = read_facts(os.path.realpath(path))
    if facts.kind is not Kind.DIRECTORY:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), os.fspath(path))
    return facts


def _tell_mounts(one: Mount, two: Mount) -> str:
    parts = [f"{show_name(mount.point)} is {mount.part}" for mount in (one, two) if mount.part]
    if parts:
        return ", ".join(parts)
    return f"mounted at {show_name(one.point)} and at {show_name(two.point)}"


def _tell_layers(over: Mount, under: Mount, mounts: Sequence[Mount]) -> str:
    """Return a remark if the layers of overlay *over* lie on the filesystem of *under*."""
    for layer in layers_of(over):
        try:
            mount = mount_of(read_facts(layer), mounts)
        except OSError:
            continue
        if mount is not None and mount.device == under.device:
            return f" (layer {show_name(layer)} of the overlay lies on {show_name(under.point)})"
    return ""


def _devices(source: Facts, target: Facts) -> str:
    return " and ".join(show_device(facts.identity.device) for facts in (source, target))
