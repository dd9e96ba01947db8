"""Whether a hard link can be made from one folder into another, and what stands in between."""

import errno
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from .facts import Facts, Kind, read_facts
from .mounts import Mount, mount_of, read_mounts
from .show import show_device, show_name

_PREFIX = ".linkcheck-probe-"


class Linkable(Enum):
    """The answer of a probe: could link(2) put a file of one folder into the other?"""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Between(Enum):
    """What lies between two folders, as the mounts tell it."""

    NOTHING = "nothing"
    MOUNT = "two mounts of one filesystem"
    SUBVOLUME = "two subvolumes of one filesystem"
    FILESYSTEM = "two filesystems"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Boundary:
    """What a probe found between two folders, and what the mounts say of the cause."""

    source: Facts
    target: Facts
    linkable: Linkable
    between: Between
    reason: str

    def __str__(self) -> str:
        return f"hard links {self.linkable.value}: {self.reason}"


def explain_boundary(source: Facts, target: Facts, mounts: Sequence[Mount]) -> tuple[Between, str]:
    """Return what lies between two folders, in a word and in a sentence. Writes nothing."""
    one, two = mount_of(source, mounts), mount_of(target, mounts)
    if one is None or two is None:
        if source.identity.device != target.identity.device:
            return Between.FILESYSTEM, f"two devices, {_devices(source, target)}"
        return Between.UNKNOWN, "the mounts cannot be told"
    if one.device != two.device:
        return Between.FILESYSTEM, f"two filesystems, {one} and {two}"
    if source.identity.device != target.identity.device:
        return Between.SUBVOLUME, (
            f"two subvolumes of one {one.type} filesystem, devices {_devices(source, target)}: "
            "link() fails across them, reflinks work"
        )
    if one.id != two.id:
        bound = two if two.root != "/" else one
        return Between.MOUNT, (
            f"one filesystem, two mounts ({show_name(bound.point)} is a bind mount): link() "
            f"fails across them though both are device {show_device(one.device)}"
        )
    return Between.NOTHING, f"one mount, {one}"


def probe_boundary(source: str | os.PathLike[str], target: str | os.PathLike[str]) -> Boundary:
    """Find out by really trying whether a file in folder *source* can be linked into *target*.

    Makes a temporary file in each folder and removes it. Raises `NotADirectoryError` or
    another `OSError` if one of them is no folder.
    """
    one, two = _folder(source), _folder(target)
    between, reason = explain_boundary(one, two, read_mounts())
    linkable, problem = _try_link(one.path, two.path)
    if problem:
        reason = f"{problem}; {reason}"
    return Boundary(one, two, linkable, between, reason)


def _folder(path: str | os.PathLike[str]) -> Facts:
    facts = read_facts(os.path.realpath(path))
    if facts.kind is not Kind.DIRECTORY:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), os.fspath(path))
    return facts


def _try_link(source: Path, target: Path) -> tuple[Linkable, str]:
    try:
        descriptor, name = tempfile.mkstemp(prefix=_PREFIX, dir=source)
    except OSError as error:
        return Linkable.UNKNOWN, f"no file can be made in {show_name(source)}: {error.strerror}"
    os.close(descriptor)
    probe = Path(name)
    # mkstemp made the name unique in one folder; the pid keeps two probes apart in the other.
    link = target / f"{probe.name}-{os.getpid()}"
    try:
        os.link(probe, link)
        try:
            same = read_facts(link).identity == read_facts(probe).identity
        finally:
            link.unlink()
    except OSError as error:
        return _judge_error(error, target)
    finally:
        probe.unlink(missing_ok=True)
    if not same:
        return Linkable.NO, "link() made another file, no hard link"
    return Linkable.YES, ""


# What the filesystem says of links as such; any other error speaks of the attempt alone.
_REFUSALS = {
    errno.EXDEV: "link() across them gives EXDEV",
    errno.EPERM: "link() gives EPERM: the filesystem has no hard links, or forbids them here",
    errno.EOPNOTSUPP: "link() gives EOPNOTSUPP: the filesystem has no hard links",
    errno.ENOSYS: "link() gives ENOSYS: the filesystem has no hard links",
}


def _judge_error(error: OSError, target: Path) -> tuple[Linkable, str]:
    if error.errno in _REFUSALS:
        return Linkable.NO, _REFUSALS[error.errno]
    return Linkable.UNKNOWN, f"no link can be made in {show_name(target)}: {error.strerror}"


def _devices(source: Facts, target: Facts) -> str:
    return " and ".join(show_device(facts.identity.device) for facts in (source, target))
