"""How files hang together with their installer's cache."""

import os
from collections.abc import Collection, Iterable
from pathlib import Path

from pytest_linkcheck import Environment, Sharing, measure
from pytest_linkcheck.links import ExtentFlag, Kind, NoExtentMapError, read_extents
from pytest_linkcheck.links.show import show_count, show_name
from pytest_linkcheck.links.topology import Topology

_SHOWN = 5


def assert_shared_with_cache(paths: Collection[Path], env: Environment, expected: Sharing) -> None:
    """Assert that each of *paths* is shared with the cache of *env* as *expected*.

    Where an empty file or a filesystem leaves open whether blocks are shared, the others decide.
    """
    __tracebackhide__ = True
    topology = measure(*existing(env.prefix, env.cache))
    told = [(path, _sharing(path, env.cache, topology)) for path in paths]
    wrong = [(path, found) for path, found in told if found not in {expected, None}]
    if wrong:
        lines = [f"  {show_name(path)}: {found and found.value}" for path, found in wrong[:_SHOWN]]
        headline = (
            f"{show_count(len(wrong), 'file')} of {len(told)} not shared with the cache by "
            f"{expected.value}"
        )
        raise AssertionError("\n".join([headline, *lines]))
    if not any(found for _, found in told):
        raise AssertionError(f"nothing proves it: none of {show_count(len(told), 'file')} tells")


def _sharing(path: Path, cache: Path, topology: Topology) -> Sharing | None:
    """Return how *path* is shared with a file of the cache; `None` where that cannot be told."""
    if is_below(path, cache):
        return Sharing.SYMLINK
    company = topology.company_of(path)
    if any(is_below(name, cache) for name in company.inode.names):
        return Sharing.HARDLINK
    partners = [partner.inode for partner in company.partners]
    if any(is_below(name, cache) for inode in partners for name in inode.names):
        return Sharing.REFLINK
    if company.inode.facts.links > 1:
        return Sharing.HARDLINK
    return Sharing.COPY if company.inode.is_known and _has_blocks(path) else None


def _has_blocks(path: Path) -> bool:
    """Return whether *path* has blocks that could be shared: not if it is empty, or inline."""
    with path.open("rb") as file:
        try:
            extents = read_extents(file.fileno()).extents
        except NoExtentMapError:
            return path.stat().st_size > 0  # where no file has a map, none shares blocks
    return any(ExtentFlag.DATA_INLINE not in extent.flags for extent in extents)


def links_into_cache(env: Environment, paths: Iterable[Path]) -> list[Path]:
    """Return which of *paths* are symlinks into the cache of *env*, or have another name."""
    return [
        path
        for path in paths
        if is_below(path, env.cache) or (not path.is_symlink() and path.lstat().st_nlink > 1)
    ]


def bytes_in(*roots: Path) -> int:
    """Return the bytes that files and symlinks below *roots* take on disk, each block once.

    They are those of `st_blocks`, which has what no extent map tells of (btrfs counts 4,096 bytes
    for a small file or a symlink among its metadata), less the blocks that another file here has
    too: deleting one of two clones frees nothing. Folders are not counted.
    """
    measure(*roots)  # reading extents writes out what the filesystem has put off
    topology = measure(*roots)
    symlinks = {
        entry.facts.identity: entry.facts.allocated
        for scan in topology.scans
        for entry in scan.entries
        if entry.facts.kind is Kind.SYMLINK
    }
    by_file = sum(topology.account(inode.names[0]).on_disk for inode in topology.inodes)
    counted_twice = by_file - topology.total.on_disk
    return topology.total.allocated + sum(symlinks.values()) - counted_twice


def is_below(path: Path, folder: Path) -> bool:
    """Return whether *path* ends in *folder*, symlinks being followed."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def existing(*folders: Path) -> list[Path]:
    """Return those of *folders* that are there: an installer may do without a cache."""
    return [folder for folder in folders if folder.is_dir()]
