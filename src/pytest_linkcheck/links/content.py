"""Reading bytes of files that may be somebody else's, without being led astray or blocked."""

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum

from .facts import Facts
from .host import boot
from .show import show_size

_CHUNK = 1 << 20
_PAGE = 1 << 12
_ROOM = 1 << 17
_HAS_READV = hasattr(os, "readv")
_MAX_HOLES = 1 << 34  # bytes: read in seconds
# Only what was a regular file a moment ago is opened; should a FIFO or a symlink have taken its
# place, the one does not block the open and the other is not followed.
READ_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_BINARY", 0)
)
_FOLLOW_FLAGS = READ_FLAGS & ~getattr(os, "O_NOFOLLOW", 0)
# A descriptor that names a file without opening it: no driver of a device is woken by that.
_PIN_FLAGS = (
    os.O_PATH | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
    if hasattr(os, "O_PATH")
    else None
)


class Content(Enum):
    """Whether the bytes of two files are equal: a fact beside the verdict on their storage."""

    EQUAL = "equal"
    DIFFERENT = "different"
    NOT_COMPARED = "not compared"


@dataclass(frozen=True, slots=True)
class Opened:
    """A regular file, open for reading, with the facts of the moment before."""

    facts: Facts
    descriptor: int


class ChangedError(OSError):
    """The file is no longer the one that was looked at, or was written while being read."""


@contextmanager
def open_unchanged(facts: Facts, within: Sequence[str] = ()) -> Iterator[int]:
    """Open the regular file of *facts* for reading; yields the file descriptor.

    *within* are folders, as `os.path.realpath` spells them. Where they are given, a file that
    lies in none of them is not opened: not even if somebody puts a symlink in the place of a
    folder on the way, at any moment.

    Raises `ChangedError` if another file stands there by now, or if it was written to before
    the block was left; `OSError` if it cannot be opened.
    """
    descriptor = _open(facts, within)
    try:
        yield descriptor
        _check_unwritten(facts, descriptor)
    finally:
        os.close(descriptor)


def _open(facts: Facts, within: Sequence[str]) -> int:
    """Return a descriptor of the file of *facts*, and of no other."""
    if facts.host != boot():
        raise ChangedError(0, "looked at on another host", str(facts.path))
    if not within or _PIN_FLAGS is None:
        return _open_by_name(facts)
    pin = os.open(facts.path, _PIN_FLAGS)
    try:
        _check_identity(facts, pin)
        check_place(pin, facts.path, within)
        try:
            # What is pinned, whatever stands there by now.
            return os.open(f"/proc/self/fd/{pin}", _FOLLOW_FLAGS)
        except FileNotFoundError:  # no /proc
            return _open_by_name(facts)
    finally:
        os.close(pin)


def _open_by_name(facts: Facts) -> int:
    descriptor = os.open(facts.path, READ_FLAGS)
    try:
        _check_identity(facts, descriptor)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def check_place(descriptor: int, path: str | os.PathLike[str], within: Sequence[str]) -> None:
    """Raise `ChangedError` if *path*, opened as *descriptor*, led out of the folders *within*.

    The kernel's own name of what is open decides: no later swap changes that.
    """
    try:
        real = os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115 - no Path needed
    except FileNotFoundError:  # no /proc
        return
    if not lies_within(real, within):
        raise ChangedError(0, "leads elsewhere now", os.fspath(path))


def lies_within(path: str, folders: Sequence[str]) -> bool:
    """Return whether *path* is one of *folders* or lies below one, all of them real paths."""
    # "/a/b" lies in "/a/b" and in "/", and "/a/bc" does not lie in "/a/b".
    for folder in folders:
        if path.startswith(folder):
            rest = path[len(folder) : len(folder) + 1]
            if rest in {"", os.sep} or folder.endswith(os.sep):
                return True
    return False


def _check_identity(facts: Facts, descriptor: int) -> None:
    now = os.fstat(descriptor)
    if (now.st_dev, now.st_ino) != (facts.identity.device, facts.identity.inode):
        raise ChangedError(0, "replaced while being read", str(facts.path))
    if not stat.S_ISREG(now.st_mode):
        raise ChangedError(0, "no regular file any more", str(facts.path))


def _check_unwritten(facts: Facts, descriptor: int) -> None:
    if was_written(facts, os.fstat(descriptor)):
        raise ChangedError(0, "changed while being read", str(facts.path))


def was_written(facts: Facts, after: os.stat_result) -> bool:
    """Return whether a file was written to since the moment of *facts*.

    mtime can be set back by utime(2), ctime cannot; but a new link moves ctime as well, and the
    files of a shared cache are linked all the time.
    """
    if (after.st_size, after.st_mtime_ns) != (facts.size, facts.mtime_ns):
        return True
    return after.st_ctime_ns != facts.ctime_ns and after.st_nlink == facts.links


def compare_bytes(a: Facts, b: Facts, within: Sequence[str] = ()) -> Content:
    """Return whether the files of *a* and *b*, which lie *within*, hold the same bytes.

    Raises `ChangedError` and `OSError` as `open_unchanged` does.
    """
    if told_by_size(a, b) is Content.DIFFERENT:
        return Content.DIFFERENT
    with open_unchanged(a, within) as first, open_unchanged(b, within) as second:
        return compare_open(Opened(a, first), Opened(b, second))


def told_by_size(a: Facts, b: Facts) -> Content:
    """Return what the sizes of two files say of their bytes.

    A size of 0 says nothing: files of procfs have it, whatever they hold.
    """
    if a.size != b.size and a.size and b.size:
        return Content.DIFFERENT
    return Content.NOT_COMPARED


def compare_open(one: Opened, two: Opened) -> Content:
    """Return whether two files, open and not read from yet, hold the same bytes."""
    if told_by_size(one.facts, two.facts) is Content.DIFFERENT:
        return Content.DIFFERENT
    check_holes(one.facts)
    done = 0
    while True:
        chunk = _read_full(one.descriptor)
        if chunk != _read_full(two.descriptor):
            return Content.DIFFERENT
        if not chunk:
            return Content.EQUAL
        done += len(chunk)
        _check_growth(one.facts, one.descriptor, done)


def equal_range(first: int, second: int, offset: int, length: int) -> bool:
    """Return whether two open files hold the same *length* bytes from *offset* on."""
    end = offset + length
    for start in range(offset, end, _CHUNK):
        count = min(_CHUNK, end - start)
        if os.pread(first, count, start) != os.pread(second, count, start):
            return False
    return True


def hash_bytes(facts: Facts, algorithm: str, within: Sequence[str] = ()) -> bytes:
    """Return the digest of the file of *facts* by *algorithm*, a name that `hashlib` knows.

    The file must lie *within*, as `open_unchanged` has it.

    Raises `ValueError` for another name, `ChangedError` and `OSError` as `open_unchanged` does.
    """
    digest = hashlib.new(algorithm)
    check_holes(facts)
    # Room for a whole chunk takes longer to make than a small file to read.
    room = bytearray(min(max(facts.size, _PAGE), _ROOM))
    view = memoryview(room)
    done = 0
    descriptor = _open(facts, within)  # not by open_unchanged, which takes as long as two reads
    try:
        while count := _read_into(descriptor, room):
            digest.update(view[:count])
            done += count
            _check_growth(facts, descriptor, done)
        _check_unwritten(facts, descriptor)
    finally:
        os.close(descriptor)
    return digest.digest()


def _read_into(descriptor: int, room: bytearray) -> int:
    if _HAS_READV:
        return os.readv(descriptor, (room,))
    chunk = os.read(descriptor, len(room))  # Windows
    room[: len(chunk)] = chunk
    return len(chunk)


def check_holes(facts: Facts) -> None:
    """Raise `OSError` if a huge file is next to nothing but holes: an exabyte takes years to read.

    Compression does not look so: btrfs saves at most 31 of 32 bytes by it.
    """
    if facts.size > _MAX_HOLES and facts.allocated < facts.size // 1000:
        held = f"{show_size(facts.size)}, of which {show_size(facts.allocated)} on disk"
        raise OSError(0, f"too large to read: it has {held}", str(facts.path))


def _check_growth(facts: Facts, descriptor: int, done: int) -> None:
    """Raise `ChangedError` if a file has grown: one that always grows would never end.

    Files of procfs have more bytes than their size says, and do not grow by that.
    """
    if done > facts.size and os.fstat(descriptor).st_size != facts.size:
        raise ChangedError(0, "changed while being read", str(facts.path))


def _read_full(descriptor: int) -> bytes:
    """Read a whole chunk, as a short read of one file must not look like a difference."""
    parts = []
    wanted = _CHUNK
    while wanted and (part := os.read(descriptor, wanted)):
        parts.append(part)
        wanted -= len(part)
    return b"".join(parts)
