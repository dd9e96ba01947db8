"""How two paths share storage: what is asked, in which order, and how a verdict comes about.

Identity first, as it costs nothing and decides hard links and symlinks. Two inodes are judged by
the blocks they lie in, and only where no block is common do the bytes say copy or different.
"""

import os
from collections.abc import Sequence

from .content import ChangedError, Content, Opened, compare_open, open_unchanged, told_by_size
from .facts import Facts, Kind
from .filesystem import locate
from .mounts import Mount, read_mounts
from .resolution import Resolution, directory_entry, resolve
from .show import show_count, show_name
from .storage import Common, Storage, examine
from .verdict import Sharing, Verdict

_ATTEMPTS = 3


def compare(
    a: str | os.PathLike[str],
    b: str | os.PathLike[str],
    *,
    content: bool = False,
    mounts: Sequence[Mount] | None = None,
    within: Sequence[str] = (),
) -> Verdict:
    """Return the verdict on how the files *a* and *b* share storage.

    Symlinks are seen before they are followed. Bytes are read where the verdict needs them, or
    where *content* asks for them. *mounts*, from `read_mounts`, spares reading them once more.
    Of files that lie in none of the folders *within*, real paths, nothing is read.
    Never raises `OSError`: what cannot be told is `Sharing.UNKNOWN`.
    """
    known = read_mounts() if mounts is None else mounts
    for _ in range(_ATTEMPTS):
        first, second = resolve(a), resolve(b)
        try:
            return _judge(first, second, known, content=content, within=within)
        except ChangedError as error:
            # Another process may just have linked the file; look again before giving up.
            problem = f"{show_name(error.filename)} {error.strerror}"
    return Verdict(Sharing.UNKNOWN, problem, first, second)


def _judge(
    first: Resolution,
    second: Resolution,
    mounts: Sequence[Mount],
    *,
    content: bool,
    within: Sequence[str],
) -> Verdict:
    """Judge two paths; raises `ChangedError` if a file did not stand still meanwhile."""
    a, b = first.facts, second.facts
    if a is None or b is None:
        reason = "; ".join(filter(None, (first.problem, second.problem)))
        return Verdict(Sharing.UNKNOWN, reason, first, second)
    if _is_one_file(a, b, mounts):
        sharing, reason = _judge_one_file(first, second, a, b)
        known = Content.NOT_COMPARED if sharing is Sharing.UNKNOWN else Content.EQUAL
        return Verdict(sharing, reason, first, second, known)
    for facts in (a, b):
        if facts.kind is not Kind.FILE:
            reason = f"{show_name(facts.path)} is a {facts.kind.value}: only files are judged"
            return Verdict(Sharing.UNKNOWN, reason, first, second)
    try:
        with open_unchanged(a, within) as one, open_unchanged(b, within) as two:
            files = Opened(a, one), Opened(b, two)
            storage = examine(*files, mounts)
            if content or storage.common is Common.NONE:
                known = compare_open(*files)
            else:
                known = told_by_size(a, b)
    except ChangedError:
        raise
    except OSError as error:
        names = show_name(error.filename or f"{a.path} or {b.path}")
        return Verdict(Sharing.UNKNOWN, f"not readable: {names}: {error.strerror}", first, second)
    return _judge_two_files(first, second, storage, known)


def _judge_two_files(
    first: Resolution, second: Resolution, storage: Storage, known: Content
) -> Verdict:
    """Judge two inodes by what they have in common, and by bytes where that is nothing."""
    match storage.common:
        case Common.ALL:
            sharing, words = Sharing.REFLINK, ""
        case Common.SOME:
            sharing, words = Sharing.PARTIAL, ""
        case Common.NONE if known is Content.EQUAL:
            sharing, words = Sharing.COPY, ", equal bytes"
        case Common.NONE:
            sharing, words = Sharing.DIFFERENT, ", bytes differ"
        case Common.UNKNOWN:
            sharing, words = Sharing.UNKNOWN, ""
    return Verdict(
        sharing,
        storage.reason + words,
        first,
        second,
        known,
        shared_bytes=storage.overlap.shared_bytes if storage.overlap else None,
        total_bytes=storage.overlap.total_bytes if storage.overlap else None,
        a_extents=storage.one,
        b_extents=storage.two,
    )


def _is_one_file(a: Facts, b: Facts, mounts: Sequence[Mount]) -> bool:
    """Return whether two paths lead to one inode, as far as numbers tell."""
    if a.identity != b.identity:
        return False
    # Overlay may give one number to two files of two btrfs subvolumes: look beneath.
    there, here = locate(a, mounts), locate(b, mounts)
    return bool(there.problem or here.problem) or there.facts.identity == here.facts.identity


def _judge_one_file(
    first: Resolution, second: Resolution, a: Facts, b: Facts
) -> tuple[Sharing, str]:
    """Judge two paths that lead to one (device, inode)."""
    if (a.kind, a.size, a.mtime_ns, a.birth_ns) != (b.kind, b.size, b.mtime_ns, b.birth_ns):
        # Written between the two looks, or the filesystem gave one number to two files.
        return Sharing.UNKNOWN, "changed while being read, or inode numbers are not unique here"
    if first.is_symlink or second.is_symlink:
        return Sharing.SYMLINK, _tell_symlink(first, second)
    try:
        one, two = directory_entry(first.steps[0]), directory_entry(second.steps[0])
    except OSError as error:
        names = show_name(error.filename or f"{a.path} or {b.path}")
        return Sharing.UNKNOWN, f"where {names} leads cannot be told: {error.strerror}"
    if one == two:
        if os.path.abspath(first.steps[0]) == os.path.abspath(second.steps[0]):  # noqa: PTH100 - no links followed
            return Sharing.UNKNOWN, "the same path twice: there is nothing to compare"
        return Sharing.SYMLINK, "one file, one name: a folder on the way is a symlink"
    if a.kind is Kind.DIRECTORY:
        return Sharing.UNKNOWN, "one folder seen through two mounts: only files are judged"
    if a.links == 1:
        if a.mount_id is None or a.mount_id == b.mount_id:
            # Overlay does so where its layers are subvolumes of btrfs.
            return Sharing.UNKNOWN, "two names, one inode, one link: inode numbers are not unique"
        return Sharing.HARDLINK, "one inode with one name, seen through two mounts"
    return Sharing.HARDLINK, f"one inode, {show_count(a.links, 'link')}"


def _tell_symlink(first: Resolution, second: Resolution) -> str:
    if first.is_symlink and second.is_symlink:
        return "both are symlinks to one file"
    link, other = (first, second) if first.is_symlink else (second, first)
    return f"{show_name(link.steps[0])} resolves to {show_name(other.steps[0])}"
