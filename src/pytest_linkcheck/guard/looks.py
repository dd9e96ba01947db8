"""One look at every watched file: what `stat` says of each name."""

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from pytest_linkcheck.links.show import show_name, show_size
from pytest_linkcheck.links.state import show_time

from .targets import Kind, Target

# What installers write into their own caches and environments: locks, and who refers to what.
_BOOKKEEPING = {".lock", ".referrers"}
_PYCACHE = f"{os.sep}__pycache__"


class Look(NamedTuple):
    """What `lstat` says of one name."""

    device: int
    inode: int
    mode: int
    links: int
    user: int
    group: int
    size: int
    mtime_ns: int
    ctime_ns: int

    @property
    def identity(self) -> tuple[int, int]:
        """The file it is, as far as numbers tell."""
        return self.device, self.inode

    def __str__(self) -> str:
        return (
            f"{show_size(self.size)}, mode {stat.S_IMODE(self.mode):04o}, "
            f"owner {self.user}:{self.group}, links {self.links}, "
            f"modified {show_time(self.mtime_ns)}, changed {show_time(self.ctime_ns)}"
        )


@dataclass
class Survey:
    """All names that were looked at.

    `cached` are those in a cache or folder, and in no environment; `ends` files and folders that
    a symlink of an environment leads to, with one such symlink each; `problems` say what could
    not be looked at.
    """

    looks: dict[str, Look] = field(default_factory=dict)
    cached: set[str] = field(default_factory=set)
    ends: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def link_to(self, path: str) -> str:
        """Return a symlink of an environment by which one comes to *path*, nothing for none."""
        while path not in self.ends or self.ends[path].startswith(f"{path}{os.sep}"):
            above = os.path.dirname(path)  # noqa: PTH120 - text all along: there are thousands
            if above == path:
                return ""
            path = above
        return self.ends[path]


def is_bytecode(path: str) -> bool:
    """Return whether *path* lies in a `__pycache__`, itself and not with its whole environment."""
    return path.rpartition(os.sep)[0].endswith(_PYCACHE)


def take_look(path: str) -> Look | None:
    """Return what is at *path* now, `None` for nothing, or for what may not be looked at."""
    try:
        return _look_of(os.lstat(path))
    except OSError:
        return None


def look_at_all(targets: Iterable[Target]) -> Survey:
    """Walk *targets*; no folder is entered twice, whichever way it is reached.

    Environments first: one that lies in a watched folder, or in uv's cache, is one all the same.
    """
    survey = Survey()
    entered: set[tuple[int, int]] = set()
    for target in sorted(targets, key=lambda target: target.kind is not Kind.ENVIRONMENT):
        pending = [str(part) for part in target.parts]
        while pending:
            for path, look in _list(pending.pop(), entered, survey):
                if stat.S_ISDIR(look.mode):
                    pending.append(path)
                elif stat.S_ISLNK(look.mode) and target.kind is Kind.ENVIRONMENT:
                    survey.looks[path] = look
                    pending += _follow(path, survey)
                elif _counts(target, path, look):
                    if target.kind is not Kind.ENVIRONMENT and (
                        path not in survey.looks or path in survey.ends
                    ):
                        survey.cached.add(path)
                    survey.looks[path] = look
    return survey


def _counts(target: Target, path: str, look: Look) -> bool:
    if os.path.basename(path) in _BOOKKEEPING:  # noqa: PTH119 - fast
        return False
    if target.kind is not Kind.UV_CACHE:
        return True
    # The rest is uv's own: indexes, locks, checkouts, which it writes as it likes.
    return stat.S_ISREG(look.mode) and (look.links > 1 or target.is_archive(path))


def _follow(path: str, survey: Survey) -> list[str]:
    """Note where a symlink of an environment leads; return the folder to enter, if it is one."""
    real = os.path.realpath(path)
    look = take_look(real)
    if look is None:
        return []
    survey.ends.setdefault(real, path)
    if stat.S_ISDIR(look.mode):
        return [real]
    survey.looks.setdefault(real, look)
    return []


def _list(path: str, entered: set[tuple[int, int]], survey: Survey) -> Iterator[tuple[str, Look]]:
    """Yield what is in the folder *path*, or *path* itself if it is none."""
    try:
        here = _look_of(os.lstat(path))
        if not stat.S_ISDIR(here.mode):
            yield path, here
            return
        if here.identity in entered:
            return
        entered.add(here.identity)
        with os.scandir(path) as entries:
            for entry in entries:
                try:
                    told = entry.stat(follow_symlinks=False)
                except OSError:  # gone since it was listed
                    continue
                yield entry.path, _look_of(told)
    except FileNotFoundError:
        return
    except OSError as error:
        survey.problems.append(f"{show_name(path)}: {error.strerror}")


def _look_of(told: os.stat_result) -> Look:
    return Look(
        told.st_dev,
        told.st_ino,
        told.st_mode,
        told.st_nlink,
        told.st_uid,
        told.st_gid,
        told.st_size,
        told.st_mtime_ns,
        told.st_ctime_ns,
    )
