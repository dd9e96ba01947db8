"""Reading bytes of files that may be somebody else's, without being led astray or blocked."""

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum

from .facts import Facts, Identity
from .host import boot

_CHUNK = 1 << 20
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
def open_unchanged(facts: Facts) -> Iterator[int]:
    """Open the regular file of *facts* for reading; yields the file descriptor.

    Raises `ChangedError` if another file stands there by now, or if it was written to before
    the block was left; `OSError` if it cannot be opened.
    """
    if facts.host != boot():
        raise ChangedError(0, "looked at on another host", str(facts.path))
    descriptor = os.open(facts.path, READ_FLAGS)
    try:
        before = os.fstat(descriptor)
        if Identity(before.st_dev, before.st_ino) != facts.identity:
            raise ChangedError(0, "replaced while being read", str(facts.path))
        if not stat.S_ISREG(before.st_mode):
            raise ChangedError(0, "no regular file any more", str(facts.path))
        yield descriptor
        after = os.fstat(descriptor)
        if _was_written(facts, after):
            raise ChangedError(0, "changed while being read", str(facts.path))
    finally:
        os.close(descriptor)


def _was_written(facts: Facts, after: os.stat_result) -> bool:
    """Return whether a file was written to since the moment of *facts*.

    mtime can be set back by utime(2), ctime cannot; but a new link moves ctime as well, and the
    files of a shared cache are linked all the time.
    """
    if (after.st_size, after.st_mtime_ns) != (facts.size, facts.mtime_ns):
        return True
    return after.st_ctime_ns != facts.ctime_ns and after.st_nlink == facts.links


def compare_bytes(a: Facts, b: Facts) -> Content:
    """Return whether the files of *a* and *b* hold the same bytes.

    Raises `ChangedError` and `OSError` as `open_unchanged` does.
    """
    if told_by_size(a, b) is Content.DIFFERENT:
        return Content.DIFFERENT
    with open_unchanged(a) as first, open_unchanged(b) as second:
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
    while True:
        chunk = _read_full(one.descriptor)
        if chunk != _read_full(two.descriptor):
            return Content.DIFFERENT
        if not chunk:
            return Content.EQUAL


def equal_range(first: int, second: int, offset: int, length: int) -> bool:
    """Return whether two open files hold the same *length* bytes from *offset* on."""
    end = offset + length
    for start in range(offset, end, _CHUNK):
        count = min(_CHUNK, end - start)
        if os.pread(first, count, start) != os.pread(second, count, start):
            return False
    return True


def hash_bytes(facts: Facts, algorithm: str) -> bytes:
    """Return the digest of the file of *facts* by *algorithm*, a name that `hashlib` knows.

    Raises `ValueError` for another name, `ChangedError` and `OSError` as `open_unchanged` does.
    """
    digest = hashlib.new(algorithm)
    with open_unchanged(facts) as descriptor:
        while chunk := os.read(descriptor, _CHUNK):
            digest.update(chunk)
    return digest.digest()


def _read_full(descriptor: int) -> bytes:
    """Read a whole chunk, as a short read of one file must not look like a difference."""
    parts = []
    wanted = _CHUNK
    while wanted and (part := os.read(descriptor, wanted)):
        parts.append(part)
        wanted -= len(part)
    return b"".join(parts)
