"""What became of each watched file between the two looks, and what of it counts as an edit."""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from pytest_linkcheck.links.sameness import Same

from .known import Known, is_as_known, is_same_file
from .looks import Look, Survey, is_bytecode, take_look
from .targets import Target


class Way(Enum):
    """The closed set of what is reported. Each fails the session."""

    THROUGH = "written through a link"
    """The same file, which has other names, lies in a cache or is the end of a symlink."""
    ALONE = "edited in place"
    """The same file, which nobody shares."""
    REPLACED = "replaced"
    """Another file stands there: what shared the old one still has that."""
    REMOVED = "removed"
    UNKNOWN = "cannot be told"


@dataclass(frozen=True, slots=True)
class Finding:
    """One file that was changed: its names among those watched, and what was seen.

    `what` are the changes in words; `owner` the distribution it belongs to, if known; `link` a
    symlink of an environment that leads to it.
    """

    way: Way
    paths: tuple[str, ...]
    what: tuple[str, ...]
    before: Look
    after: Look | None
    owner: str = ""
    link: str = ""

    @property
    def elsewhere(self) -> int:
        """How many more links it has than names are known."""
        return max(0, (self.after or self.before).links - len(self.paths))


def judge_all(survey: Survey, known: Known, targets: Sequence[Target]) -> list[Finding]:
    """Look at everything in *survey* again and return what was changed, file by file."""
    names: dict[tuple[int, int], list[str]] = {}
    for path, look in survey.looks.items():
        names.setdefault(look.identity, []).append(path)
    found: list[Finding | None] = []
    judged: set[tuple[int, int]] = set()
    for path, before in survey.looks.items():
        after = take_look(path)
        if after == before and path not in known.timeless:
            continue
        same = Same.NO if after is None else is_same_file(before, after, path, known)
        if after is None or same is Same.NO:
            unpacked = any(target.is_archive(path) for target in targets)
            if _is_missed(path, after, survey, known, unpacked=unpacked):
                found.append(_judge_absence(path, before, after, known))
        elif not stat.S_ISREG(before.mode):
            continue
        elif same is Same.COPIED_UP:  # this name alone: the others still have what was there
            finding = _judge_same(path, before, after, survey, known)
            found.append(_name(_copied_up(finding), (path,), survey, known))
        elif before.identity not in judged:
            judged.add(before.identity)
            finding = _judge_same(path, before, after, survey, known)
            if finding is not None and same is Same.UNKNOWN:
                doubt = "in place, or it is another file"
                finding = replace(finding, way=Way.UNKNOWN, what=(*finding.what, doubt))
            # Names that are another file's by now were its names when it was written all the same.
            found.append(_name(finding, tuple(names[before.identity]), survey, known))
    order = list(Way)
    told = [one for one in found if one is not None]
    return sorted(told, key=lambda one: (order.index(one.way), one.paths))


def _is_missed(
    path: str, after: Look | None, survey: Survey, known: Known, *, unpacked: bool
) -> bool:
    """Return whether it is an edit that another file stands at *path* by now, or none.

    What a cache drops or renews is its installer's business, as bytecode is Python's; but what
    uv has once *unpacked* it never writes again.
    """
    if after is None and not _is_gone(path):
        return True
    if is_bytecode(path):
        return False
    if path not in survey.cached:
        return True
    return unpacked and after is not None and is_as_known(path, known) is not True


def _is_gone(path: str) -> bool:
    """Return whether nothing stands at *path*: not to be allowed to look says nothing."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        pass
    return False


def _copied_up(finding: Finding | None) -> Finding | None:
    if finding is None:
        return None
    way = Way.UNKNOWN if finding.way is Way.UNKNOWN else Way.REPLACED
    return replace(finding, way=way, what=("copied up by overlay", *finding.what))


def _judge_same(
    path: str, before: Look, after: Look, survey: Survey, known: Known
) -> Finding | None:
    """Judge a file that is still there: `None` if it was not changed, or only by Python."""
    what = tuple(_differences(path, before, after, known))
    shared = path in survey.cached or survey.link_to(path) or max(before.links, after.links) > 1
    way = Way.THROUGH if shared else Way.ALONE
    if not what and (doubt := _doubt(path, before, after, known)):
        what, way = (doubt,), Way.UNKNOWN
    if not what or (way is Way.ALONE and is_bytecode(path)):
        return None
    return Finding(way, (path,), what, before, after)


def _name(
    finding: Finding | None, names: tuple[str, ...], survey: Survey, known: Known
) -> Finding | None:
    if finding is None:
        return None
    owner = next((known.owners[name] for name in names if name in known.owners), "")
    link = next((link for name in names if (link := survey.link_to(name))), "")
    return replace(finding, paths=names, owner=owner, link=link)


def _judge_absence(path: str, before: Look, after: Look | None, known: Known) -> Finding:
    owner = known.owners.get(path, "")
    if after is None and _is_gone(path):
        return Finding(Way.REMOVED, (path,), ("removed",), before, None, owner)
    if after is None:
        return Finding(Way.UNKNOWN, (path,), ("cannot be looked at",), before, None, owner)
    return Finding(Way.REPLACED, (path,), ("another file stands there",), before, after, owner)


def _differences(path: str, before: Look, after: Look, known: Known) -> Iterator[str]:
    """Yield in words what differs in one file; nothing for what a new or lost link does."""
    if before.size != after.size:
        yield f"size {before.size:,} -> {after.size:,} bytes"
    elif path in known.digests and is_as_known(path, known) is False:
        yield "bytes differ"
    elif before.mtime_ns != after.mtime_ns and is_as_known(path, known) is False:
        yield "bytes are not those of RECORD"
    if before.mode != after.mode:
        modes = (stat.S_IMODE(look.mode) for look in (before, after))
        yield "mode {:04o} -> {:04o}".format(*modes)
    if (before.user, before.group) != (after.user, after.group):
        yield f"owner {before.user}:{before.group} -> {after.user}:{after.group}"
    if before.mtime_ns != after.mtime_ns:
        yield "time of modification moved"


def _doubt(path: str, before: Look, after: Look, known: Known) -> str:
    """Return why the bytes of a file may have been written whose `stat` tells nothing of it."""
    if before.ctime_ns == after.ctime_ns and path not in known.timeless:
        return ""
    if is_bytecode(path) and before.links == 1:  # was not hashed: Python renews it by a new file
        return ""
    told = is_as_known(path, known)
    if told is None:
        return "bytes may have been written: they could not be read before or after"
    if told:
        return ""
    return (
        "bytes are not those of RECORD, and the change time moved: written in this run with "
        "times set back, or written before it and touched or linked in it"
    )
