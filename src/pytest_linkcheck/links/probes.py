"""Trying for real whether a hard link or a reflink can be made from one folder into another."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from pathlib import Path

from .clone import FICLONE
from .content import Opened
from .facts import read_facts
from .mounts import read_mounts
from .show import show_name
from .storage import Common, examine

_PREFIX = ".linkcheck-probe-"
_SAMPLE = os.urandom(1024) * 16  # more than btrfs keeps among its metadata


class Linkable(Enum):
    """The answer of a probe: could a file of one folder be linked, or cloned, into the other?"""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


Answer = tuple[Linkable, str]

# What the filesystem says of links as such; any other error speaks of the attempt alone.
_LINK_REFUSALS = {
    errno.EXDEV: "link() across them gives EXDEV",
    errno.EPERM: "link() gives EPERM: the filesystem has no hard links, or forbids them here",
    errno.EOPNOTSUPP: "link() gives EOPNOTSUPP: the filesystem has no hard links",
    errno.ENOSYS: "link() gives ENOSYS: the filesystem has no hard links",
}
_CLONE_REFUSALS = {
    errno.EXDEV: "FICLONE across them gives EXDEV",
    errno.EINVAL: "FICLONE gives EINVAL: one of the folders has copy-on-write switched off",
    errno.EOPNOTSUPP: "FICLONE gives EOPNOTSUPP: the filesystem has no reflinks",
    errno.ENOTTY: "FICLONE gives ENOTTY: the filesystem has no reflinks",
    errno.ENOSYS: "FICLONE gives ENOSYS: the filesystem has no reflinks",
}


def try_link(source: Path, target: Path) -> Answer:
    """Make a file in folder *source*, link it into *target*, remove both; a no has its reason."""
    try:
        with _scratch(source) as (_descriptor, probe):
            return _link(probe, target)
    except OSError as error:
        return Linkable.UNKNOWN, _not_made(source, error)


def try_reflink(source: Path, target: Path) -> Answer:
    """Make a file in each folder, clone one into the other, remove both; a no has its reason."""
    try:
        from fcntl import ioctl  # noqa: PLC0415 - not every system has it
    except ImportError:
        return Linkable.UNKNOWN, "not supported on this system"
    folder = source
    try:
        with _scratch(source) as (one, first):
            os.write(one, _SAMPLE)
            folder = target
            with _scratch(target) as (two, second):
                try:
                    ioctl(two, FICLONE, one)
                except OSError as error:
                    return _judge(error, _CLONE_REFUSALS, f"clone can be made in {target}")
                files = Opened(read_facts(first), one), Opened(read_facts(second), two)
                if examine(*files, read_mounts()).common is Common.NONE:
                    return Linkable.NO, "FICLONE made a copy that shares nothing"
                return Linkable.YES, ""
    except OSError as error:
        return Linkable.UNKNOWN, _not_made(folder, error)


def _link(probe: Path, target: Path) -> Answer:
    # mkstemp made the name unique in one folder; the pid keeps two probes apart in the other.
    link = target / f"{probe.name}-{os.getpid()}"
    try:
        os.link(probe, link)
    except OSError as error:
        return _judge(error, _LINK_REFUSALS, f"link can be made in {target}")
    try:
        same = read_facts(link).identity == read_facts(probe).identity
    except OSError as error:
        return Linkable.UNKNOWN, f"what link() made cannot be looked at: {error.strerror}"
    finally:
        link.unlink()
    if not same:
        return Linkable.NO, "link() made another file, no hard link"
    return Linkable.YES, ""


@contextmanager
def _scratch(folder: Path) -> Iterator[tuple[int, Path]]:
    """Make an empty file in *folder*, open for writing, and remove it at last."""
    descriptor, name = tempfile.mkstemp(prefix=_PREFIX, dir=folder)
    try:
        yield descriptor, Path(name)
    finally:
        os.close(descriptor)
        with suppress(FileNotFoundError):
            Path(name).unlink()


def _judge(error: OSError, refusals: dict[int, str], what: str) -> Answer:
    if error.errno in refusals:
        return Linkable.NO, refusals[error.errno]
    return Linkable.UNKNOWN, f"no {show_name(what)}: {error.strerror}"


def _not_made(folder: Path, error: OSError) -> str:
    return f"no file can be made in {show_name(folder)}: {error.strerror}"
