"""How two paths share storage: one verdict, with the evidence it rests on."""

import os
from dataclasses import dataclass
from enum import Enum

from .content import ChangedError, Content, compare_bytes
from .facts import Facts, Kind
from .mounts import mount_of, read_mounts
from .resolve import Resolution, directory_entry, resolve
from .show import show_count, show_name


class Sharing(Enum):
    """The closed set of verdicts on the storage of two paths."""

    HARDLINK = "hardlink"
    SYMLINK = "symlink"
    REFLINK = "reflink"
    PARTIAL = "partial"
    COPY = "copy"
    DIFFERENT = "different"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What can be said of two paths, why, and the facts it rests on.

    `a` and `b` are where the two paths lead, symlinks seen and followed.
    """

    sharing: Sharing
    reason: str
    a: Resolution
    b: Resolution
    content: Content = Content.NOT_COMPARED

    def __str__(self) -> str:
        return f"{self.sharing.value} ({self.reason})"

    def explain(self) -> str:
        """Return the verdict and its evidence as lines of text, made to be pasted."""
        lines = [str(self), *explain_path(self.a), *explain_path(self.b)]
        if self.content is not Content.NOT_COMPARED:
            lines.append(f"  bytes: {self.content.value}")
        return "\n".join(lines)


def explain_path(resolution: Resolution) -> list[str]:
    """Return the evidence on one path, a line for each symlink step and one for its end."""
    steps = [
        f"  {show_name(step)} -> {show_name(target)}"
        for step, target in zip(resolution.steps, resolution.steps[1:], strict=False)
    ]
    if resolution.facts is None:
        return [*steps, f"  {resolution.problem}"]
    mount = mount_of(resolution.facts, read_mounts())
    return [*steps, f"  {resolution.facts}" + (f", {mount}" if mount else "")]


def compare(a: str | os.PathLike[str], b: str | os.PathLike[str]) -> Verdict:
    """Return the verdict on how the files *a* and *b* share storage.

    Symlinks are seen before they are followed. Bytes are read only where identity leaves the
    question open. Never raises `OSError`: what cannot be told is `Sharing.UNKNOWN`.
    """
    first, second = resolve(a), resolve(b)
    if first.facts is None or second.facts is None:
        reason = "; ".join(filter(None, (first.problem, second.problem)))
        return Verdict(Sharing.UNKNOWN, reason, first, second)
    if first.facts.identity == second.facts.identity:
        sharing, reason = _judge_one_file(first, second, first.facts, second.facts)
        return Verdict(sharing, reason, first, second, Content.EQUAL)
    return _judge_two_files(first, second, first.facts, second.facts)


def _judge_one_file(
    first: Resolution, second: Resolution, a: Facts, b: Facts
) -> tuple[Sharing, str]:
    """Judge two paths that lead to one (device, inode)."""
    if (a.kind, a.size, a.mtime_ns, a.birth_ns) != (b.kind, b.size, b.mtime_ns, b.birth_ns):
        # Written between the two looks, or the filesystem gave one number to two files.
        return Sharing.UNKNOWN, "changed while being read, or inode numbers are not unique here"
    if first.is_symlink or second.is_symlink:
        return Sharing.SYMLINK, _tell_symlink(first, second)
    one, two = directory_entry(first.steps[0]), directory_entry(second.steps[0])
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


def _judge_two_files(first: Resolution, second: Resolution, a: Facts, b: Facts) -> Verdict:
    """Judge two paths that lead to two inodes."""
    for facts in (a, b):
        if facts.kind is not Kind.FILE:
            reason = f"{show_name(facts.path)} is a {facts.kind.value}: only files are judged"
            return Verdict(Sharing.UNKNOWN, reason, first, second)
    try:
        content = compare_bytes(a, b)
    except ChangedError as error:
        reason = f"{show_name(error.filename)} {error.strerror}"
        return Verdict(Sharing.UNKNOWN, reason, first, second)
    except OSError as error:
        reason = f"not readable: {show_name(error.filename)}: {error.strerror}"
        return Verdict(Sharing.UNKNOWN, reason, first, second)
    if content is Content.DIFFERENT:
        return Verdict(Sharing.DIFFERENT, "two inodes, bytes differ", first, second, content)
    reason = "two inodes, equal bytes, extents not examined"
    return Verdict(Sharing.UNKNOWN, reason, first, second, content)
