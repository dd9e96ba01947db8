"""Assertions on the links of any files, each with its evidence in the failure.

A path that is missing, a folder where a file is meant, or one path given twice is a
`LinkcheckError` and no `AssertionError`: it says nothing of links, either way.
"""

import os
from pathlib import Path

from .errors import LinkcheckError, hides_traceback
from .evidence import (
    ONE_MOUNT,
    PathLike,
    existing_at,
    facts_of,
    fail,
    file_at,
    files_at,
    folder_at,
    noted,
    tell_boundary,
    tell_names,
    tell_way,
)
from .links import Between, Linkable, Sharing, compare, probe_boundary, resolve
from .links.show import show_count, show_name

__tracebackhide__ = hides_traceback


def assert_same_inode(*paths: PathLike) -> None:
    """Assert that all *paths* are names of one file: one device, one inode, no symlink.

    Raises `LinkcheckError` for a path that is no file, or is given twice.
    """
    files = files_at(paths)
    for file in files:
        if file.is_symlink:
            fail(f"{show_name(file.steps[0])} is a symlink, no name of an inode it shares", files)
    identities = {facts_of(file).identity for file in files}
    if len(identities) > 1:
        inodes = {identity.inode for identity in identities}
        devices = {identity.device for identity in identities}
        headline = f"not one inode: {len(paths)} paths, {len(identities)} files"
        if len(inodes) < len(identities):
            headline += "; equal inode numbers of two devices are two files"
        fail(headline, files, *tell_boundary(files, same_device=len(devices) == 1))
    for file in files[1:]:
        # One path may lead to the other's one name, by a folder that is a symlink.
        verdict = noted(compare(paths[0], file.steps[0]))
        if verdict.sharing is not Sharing.HARDLINK:
            fail(f"not two names of one inode: {verdict}", (files[0], file))


def assert_different_inodes(*paths: PathLike) -> None:
    """Assert that no two of *paths* lead to one file, by hard links or by symlinks.

    Raises `LinkcheckError` for a path that is no file, or is given twice.
    """
    files = files_at(paths)
    for number, one in enumerate(files):
        for two in files[number + 1 :]:
            if facts_of(one).identity == facts_of(two).identity:
                verdict = noted(compare(one.steps[0], two.steps[0]))
                fail(f"one inode, not two: {verdict}", (one, two))


def assert_hardlinked(a: PathLike, b: PathLike) -> None:
    """Assert that *a* and *b* are two names of one inode.

    Raises `LinkcheckError` for a path that is no file, or if both are one path.
    """
    files = files_at((a, b))
    verdict = noted(compare(a, b))
    if verdict.sharing is not Sharing.HARDLINK:
        same = facts_of(files[0]).identity.device == facts_of(files[1]).identity.device
        fail(f"not hard linked: {verdict}", files, *tell_boundary(files, same_device=same))


def assert_not_shared(a: PathLike, b: PathLike) -> None:
    """Assert that *a* and *b* have no storage in common: no inode, no blocks, no symlink.

    What cannot be told is a failure. Raises `LinkcheckError` as `assert_hardlinked` does.
    """
    files = files_at((a, b))
    verdict = noted(compare(a, b))
    if verdict.sharing is Sharing.UNKNOWN:
        fail(f"it cannot be told that nothing is shared: {verdict}", files)
    if verdict.sharing not in {Sharing.COPY, Sharing.DIFFERENT}:
        fail(f"storage is shared: {verdict}", files)


def assert_symlinked(link: PathLike, into: PathLike | None = None) -> None:
    """Assert that *link* is a symlink to something that exists, and lies under the folder *into*.

    Raises `LinkcheckError` if nothing is at *link*, or if *into* is no folder.
    """
    found = resolve(link)
    if found.facts is None and not found.is_symlink:
        raise LinkcheckError(found.problem)
    if not found.is_symlink:
        fail(f"not a symlink: {show_name(link)}", (found,), *tell_way(link))
    if found.facts is None:
        fail(found.problem, (found,))
    if into is None:
        return
    root = Path(os.path.realpath(folder_at(into).path))
    target = Path(os.path.realpath(link))
    if not target.is_relative_to(root):
        fail(
            f"{show_name(link)} leads out of {show_name(into)}",
            (found,),
            f"it ends at {show_name(target)}",
        )


def assert_link_count(
    path: PathLike, count: int | None = None, *, at_least: int | None = None
) -> None:
    """Assert that the file *path* has exactly *count* names, or *at_least* so many.

    A failure lists the names found in the environments and caches of this test, and says how
    many lie elsewhere. Raises `LinkcheckError` for a path that is no file, and unless one of
    *count* and *at_least* is given.
    """
    wanted = [number for number in (count, at_least) if number is not None]
    if len(wanted) != 1:
        raise LinkcheckError("a link count needs a count, or at_least=, and not both")
    if wanted[0] < 1:
        raise LinkcheckError(f"no file has {show_count(wanted[0], 'link')}: 1 is the least")
    file = file_at(path)
    facts = facts_of(file)
    if file.is_symlink:
        fail(f"{show_name(path)} is a symlink: the links are those of its target", (file,))
    if count is not None and facts.links != count:
        fail(f"{show_count(facts.links, 'link')} instead of {count}", (file,), *tell_names(facts))
    if at_least is not None and facts.links < at_least:
        headline = f"{show_count(facts.links, 'link')} instead of at least {at_least}"
        fail(headline, (file,), *tell_names(facts))


def assert_same_device(*paths: PathLike) -> None:
    """Assert that all *paths*, files or folders, lie on one device (`st_dev`).

    One device does not mean that links can be made: see `assert_linkable`. Raises
    `LinkcheckError` for a path that leads nowhere.
    """
    found = existing_at(paths)
    devices = {facts_of(one).identity.device for one in found}
    if len(devices) > 1:
        fail(f"{len(devices)} devices, not one", found)


def assert_different_device(*paths: PathLike) -> None:
    """Assert that no two of *paths*, files or folders, lie on one device (`st_dev`).

    Raises `LinkcheckError` for a path that leads nowhere.
    """
    found = existing_at(paths)
    devices = {facts_of(one).identity.device for one in found}
    if len(devices) < len(found):
        fail(f"{show_count(len(devices), 'device')} for {len(found)} paths", found)


def assert_linkable(source: PathLike, target: PathLike) -> None:
    """Assert that a file in the folder *source* can be hard linked into the folder *target*.

    Found by really linking a temporary file. Raises `LinkcheckError` for what is no folder.
    """
    folder_at(source)
    folder_at(target)
    boundary = probe_boundary(source, target)
    found = (resolve(source), resolve(target))
    if boundary.linkable is Linkable.UNKNOWN:
        fail(f"it cannot be told whether hard links can be made: {boundary.reason}", found)
    if boundary.linkable is Linkable.NO:
        notes = () if boundary.between is Between.NOTHING else (ONE_MOUNT,)
        fail(f"no hard link from one folder into the other: {boundary.reason}", found, *notes)


def assert_not_linkable(source: PathLike, target: PathLike, because: str | None = None) -> None:
    """Assert that no file in the folder *source* can be hard linked into the folder *target*.

    Found by trying. *because* says what must stand in between, and nothing else will do:
    `filesystem`, `bind mount`, `subvolume`, or `no hard links` where the filesystem has none. What
    cannot be told (a folder that takes no files) fails. Raises `LinkcheckError` for what is no
    folder, and for an unknown reason.
    """
    if because is not None and because not in _BECAUSE:
        known = ", ".join(_BECAUSE)
        raise LinkcheckError(f"because={because!r} is no reason known here: give one of {known}")
    folder_at(source)
    folder_at(target)
    boundary = probe_boundary(source, target)
    found = (resolve(source), resolve(target))
    if boundary.linkable is Linkable.UNKNOWN:
        fail(f"it cannot be told whether hard links can be made: {boundary.reason}", found)
    if boundary.linkable is Linkable.YES:
        fail(f"a hard link from one folder into the other can be made: {boundary.reason}", found)
    if because is not None and boundary.between is not _BECAUSE[because]:
        fail(f"no hard link, but not because of {because}: {boundary.reason}", found)


_BECAUSE = {
    "filesystem": Between.FILESYSTEM,
    "bind mount": Between.MOUNT,
    "subvolume": Between.SUBVOLUME,
    "no hard links": Between.NOTHING,
}
