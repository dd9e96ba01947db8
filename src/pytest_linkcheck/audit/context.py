"""What the audit of one environment knows besides each file: its cache, mounts and inodes."""

import os
import stat
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from packaging.version import InvalidVersion, Version

from pytest_linkcheck.filesystems.expectations import assumed
from pytest_linkcheck.installs import Distribution, InstalledFile, Layout, read_distributions
from pytest_linkcheck.installs.layout import read_config
from pytest_linkcheck.links import (
    Between,
    Facts,
    Identity,
    Mount,
    explain_boundary,
    mount_of,
    read_facts,
    read_mounts,
)
from pytest_linkcheck.links.content import hash_bytes, lies_within
from pytest_linkcheck.links.resolution import real_path
from pytest_linkcheck.links.show import show_name
from pytest_linkcheck.steps import look_at

from .discover import name_apart
from .names import count_names
from .pdm_cache import pdm_packages
from .uv_cache import UvCache, find_uv_cache

# Their files have no remap_file_range in any kernel: no two inodes ever have a block in common.
NEVER_REFLINK = {"ext2", "ext3", "ext4", "ramfs", "tmpfs", "vfat", "squashfs"}
ALWAYS_REFLINK = {"btrfs"}  # xfs only if it was made with them


@dataclass(frozen=True)
class Context:
    """One environment under audit. Everything here is found by reading.

    `caches` are those of uv that were found before, of other environments: each is listed once.
    """

    layout: Layout
    caches: dict[tuple[Path, str | None], UvCache] = field(default_factory=dict)
    _hashes: dict[tuple[int, int, str], bytes] = field(default_factory=dict)
    _real: dict[str, str] = field(default_factory=dict)
    _readable: dict[str, bool] = field(default_factory=dict)
    _types: dict[int, str] = field(default_factory=dict)

    @cached_property
    def distributions(self) -> list[Distribution]:
        """What is installed."""
        return read_distributions(self.layout)

    @cached_property
    def named(self) -> dict[str, Distribution]:
        """What is installed, by what its items are called."""
        return name_apart(self.distributions)

    @cached_property
    def owners(self) -> dict[Path, list[tuple[Distribution, InstalledFile]]]:
        """Which distributions list each path."""
        found: dict[Path, list[tuple[Distribution, InstalledFile]]] = {}
        for dist in self.distributions:
            for file in dist.files:
                found.setdefault(file.path, []).append((dist, file))
        return found

    @cached_property
    def mounts(self) -> list[Mount]:
        """The mounts of this process."""
        return read_mounts()

    @cached_property
    def mount(self) -> Mount | None:
        """The mount that site-packages lies on."""
        look_at(self.layout.site_packages)
        try:
            return mount_of(read_facts(self.layout.site_packages), self.mounts)
        except OSError:
            return None

    @cached_property
    def cache(self) -> UvCache:
        """The cache that uv would use for this environment."""
        found = find_uv_cache(self.layout.prefix.parent)
        return self.caches.setdefault((found.path, found.link_mode), found)

    @property
    def assumed(self) -> str:
        """A sentence if a uv made the environment of which it is but assumed what it shares."""
        try:
            version = str(Version(read_config(self.layout.prefix)["uv"]))
        except (KeyError, InvalidVersion, ValueError):  # the last for thousands of digits
            return ""
        return assumed("uv", version)

    @cached_property
    def boundary(self) -> tuple[Between, str]:
        """What lies between the environment and uv's cache."""
        look_at(self.cache.path)
        try:
            here, there = read_facts(self.layout.site_packages), read_facts(self.cache.path)
        except OSError as error:
            return Between.UNKNOWN, f"{show_name(error.filename)} cannot be looked at"
        return explain_boundary(here, there, self.mounts)

    @cached_property
    def _inner_names(self) -> tuple[Counter[Identity], bool]:
        return count_names(self.layout.prefix, but=self.cache.path)

    @property
    def names(self) -> Counter[Identity]:
        """How many names in the environment each inode has that has several anywhere."""
        return self._inner_names[0]

    @property
    def may_have_more_names(self) -> bool:
        """Whether some of the environment could not be read, so that `names` may be short."""
        return self._inner_names[1]

    def can_reflink(self, facts: Facts) -> bool:
        """Return whether the file may share blocks with another inode, for all that is known."""
        return self._type_of(facts) not in NEVER_REFLINK

    def is_overlay(self, facts: Facts) -> bool:
        """Return whether link counts are not exact where the file lies."""
        return self._type_of(facts) == "overlay"

    def _type_of(self, facts: Facts) -> str:
        """Return the type of the filesystem that the file lies on, if it can be told."""
        if facts.mount_id in self._types:
            return self._types[facts.mount_id]
        mount = mount_of(facts, self.mounts)
        kind = "" if mount is None else mount.type
        if facts.mount_id is not None:
            self._types[facts.mount_id] = kind
        return kind

    def may_read(self, path: Path) -> bool:
        """Return whether the folder of *path* really lies in the environment or its cache.

        Raises `OSError` where that cannot be told. Where somebody else moves folders about, the
        answer is no promise for later: what opens files makes sure by `within`.
        """
        folder = os.path.dirname(str(path))  # noqa: PTH120 - a Path for each takes as long as stat
        readable = self._readable.get(folder)
        if readable is None:
            readable = lies_within(self._real_folder(folder), self.within)
            self._readable[folder] = readable
        return readable

    def _real_folder(self, folder: str) -> str:
        """Return `real_path` of *folder*, by that of the folder it is in, asked for once."""
        unknown: list[str] = []
        while folder not in self._real:
            above, _, name = folder.rpartition(os.sep)
            if not above or name in {"", os.curdir, os.pardir}:
                self._real[folder] = real_path(folder)
            else:
                unknown.append(folder)
                folder = above
        for below in reversed(unknown):
            inside = below.removeprefix(folder).removeprefix(os.sep)
            plain = os.path.join(self._real[folder], inside)  # noqa: PTH118 - as text
            self._real[below] = plain if _is_folder(below) else real_path(below)
            folder = below
        return self._real[folder]

    def is_inside(self, path: Path) -> bool:
        """Return whether *path* really lies in the environment, and not in a cache within it.

        Raises `OSError` where that cannot be told.
        """
        real, cache = real_path(path), self._real_folder(str(self.cache.path))
        prefix = self._real_folder(str(self.layout.prefix))
        in_cache = lies_within(real, [cache]) and not lies_within(prefix, [cache])
        return lies_within(real, [prefix]) and not in_cache

    @cached_property
    def within(self) -> list[str]:
        """The real folders outside of which nothing is read: the environment, wheels of uv, PDM."""
        return [*self.layout.within, *self.cache.buckets, *pdm_packages()]

    def digest(self, facts: Facts, algorithm: str) -> bytes:
        """Return the digest of a file, computed once for all names of its inode."""
        key = (facts.identity.device, facts.identity.inode, algorithm)
        if key not in self._hashes:
            self._hashes[key] = hash_bytes(facts, algorithm, self.within)
        return self._hashes[key]


def _is_folder(path: str) -> bool:
    """Return whether *path* is a folder and no symlink; raises `OSError` if that is not told."""
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
