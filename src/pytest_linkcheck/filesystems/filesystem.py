"""A place that is ready: a folder on a filesystem, of which each test gets a part of its own."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.installs import Role
from pytest_linkcheck.links import Mount, Sharing, read_facts
from pytest_linkcheck.links.mounts import mount_of_path
from pytest_linkcheck.links.show import show_name

from .capabilities import Capabilities, Pair, probe_folder, probe_pair
from .expectations import Expectation, Filler, expectation, need_sharing
from .places import Kind, Place

# What a project makes of an expectation: called with installer, link mode, role and expectation.
Override = Callable[[str | Filler, str | None, Role, Expectation], Expectation]

# What a folder of the user's has to be, or must not be fit for, to bear the name of a place.
_TYPES = {
    Kind.XFS_NOREFLINK.value: "xfs",
    Kind.SUBVOLUME.value: "btrfs",
    **{name: name for name in ("ext4", "ext2", "xfs", "btrfs", "tmpfs", "overlay")},
}
_CANNOT = {
    Kind.XFS_NOREFLINK.value: ("reflink", "reflinks"),
    Kind.NOLINK.value: ("hardlink", "hard links"),
    Kind.READONLY.value: ("write", "files"),
}

_UNFIT = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass(eq=False, repr=False)
class Filesystem:
    """A filesystem that tests can use. Made by the fixtures `filesystem`, `filesystems`.

    Attributes:
        place: what was asked for.
        path: the folder in which each test gets a folder; its filesystem is what counts.
        mount: what the kernel says of it: device, type, options.
        behind_path: the same folder without the bind, read-only or overlay mount, if it is one.
    """

    place: Place
    path: Path
    mount: Mount
    behind_path: Path | None = None
    settle: Callable[["Filesystem"], None] | None = field(default=None, repr=False)
    folders: list[Path] = field(default_factory=list, repr=False)
    override: Override | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """The name by which it is chosen."""
        return self.place.name

    @property
    def type(self) -> str:
        """The name that the kernel has for this sort of filesystem."""
        return self.mount.type

    @property
    def options(self) -> tuple[str, ...]:
        """The options of the mount and of the filesystem, as the kernel tells them."""
        return tuple(dict.fromkeys((*self.mount.options, *self.mount.super_options)))

    @property
    def size(self) -> int:
        """Its size in bytes."""
        told = os.statvfs(self.path)
        return told.f_blocks * told.f_frsize

    @property
    def free(self) -> int:
        """How many bytes this user may still write."""
        told = os.statvfs(self.path)
        return told.f_bavail * told.f_frsize

    def __str__(self) -> str:
        return f"{self.name}: {self.mount}"

    def __repr__(self) -> str:
        return f"<filesystem {self.name} at {show_name(self.path)}>"

    def __fspath__(self) -> str:
        return str(self.path)

    def folder(self, label: str = "folder", *, keep: bool = False) -> Path:
        """Return a new folder on it, with *label* in its name.

        It goes when the test ends, unless *keep* says that others need it too. Raises
        `LinkcheckError` if none can be made.
        """
        self.check()
        parent = self.path if not self.mount.read_only or not self.behind_path else self.behind_path
        stem = _UNFIT.sub("-", label)[:80] or "folder"
        number = 1
        while True:
            name = f"{stem}-{number}"
            try:
                (parent / name).mkdir()
                break
            except FileExistsError:
                number += 1
            except OSError as error:
                raise LinkcheckError(f"no folder can be made on {self}: {error.strerror}") from None
        if self.settle:
            self.settle(self)
        if not keep:
            self.folders.append(parent / name)
        return self.path / name

    def behind(self, path: Path) -> Path:
        """Return where *path* is found without the mount that makes up this place.

        So a test can write to what is seen read-only here, or look at the upper layer of an
        overlay. Raises `LinkcheckError` where there is nothing behind.
        """
        if self.behind_path is None or not path.is_relative_to(self.path):
            raise LinkcheckError(f"{show_name(path)} is not seen through a mount of {self.name}")
        return self.behind_path / path.relative_to(self.path)

    def capabilities(self) -> Capabilities:
        """Return what can be done here, found out by doing it, once."""
        self.check()
        return probe_folder(self.path)

    def from_cache(self, cache_at: "Filesystem | Path | None" = None) -> Pair:
        """Return what can be shared between a cache at *cache_at* (default: here) and here.

        Raises `LinkcheckError` where that cannot be asked.
        """
        self.check()
        if isinstance(cache_at, Filesystem):
            cache_at.check()
        source = self.path if cache_at is None else Path(cache_at)
        try:
            return probe_pair(source, self.path)
        except OSError as error:
            raise LinkcheckError(
                f"what a cache at {show_name(source)} shares with {self} cannot be told: "
                f"{error.strerror}"
            ) from None

    def expected(
        self,
        installer: str | Filler,
        link_mode: str | None = None,
        *,
        cache_at: "Filesystem | Path | None" = None,
    ) -> Sharing:
        """Return how files should be shared by environments here whose cache is at *cache_at*.

        *installer* is what the fixture gives, or a name such as `uv` (its newest version) or
        `uv==0.10.4`; *cache_at* is here by default. The table is in docs/expectations.md. Raises
        `LinkcheckError` where that cannot be told, or the install should fail.
        """
        told = self.expectation(installer, link_mode, cache_at=cache_at)
        return need_sharing(told, installer, link_mode, self.from_cache(cache_at))

    def expectation(
        self,
        installer: str | Filler,
        link_mode: str | None = None,
        *,
        role: Role = Role.PAYLOAD,
        cache_at: "Filesystem | Path | None" = None,
    ) -> Expectation:
        """Return what `expected` says, of one role, with link count, warning and assumption.

        The hook `pytest_linkcheck_expectation` may have changed it.
        """
        told = expectation(installer, link_mode, self.from_cache(cache_at), role)
        return self.override(installer, link_mode, role, told) if self.override else told

    def look_again(self) -> None:
        """Learn the number of the mount anew, if it is still a mount of the same filesystem."""
        mount = mount_of_path(self.path)
        if mount is not None and mount.device == self.mount.device:
            self.mount = mount

    def check(self) -> None:
        """Raise `LinkcheckError` unless `path` still leads to this filesystem.

        Another thread may live in another mount namespace, where the same path is a plain folder:
        a test there would be about another filesystem without anyone noticing.
        """
        try:
            number = read_facts(self.path).mount_id
        except OSError as error:
            raise LinkcheckError(f"{self} is gone: {error.strerror}") from None
        if number is not None and number != self.mount.id:
            raise LinkcheckError(
                f"{self} is not seen at {show_name(self.path)}: it was unmounted, or this thread "
                "was started before it was made"
            )


def look_at(place: Place, path: Path, behind_path: Path | None = None) -> Filesystem:
    """Return the filesystem that *path* lies on."""
    mount = mount_of_path(path)
    if mount is None:
        raise LinkcheckError(f"the mount of {show_name(path)} cannot be told")
    return Filesystem(place, path, mount, behind_path)


def refuse_false_name(made: Filesystem) -> None:
    """Refuse a folder of the user's that has the name of another place: results would lie."""
    called = f"{made.name}={show_name(made.place.path)}"
    promised = _TYPES.get(made.name)
    if promised and promised != made.type:
        raise LinkcheckError(
            f"{called} lies on {made.mount}: give it another name, or a folder on {promised}"
        )
    ability, things = _CANNOT.get(made.name, ("", ""))
    if ability and getattr(made.capabilities(), ability):
        raise LinkcheckError(
            f"{called} is not what its name says, {things} can be made there: give it another name"
        )
