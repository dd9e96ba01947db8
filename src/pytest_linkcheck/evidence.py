"""What all assertions on paths have in common: what they refuse, and how they fail."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NoReturn

from .errors import LinkcheckError, hides_traceback
from .installs.known import known_roots
from .links import (
    Between,
    Facts,
    Kind,
    Resolution,
    Verdict,
    explain_boundary,
    read_facts,
    read_mounts,
    resolve,
)
from .links.show import show_name
from .links.topology import measure
from .links.verdict import explain_path

__tracebackhide__ = hides_traceback

PathLike = str | os.PathLike[str]
SHOWN = 10  # names or offenders in a message; the rest is counted
ONE_MOUNT = "remedy: put both on one mount (at=, cache_at=)"

_SEEN: ContextVar[Counter[str] | None] = ContextVar("linkcheck_seen", default=None)


@contextmanager
def counting() -> Iterator[Counter[str]]:
    """Count what verdicts assertions come to, by sharing, until the block is left."""
    seen: Counter[str] = Counter()
    token = _SEEN.set(seen)
    try:
        yield seen
    finally:
        _SEEN.reset(token)


def noted(verdict: Verdict) -> Verdict:
    """Count *verdict*, if anybody counts, and return it."""
    seen = _SEEN.get()
    if seen is not None:
        seen[verdict.sharing.value] += 1
    return verdict


def fail(headline: str, files: Sequence[Resolution], *notes: str) -> NoReturn:
    """Raise the one kind of failure: the verdict, then each path's evidence, then the cause."""
    lines = [headline]
    for file in files:
        lines += explain_path(file)
    raise AssertionError("\n".join([*lines, *notes]))


def tell_boundary(files: Sequence[Resolution], *, same_device: bool) -> list[str]:
    """Say what kept the files from being one, and what to do about it."""
    mounts = read_mounts()
    folders = [read_facts(os.path.realpath(file.steps[0].parent)) for file in files]
    told = [explain_boundary(folders[0], folder, mounts) for folder in folders[1:]]
    for between, reason in told:
        if between not in {Between.NOTHING, Between.UNKNOWN}:
            return [f"cause: {reason}", ONE_MOUNT]
    if same_device and all(between is Between.NOTHING for between, _ in told):
        return ["a hard link could be made between these folders: whoever wrote them made none"]
    return []


def tell_way(path: PathLike) -> list[str]:
    """Say if a folder on the way to *path*, no symlink itself, is one."""
    real = os.path.realpath(path)
    if real == os.path.abspath(path):  # noqa: PTH100 - no links followed
        return []
    return [f"a folder on the way is one: it leads to {show_name(real)}"]


def tell_names(facts: Facts) -> list[str]:
    """Say which names of a file lie in this test's environments and caches, and how many do not."""
    roots = [root for root in known_roots() if os.path.lexists(root)]
    inode = measure(*roots, extents=False).find(facts.identity) if roots else None
    names = inode.names if inode else ()
    if not roots:
        return []
    lines = [f"  {show_name(name)}" for name in names[:SHOWN]]
    if len(names) > SHOWN:
        lines.append(f"  and {len(names) - SHOWN} more")
    where = f"names of this inode: {len(names)} in this test's environments and caches"
    return [f"{where}, {facts.links - len(names)} elsewhere", *lines]


def facts_of(resolution: Resolution) -> Facts:
    """Return the facts at the end of a path; raises `LinkcheckError` if it leads nowhere."""
    if resolution.facts is None:
        raise LinkcheckError(resolution.problem)
    return resolution.facts


def file_at(path: PathLike) -> Resolution:
    """Return where *path* leads; raises `LinkcheckError` if that is no file."""
    found = resolve(path)
    if facts_of(found).kind is not Kind.FILE:
        kind = facts_of(found).kind.value
        raise LinkcheckError(f"{show_name(path)} is a {kind}: name a file")
    return found


def files_at(paths: Sequence[PathLike]) -> list[Resolution]:
    """Return where *paths* lead, if all are files, two at least, none given twice."""
    _check_number(paths)
    return [file_at(path) for path in paths]


def existing_at(paths: Sequence[PathLike]) -> list[Resolution]:
    """Return where *paths* lead, files or folders, two at least, none given twice."""
    _check_number(paths)
    found = [resolve(path) for path in paths]
    for one in found:
        facts_of(one)
    return found


def _check_number(paths: Sequence[PathLike]) -> None:
    if len(paths) < 2:
        raise LinkcheckError("two paths at least are needed to compare")
    spelled = [os.path.abspath(path) for path in paths]  # noqa: PTH100 - no links followed
    twice = next((path for path in spelled if spelled.count(path) > 1), None)
    if twice is not None:
        raise LinkcheckError(f"{show_name(twice)} is given twice: it says nothing of links")


def folder_at(path: PathLike) -> Facts:
    """Return the facts of the folder *path*; raises `LinkcheckError` if it is none."""
    facts = facts_of(resolve(path))
    if facts.kind is not Kind.DIRECTORY:
        raise LinkcheckError(f"{show_name(path)} is a {facts.kind.value}: name a folder")
    return facts
