"""What the audit of one environment knows besides each file: its cache, mounts and inodes."""

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
from pytest_linkcheck.links.content import hash_bytes
from pytest_linkcheck.links.resolve import real_path
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
    """One environment under audit. Everything here is found by reading."""

    layout: Layout
    _hashes: dict[tuple[Identity, str], bytes] = field(default_factory=dict)
    _readable: dict[Path, bool] = field(default_factory=dict)

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
        return find_uv_cache(self.layout.prefix.parent)

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
        mount = mount_of(facts, self.mounts)
        return mount is None or mount.type not in NEVER_REFLINK

    def is_overlay(self, facts: Facts) -> bool:
        """Return whether link counts are not exact where the file lies."""
        mount = mount_of(facts, self.mounts)
        return mount is not None and mount.type == "overlay"

    def may_read(self, path: Path) -> bool:
        """Return whether the folder of *path* really lies in the environment or its cache.

        Raises `OSError` where that cannot be told. Where somebody else moves folders about, the
        answer is no promise for later: what opens files makes sure by `within`.
        """
        folder = path.parent
        if folder not in self._readable:
            real = Path(real_path(folder))
            self._readable[folder] = any(real.is_relative_to(root) for root in self.within)
        return self._readable[folder]

    def is_inside(self, path: Path) -> bool:
        """Return whether *path* really lies in the environment, and not in a cache within it.

        Raises `OSError` where that cannot be told.
        """
        real = Path(real_path(path))
        cache, prefix = (real_path(root) for root in (self.cache.path, self.layout.prefix))
        in_cache = real.is_relative_to(cache) and not Path(prefix).is_relative_to(cache)
        return real.is_relative_to(prefix) and not in_cache

    @cached_property
    def within(self) -> list[str]:
        """The real folders outside of which nothing is read: the environment, wheels of uv, PDM."""
        return [*self.layout.within, *self.cache.buckets, *pdm_packages()]

    def digest(self, facts: Facts, algorithm: str) -> bytes:
        """Return the digest of a file, computed once for all names of its inode."""
        key = (facts.identity, algorithm)
        if key not in self._hashes:
            self._hashes[key] = hash_bytes(facts, algorithm, self.within)
        return self._hashes[key]
