"""Assertions on the links of any files, each with its evidence in the failure.

A path that is missing, a folder where a file is meant, or one path given twice is a
`LinkcheckError` and no `AssertionError`: it says nothing of links, either way.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from .errors import LinkcheckError, hides_traceback
from .installs.known import known_roots
from .links import (
    Between,
    Facts,
    Kind,
    Linkable,
    Resolution,
    Sharing,
    compare,
    explain_boundary,
    probe_boundary,
    read_facts,
    read_mounts,
    resolve,
)
from .links.names import find_names
from .links.show import show_count, show_name
from .links.verdict import explain_path

__tracebackhide__ = hides_traceback

PathLike = str | os.PathLike[str]
_SHOWN = 10
_ONE_MOUNT = "remedy: put both on one mount (at=, cache_at=)"


def assert_same_inode(*paths: PathLike) -> None:
    """Assert that all *paths* are names of one file: one device, one inode, no symlink.

    Raises `LinkcheckError` for a path that is no file, or is given twice.
    """
    files = _files(paths)
    for file in files:
        if file.is_symlink:
            _fail(f"{show_name(file.steps[0])} is a symlink, no name of an inode it shares", files)
    identities = {_facts(file).identity for file in files}
    if len(identities) > 1:
        inodes = {identity.inode for identity in identities}
        devices = {identity.device for identity in identities}
        headline = f"not one inode: {len(paths)} paths, {len(identities)} files"
        if len(inodes) < len(identities):
            headline += "; equal inode numbers of two devices are two files"
        _fail(headline, files, *_tell_boundary(files, same_device=len(devices) == 1))
    for file in files[1:]:
        # One path may lead to the other's one name, by a folder that is a symlink.
        verdict = compare(paths[0], file.steps[0])
        if verdict.sharing is not Sharing.HARDLINK:
            _fail(f"not two names of one inode: {verdict}", (files[0], file))


def assert_different_inodes(*paths: PathLike) -> None:
    """Assert that no two of *paths* lead to one file, by hard links or by symlinks.

    Raises `LinkcheckError` for a path that is no file, or is given twice.
    """
    files = _files(paths)
    for number, one in enumerate(files):
        for two in files[number + 1 :]:
            if _facts(one).identity == _facts(two).identity:
                verdict = compare(one.steps[0], two.steps[0])
                _fail(f"one inode, not two: {verdict}", (one, two))


def assert_hardlinked(a: PathLike, b: PathLike) -> None:
    """Assert that *a* and *b* are two names of one inode.

    Raises `LinkcheckError` for a path that is no file, or if both are one path.
    """
    files = _files((a, b))
    verdict = compare(a, b)
    if verdict.sharing is not Sharing.HARDLINK:
        same = _facts(files[0]).identity.device == _facts(files[1]).identity.device
        _fail(f"not hard linked: {verdict}", files, *_tell_boundary(files, same_device=same))


def assert_not_shared(a: PathLike, b: PathLike) -> None:
    """Assert that *a* and *b* have no storage in common: no inode, no blocks, no symlink.

    What cannot be told is a failure. Raises `LinkcheckError` as `assert_hardlinked` does.
    """
    files = _files((a, b))
    verdict = compare(a, b)
    if verdict.sharing is Sharing.UNKNOWN:
        _fail(f"it cannot be told that nothing is shared: {verdict}", files)
    if verdict.sharing not in {Sharing.COPY, Sharing.DIFFERENT}:
        _fail(f"storage is shared: {verdict}", files)


def assert_symlinked(link: PathLike, into: PathLike | None = None) -> None:
    """Assert that *link* is a symlink to something that exists, and lies under the folder *into*.

    Raises `LinkcheckError` if nothing is at *link*, or if *into* is no folder.
    """
    found = resolve(link)
    if found.facts is None and not found.is_symlink:
        raise LinkcheckError(found.problem)
    if not found.is_symlink:
        _fail(f"not a symlink: {show_name(link)}", (found,), *_tell_way(link))
    if found.facts is None:
        _fail(found.problem, (found,))
    if into is None:
        return
    root = Path(os.path.realpath(_folder(into).path))
    target = Path(os.path.realpath(link))
    if not target.is_relative_to(root):
        _fail(
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
    file = _file(path)
    facts = _facts(file)
    if file.is_symlink:
        _fail(f"{show_name(path)} is a symlink: the links are those of its target", (file,))
    if count is not None and facts.links != count:
        _fail(f"{show_count(facts.links, 'link')} instead of {count}", (file,), *_tell_names(facts))
    if at_least is not None and facts.links < at_least:
        headline = f"{show_count(facts.links, 'link')} instead of at least {at_least}"
        _fail(headline, (file,), *_tell_names(facts))


def assert_same_device(*paths: PathLike) -> None:
    """Assert that all *paths*, files or folders, lie on one device (`st_dev`).

    One device does not mean that links can be made: see `assert_linkable`. Raises
    `LinkcheckError` for a path that leads nowhere.
    """
    found = _existing(paths)
    devices = {_facts(one).identity.device for one in found}
    if len(devices) > 1:
        _fail(f"{len(devices)} devices, not one", found)


def assert_different_device(*paths: PathLike) -> None:
    """Assert that no two of *paths*, files or folders, lie on one device (`st_dev`).

    Raises `LinkcheckError` for a path that leads nowhere.
    """
    found = _existing(paths)
    devices = {_facts(one).identity.device for one in found}
    if len(devices) < len(found):
        _fail(f"{show_count(len(devices), 'device')} for {len(found)} paths", found)


def assert_linkable(source: PathLike, target: PathLike) -> None:
    """Assert that a file in the folder *source* can be hard linked into the folder *target*.

    Found by really linking a temporary file. Raises `LinkcheckError` for what is no folder.
    """
    _folder(source)
    _folder(target)
    boundary = probe_boundary(source, target)
    found = (resolve(source), resolve(target))
    if boundary.linkable is Linkable.UNKNOWN:
        _fail(f"it cannot be told whether hard links can be made: {boundary.reason}", found)
    if boundary.linkable is Linkable.NO:
        notes = () if boundary.between is Between.NOTHING else (_ONE_MOUNT,)
        _fail(f"no hard link from one folder into the other: {boundary.reason}", found, *notes)


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
    _folder(source)
    _folder(target)
    boundary = probe_boundary(source, target)
    found = (resolve(source), resolve(target))
    if boundary.linkable is Linkable.YES:
        _fail("a file of one folder can be hard linked into the other", found, boundary.reason)
    if boundary.linkable is Linkable.UNKNOWN:
        _fail(f"whether a hard link can be made cannot be told: {boundary.reason}", found)
    if because is not None and boundary.between is not _BECAUSE[because]:
        _fail(f"not linkable, but not because of {because}: {boundary.reason}", found)


_BECAUSE = {
    "filesystem": Between.FILESYSTEM,
    "bind mount": Between.MOUNT,
    "subvolume": Between.SUBVOLUME,
    "no hard links": Between.NOTHING,
}


def _fail(headline: str, files: Sequence[Resolution], *notes: str) -> None:
    """Raise the one kind of failure: the verdict, then each path's evidence, then the cause."""
    lines = [headline]
    for file in files:
        lines += explain_path(file)
    raise AssertionError("\n".join([*lines, *notes]))


def _tell_boundary(files: Sequence[Resolution], *, same_device: bool) -> list[str]:
    """Say what kept the files from being one, and what to do about it."""
    mounts = read_mounts()
    folders = [read_facts(os.path.realpath(file.steps[0].parent)) for file in files]
    told = [explain_boundary(folders[0], folder, mounts) for folder in folders[1:]]
    for between, reason in told:
        if between not in {Between.NOTHING, Between.UNKNOWN}:
            return [f"cause: {reason}", _ONE_MOUNT]
    if same_device and all(between is Between.NOTHING for between, _ in told):
        return ["a hard link could be made between these folders: whoever wrote them made none"]
    return []


def _tell_way(path: PathLike) -> list[str]:
    """Say if a folder on the way to *path*, no symlink itself, is one."""
    real = os.path.realpath(path)
    if real == os.path.abspath(path):  # noqa: PTH100 - no links followed
        return []
    return [f"a folder on the way is one: it leads to {show_name(real)}"]


def _tell_names(facts: Facts) -> list[str]:
    roots = known_roots()
    if not roots:
        return []
    names = find_names(facts.identity, roots)
    elsewhere = facts.links - len(names)
    lines = [f"  {show_name(name)}" for name in names[:_SHOWN]]
    if len(names) > _SHOWN:
        lines.append(f"  and {len(names) - _SHOWN} more")
    where = f"names of this inode: {len(names)} in this test's environments and caches"
    return [f"{where}, {elsewhere} elsewhere", *lines]


def _facts(resolution: Resolution) -> Facts:
    if resolution.facts is None:
        raise LinkcheckError(resolution.problem)
    return resolution.facts


def _file(path: PathLike) -> Resolution:
    found = resolve(path)
    if _facts(found).kind is not Kind.FILE:
        kind = _facts(found).kind.value
        raise LinkcheckError(f"{show_name(path)} is a {kind}: name a file")
    return found


def _files(paths: Sequence[PathLike]) -> list[Resolution]:
    """Return where *paths* lead, if all are files, two at least, none given twice."""
    _check_number(paths)
    return [_file(path) for path in paths]


def _existing(paths: Sequence[PathLike]) -> list[Resolution]:
    _check_number(paths)
    found = [resolve(path) for path in paths]
    for one in found:
        _facts(one)
    return found


def _check_number(paths: Sequence[PathLike]) -> None:
    if len(paths) < 2:
        raise LinkcheckError("two paths at least are needed to compare")
    spelled = [os.path.abspath(path) for path in paths]  # noqa: PTH100 - no links followed
    twice = next((path for path in spelled if spelled.count(path) > 1), None)
    if twice is not None:
        raise LinkcheckError(f"{show_name(twice)} is given twice: it says nothing of links")


def _folder(path: PathLike) -> Facts:
    facts = _facts(resolve(path))
    if facts.kind is not Kind.DIRECTORY:
        raise LinkcheckError(f"{show_name(path)} is a {facts.kind.value}: name a folder")
    return facts
