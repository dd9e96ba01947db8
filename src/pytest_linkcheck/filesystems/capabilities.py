"""What can be done in a folder, and between two, each found out by doing it.

Nothing is taken from the name of a filesystem: tmpfs has no hard links in some containers, NFS
has what its server has, and `pathconf` knows nothing of link limits.
"""

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from enum import Enum
from functools import cache
from pathlib import Path

from pytest_linkcheck.links import Linkable, probe_boundary, read_facts
from pytest_linkcheck.links.extents import NoExtentMapError, read_extents
from pytest_linkcheck.links.show import show_name

_PREFIX = ".linkcheck-probe-"
_ENTRIES = 20  # files whose numbers are looked at


class Can(Enum):
    """The answer of a probe."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Ability:
    """One answer, and why it is no plain yes."""

    can: Can
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.can.value}, {self.reason}" if self.reason else self.can.value

    def __bool__(self) -> bool:
        return self.can is Can.YES


YES = Ability(Can.YES)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What can be done in one folder."""

    write: Ability
    hardlink: Ability
    symlink: Ability
    reflink: Ability
    extents: Ability  # where the bytes of a file lie can be asked
    true_inodes: Ability  # the numbers in a folder (`DirEntry.inode()`) are those of stat
    birth_time: Ability
    case_sensitive: Ability  # `A` and `a` are two files
    keeps_unicode: Ability  # a name comes back in the normal form in which it was given

    def items(self) -> Iterator[tuple[str, Ability]]:
        """Yield the name and the answer of each."""
        for one in fields(self):
            yield one.name, getattr(self, one.name)


@dataclass(frozen=True, slots=True)
class Pair:
    """What can be shared by files of *source* with files in *target*."""

    source: Path
    target: Path
    hardlink: Ability
    reflink: Ability
    symlink: Ability


@dataclass(frozen=True, slots=True)
class LinkLimit:
    """How many names a file can have: `count`, or more than that if `more`."""

    count: int
    more: bool

    def __str__(self) -> str:
        return f"more than {self.count:,}" if self.more else f"{self.count:,}"


def probe_folder(folder: Path) -> Capabilities:
    """Return what can be done in *folder*; asked once for each mount, device and user."""
    facts = read_facts(os.path.realpath(folder))
    key = facts.identity.device, facts.mount_id, _user()
    try:
        return _probe_folder(facts.path, key)
    except OSError as error:
        return _tell_nothing(folder, error)


def probe_pair(source: Path, target: Path) -> Pair:
    """Return what files of *source* can share with files in *target*; asked once by each user."""
    one, two = (read_facts(os.path.realpath(path)) for path in (source, target))
    if one.mount_id is None or two.mount_id is None:
        return _find_pair(one.path, two.path)
    here = (one.identity.device, one.mount_id), (two.identity.device, two.mount_id), _user()
    return _probe_pair(one.path, two.path, here)


def _user() -> int:
    return os.geteuid() if hasattr(os, "geteuid") else 0


def probe_link_limit(folder: Path, stop_after: int = 100_000) -> LinkLimit:
    """Return how many names a file in *folder* can have, by making them: this takes seconds.

    Raises `OSError` if something else than the limit stops it.
    """
    with _scratch(folder) as scratch:
        first = scratch / "file"
        first.touch()
        for count in range(1, stop_after):
            # In many folders: some filesystems limit the names of a file in one folder.
            home = scratch / str(count // 1000)
            home.mkdir(exist_ok=True)
            try:
                os.link(first, home / str(count))
            except OSError as error:
                if error.errno == errno.EMLINK:
                    return LinkLimit(count, more=False)
                raise
    return LinkLimit(stop_after, more=True)


@cache
def _probe_folder(folder: Path, _key: object) -> Capabilities:
    with _scratch(folder) as scratch:
        return _try_all(scratch)


def _tell_nothing(folder: Path, error: OSError) -> Capabilities:
    """Return what can be told of a folder that takes no files."""
    reason = f"no file can be made in {show_name(folder)}: {error.strerror}"
    answers = dict.fromkeys(
        (one.name for one in fields(Capabilities)), Ability(Can.UNKNOWN, reason)
    )
    return Capabilities(**{**answers, "write": Ability(Can.NO, error.strerror or str(error))})


def _try_all(scratch: Path) -> Capabilities:
    (scratch / "file").touch()
    here = _find_pair(scratch, scratch)
    return Capabilities(
        write=YES,
        hardlink=here.hardlink,
        symlink=here.symlink,
        reflink=here.reflink,
        extents=_tell(_has_extent_map, scratch),
        true_inodes=_tell(_has_true_inodes, scratch),
        birth_time=_tell(_has_birth_time, scratch),
        case_sensitive=_tell(_is_case_sensitive, scratch),
        keeps_unicode=_tell(_keeps_unicode, scratch),
    )


@cache
def _probe_pair(source: Path, target: Path, _here: object) -> Pair:
    return _find_pair(source, target)


def _find_pair(source: Path, target: Path) -> Pair:
    boundary = probe_boundary(source, target)
    return Pair(
        source=source,
        target=target,
        hardlink=_answer(boundary.linkable, boundary.reason),
        reflink=_answer(boundary.reflinkable, boundary.reason),
        symlink=_try_symlink(target),
    )


def _try_symlink(folder: Path) -> Ability:
    try:
        with _scratch(folder) as scratch:
            (scratch / "file").touch()
            (scratch / "link").symlink_to("file")
            (scratch / "link").stat()
    except OSError as error:
        if error.errno in {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.ELOOP}:
            return Ability(Can.NO, f"symlink() or following it gives {error.strerror}")
        return Ability(Can.UNKNOWN, f"no symlink can be made: {error.strerror}")
    return YES


def _answer(linkable: Linkable, reason: str) -> Ability:
    return YES if linkable is Linkable.YES else Ability(Can(linkable.value), reason)


def _tell(probe: Callable[[Path], str], scratch: Path) -> Ability:
    """Return what *probe* found: empty means yes, else it is why not."""
    try:
        reason = probe(scratch)
    except OSError as error:
        return Ability(Can.UNKNOWN, error.strerror or str(error))
    return Ability(Can.NO, reason) if reason else YES


def _has_extent_map(scratch: Path) -> str:
    with (scratch / "map").open("xb") as file:
        file.write(b"x")
        file.flush()
        try:
            read_extents(file.fileno())
        except NoExtentMapError as error:
            return error.strerror or "no extent map"
    return ""


def _has_true_inodes(scratch: Path) -> str:
    for number in range(_ENTRIES):
        (scratch / f"entry-{number}").touch()
    with os.scandir(scratch) as entries:
        wrong = sum(entry.inode() != entry.stat(follow_symlinks=False).st_ino for entry in entries)
    return f"{wrong} numbers read from a folder are not those of stat" if wrong else ""


def _has_birth_time(scratch: Path) -> str:
    return "" if read_facts(scratch / "file").birth_ns is not None else "statx tells none"


def _is_case_sensitive(scratch: Path) -> str:
    (scratch / "case").touch()
    return "`CASE` finds `case`" if (scratch / "CASE").exists() else ""


def _keeps_unicode(scratch: Path) -> str:
    folder = scratch / "names"
    folder.mkdir()
    names = {"\u00e9", "e\u0301"}  # the same letter, composed and decomposed
    for name in names:
        (folder / name).touch()
    return "" if {path.name for path in folder.iterdir()} == names else "normal forms are changed"


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    scratch = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=folder))
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch)
