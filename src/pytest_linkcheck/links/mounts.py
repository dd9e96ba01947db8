"""Which mount a path lies on, from `/proc/self/mountinfo` (proc_pid_mountinfo(5))."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from .facts import Facts, read_facts
from .host import boot
from .show import show_device, show_name

MOUNTINFO = Path("/proc/self/mountinfo")
_ESCAPE = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of mountinfo.

    `device` is the number of the whole filesystem. It may differ from the `st_dev` of the files
    on it: each btrfs subvolume has a number of its own. `root` is the folder of the filesystem
    that this mount shows: not `/` for a bind mount of a folder, or for a btrfs subvolume.
    """

    id: int
    parent: int
    device: int
    root: str
    point: str
    options: tuple[str, ...]
    type: str
    source: str
    super_options: tuple[str, ...]

    @property
    def read_only(self) -> bool:
        """Whether this mount, or the filesystem under it, takes no writes."""
        return "ro" in self.options or "ro" in self.super_options

    @property
    def subvolume(self) -> str | None:
        """The subvolume of btrfs this mount shows, by its path in the filesystem."""
        names = (option for option in self.super_options if option.startswith("subvol="))
        return next((name.partition("=")[2] for name in names), None)

    @property
    def part(self) -> str:
        """What part of the filesystem the mount shows, in words; nothing where it is all of it."""
        if self.root == "/":
            return ""
        if self.root == self.subvolume:
            return f"a mount of subvolume {show_name(self.root)}"
        return f"a bind mount of {show_name(self.root)}"

    def __str__(self) -> str:
        return f"{show_name(self.type)} {show_device(self.device)} at {show_name(self.point)}"


def parse_mountinfo(text: str) -> list[Mount]:
    """Return the mounts in *text*, lines as the kernel writes them; others are passed over."""
    mounts = (_parse_line(line) for line in text.split("\n"))
    return [mount for mount in mounts if mount is not None]


def _parse_line(line: str) -> Mount | None:
    fields = line.split(" ")
    try:
        separator = fields.index("-", 6)  # optional fields, as many as there are, end at "-"
        mount_id, parent, device, root, point, options = fields[:6]
        kind, source, super_options = fields[separator + 1 : separator + 4]
        major, minor = map(int, device.split(":"))
        if major < 0 or minor < 0:
            return None
        return Mount(
            id=int(mount_id),
            parent=int(parent),
            device=os.makedev(major, minor),
            root=_unescape(root),
            point=_unescape(point),
            options=tuple(options.split(",")),
            type=kind,
            source=_unescape(source),
            super_options=tuple(map(_unescape, super_options.split(","))),
        )
    except (ValueError, OverflowError):
        return None


def _unescape(field: str) -> str:
    r"""Undo the kernel's escapes: space, tab, newline and backslash stand as `\ooo`."""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 8)), field)


def read_mounts() -> list[Mount]:
    """Return the mounts this process sees; none where the system has no mountinfo."""
    try:
        # As bytes: a mount point may hold a carriage return, which read_text makes a line's end.
        # And in the encoding of the names that folders are listed with.
        return list(_parse(os.fsdecode(MOUNTINFO.read_bytes())))
    except OSError:
        return []


@lru_cache(maxsize=2)
def _parse(text: str) -> tuple[Mount, ...]:
    """Parse once what is read for every comparison and rarely changes."""
    return tuple(parse_mountinfo(text))


def mount_of(facts: Facts, mounts: Sequence[Mount]) -> Mount | None:
    """Return which of *mounts* the path of *facts* lies on, or `None` if that cannot be told.

    Nothing can be told of facts that another host has found.

    The kernel's own mount number decides; where statx does not tell it, the longest mount point
    above the path does.
    """
    if facts.host != boot():  # *mounts* are of this one
        return None
    if facts.mount_id is not None:
        return next((mount for mount in mounts if mount.id == facts.mount_id), None)
    try:
        # Strictly: what cannot be followed would seem to lie where it is written.
        real = os.path.realpath(facts.path, strict=True)
    except OSError:
        return None
    above = [mount for mount in mounts if _lies_under(real, mount.point)]
    # Of two mounts on one point the later one hides the earlier.
    return max(reversed(above), key=lambda mount: len(mount.point), default=None)


def mount_of_path(path: str | os.PathLike[str]) -> Mount | None:
    """Return the mount *path* lies on, or `None` if that cannot be told.

    Raises `OSError` as `os.lstat` does.
    """
    return mount_of(read_facts(path), read_mounts())


def _lies_under(path: str, point: str) -> bool:
    return path == point or path.startswith(point.rstrip("/") + "/")
