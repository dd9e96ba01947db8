"""What one path is at one moment, with enough to tell at a later one what became of it."""

import errno
import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from .content import hash_bytes
from .facts import Facts, Identity, Kind, read_facts
from .handle import Handle, read_handle
from .resolution import resolve
from .show import show_count, show_size

_ALGORITHM = "sha256"
_TRIES = 3
_NOWHERE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})
_NANOSECONDS = 1_000_000_000

Digests = dict[tuple[Identity, int, int, int], bytes]


@dataclass(frozen=True, slots=True)
class State:
    """One path at one moment.

    `facts` are `None` where nothing stands; with a `problem`, something may stand but could not
    be looked at. `owner` is user and group number. `digest` is that of a file's bytes, `None`
    where they were not asked for or, as `problem` tells, could not be read. `end` is what a
    symlink leads to.
    """

    facts: Facts | None
    owner: tuple[int, int] = (0, 0)
    handle: Handle | None = None
    digest: bytes | None = None
    end: "State | None" = None
    problem: str = ""

    def __str__(self) -> str:
        if self.facts is None:
            return self.problem or "nothing there"
        facts = self.facts
        user, group = self.owner
        parts = [
            f"{facts.identity}",
            show_count(facts.links, "link"),
            facts.kind.value,
            show_size(facts.size),
            f"mode {facts.mode:04o}",
            f"owner {user}:{group}",
            f"modified {show_time(facts.mtime_ns)}",
            f"changed {show_time(facts.ctime_ns)}",
            f"born {show_time(facts.birth_ns)}",
        ]
        if self.problem:
            parts.append(self.problem)
        return ", ".join(parts)


ABSENT = State(None)


def look(path: Path, *, content: bool, digests: Digests) -> State:
    """Return the state of *path*, its symlink end with it; never raises `OSError`.

    With *content* the bytes of files are read, each inode once: *digests* remembers them.
    """
    state = _look_once(path, content=content, digests=digests)
    if state.facts is None or state.facts.kind is not Kind.SYMLINK:
        return state
    resolution = resolve(path)
    if resolution.facts is None:
        return replace(state, end=_no_end(path))
    return replace(state, end=_look_once(resolution.facts.path, content=content, digests=digests))


def _no_end(path: Path) -> State:
    """Return whether the symlink *path* leads nowhere, or to what cannot be looked at."""
    try:
        os.stat(path)  # noqa: PTH116 - beside lstat
    except OSError as error:
        if error.errno in _NOWHERE:
            return ABSENT
        return State(None, problem=error.strerror or str(error))
    return State(None, problem="changed while being looked at")


def _look_once(path: Path, *, content: bool, digests: Digests) -> State:
    """Take one coherent look: the facts before and after all other reading must be the same."""
    for _ in range(_TRIES):
        try:
            facts = read_facts(path)
            handle = read_handle(path)
            owner = os.lstat(path)
            digest, problem = _digest(facts, digests) if content else (None, "")
            if read_facts(path) == facts:
                return State(facts, (owner.st_uid, owner.st_gid), handle, digest, problem=problem)
        except (FileNotFoundError, NotADirectoryError):
            return ABSENT
        except OSError as error:
            return State(None, problem=error.strerror or str(error))
    return State(None, problem="changed while being looked at")


def _digest(facts: Facts, digests: Digests) -> tuple[bytes | None, str]:
    if facts.kind is not Kind.FILE:
        return None, ""
    key = (facts.identity, facts.size, facts.mtime_ns, facts.ctime_ns)
    if key not in digests:
        try:
            digests[key] = hash_bytes(facts, _ALGORITHM)
        except OSError as error:
            return None, f"bytes not readable: {error.strerror}"
    return digests[key], ""


def show_time(nanoseconds: int | None) -> str:
    """Return a time of a file as UTC, with all its digits: they are what tells two apart."""
    if nanoseconds is None:
        return "unknown"
    seconds, rest = divmod(nanoseconds, _NANOSECONDS)
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}.{rest:09}Z"
    except (ValueError, OverflowError, OSError):  # a filesystem may hold any number
        return f"{seconds}.{rest:09} s"
