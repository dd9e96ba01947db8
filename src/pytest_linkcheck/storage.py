"""Assertions on storage: blocks in common, writes that stay apart, and where the links lie."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import LinkcheckError, hides_traceback
from .evidence import SHOWN, PathLike, facts_of, fail, file_at, files_at, folder_at, noted
from .links import Sharing, Verdict, compare
from .links.clone import clone
from .links.show import show_count, show_name, show_size
from .links.topology import shared_with

__tracebackhide__ = hides_traceback

# A write to one of two inodes is not seen in the other, whether or not they share blocks now.
_ISOLATED = {Sharing.REFLINK, Sharing.PARTIAL, Sharing.COPY, Sharing.DIFFERENT}


def assert_reflinked(a: PathLike, b: PathLike) -> None:
    """Assert that *a* and *b* are two inodes whose data lie in common blocks, byte for byte.

    What cannot be told is a failure: empty files, files that btrfs keeps inline, filesystems
    without an extent map. Raises `LinkcheckError` for a path that is no file, or is given twice.
    """
    files = files_at((a, b))
    verdict = noted(compare(a, b))
    if verdict.sharing is Sharing.UNKNOWN:
        fail(f"it cannot be told whether they are reflinks: {verdict}", files)
    if verdict.sharing is not Sharing.REFLINK:
        fail(f"not reflinked: {verdict}", files, *_tell_bytes(verdict))


def assert_extents_shared(a: PathLike, b: PathLike, fraction: float = 1.0) -> None:
    """Assert that at least *fraction* (above 0, up to 1) of the data of *a* and *b* is in common.

    Blocks count wherever they lie in the files, against the file with more data; holes do not
    count. Hard links and symlinks have all in common. What cannot be told is a failure. Raises
    `LinkcheckError` as `assert_reflinked` does, and for another *fraction*.
    """
    if not 0 < fraction <= 1:
        raise LinkcheckError(f"fraction={fraction!r}: give a number above 0, and up to 1")
    files = files_at((a, b))
    verdict = noted(compare(a, b))
    if verdict.sharing in {Sharing.HARDLINK, Sharing.SYMLINK, Sharing.REFLINK}:
        return
    if verdict.sharing is Sharing.UNKNOWN:
        fail(f"it cannot be told which extents are shared: {verdict}", files)
    shared, total = verdict.shared_bytes or 0, verdict.total_bytes
    if not total or shared / total < fraction:
        headline = f"less than {fraction:.0%} of the extents is shared: {verdict}"
        fail(headline, files, *_tell_bytes(verdict))


def assert_isolated(a: PathLike, b: PathLike, *, probe: bool = False) -> None:
    """Assert that a write to *a* is not seen in *b*, nor the other way: no common inode.

    True of reflinks and of copies, false of hard links and of symlinks. With *probe* it is also
    tried: the two are made again, linked or cloned as they are, in a temporary folder beside *a*,
    and written to there. Raises `LinkcheckError` as `assert_reflinked` does, or if the temporary
    folder cannot be made.
    """
    files = files_at((a, b))
    verdict = noted(compare(a, b))
    if verdict.sharing in {Sharing.HARDLINK, Sharing.SYMLINK}:
        fail(f"not isolated, a write to one is seen in the other: {verdict}", files)
    if verdict.sharing not in _ISOLATED and not _are_two_inodes_of_one_device(verdict):
        fail(f"it cannot be told whether writes stay apart: {verdict}", files)
    if probe:
        with _scratch(Path(a), verdict) as (one, two):
            if seen := _write_and_look(one, two) or _write_and_look(two, one):
                fail(f"not isolated, though {verdict}: {seen}", files)


def assert_links_within(path: PathLike, *roots: PathLike) -> None:
    """Assert that all names of the file *path* lie under *roots*, folders or files.

    A failure lists the names that were found. On overlay link counts are not exact: there it
    fails, as it cannot be told. Raises `LinkcheckError` for a path that is no file, and for no
    root.
    """
    if not roots:
        raise LinkcheckError("name the folders that the links are to lie in")
    file = file_at(path)
    walked = [folder_at(root).path for root in roots]
    company = shared_with(facts_of(file).path, walked)
    # shared_with counts the asked name wherever it lies: it must lie under the roots as well.
    names = [name for name in company.inode.names if _is_below(name, walked)]
    outside = [name for name in company.inode.names if name not in names]
    lines = [f"  {show_name(name)}" for name in names[:SHOWN]]
    if len(names) > SHOWN:
        lines.append(f"  and {len(names) - SHOWN} more")
    found = [f"names found under the roots: {len(names)}", *lines]
    found += [f"not to be read: {problem}" for problem in company.problems[:SHOWN]]
    elsewhere = company.inode.elsewhere
    if elsewhere is None:
        fail("it cannot be told whether there are links elsewhere", (file,), *found)
    elif count := elsewhere + len(outside):
        fail(f"{show_count(count, 'link')} outside the roots", (file,), *found)


def _are_two_inodes_of_one_device(verdict: Verdict) -> bool:
    """Return whether two files are proven by their numbers, where their blocks are not known."""
    a, b = verdict.a.facts, verdict.b.facts
    if a is None or b is None:
        return False
    return a.identity.device == b.identity.device and a.identity.inode != b.identity.inode


def _tell_bytes(verdict: Verdict) -> list[str]:
    if verdict.total_bytes is None or verdict.shared_bytes is None:
        return []
    total, shared = show_size(verdict.total_bytes), show_size(verdict.shared_bytes)
    return [f"bytes in common blocks: {shared} of {total}"]


def _is_below(name: Path, roots: list[Path]) -> bool:
    real = Path(os.path.realpath(name.parent), name.name)
    return any(real.is_relative_to(os.path.realpath(root)) for root in roots)


@contextmanager
def _scratch(beside: Path, verdict: Verdict) -> Iterator[tuple[Path, Path]]:
    """Yield two files that are to each other what those of *verdict* are, to be written to."""
    try:
        folder = Path(tempfile.mkdtemp(prefix=".linkcheck-", dir=beside.parent))
    except OSError as error:
        where = show_name(beside.parent)
        raise LinkcheckError(f"probe: no folder can be made in {where}: {error.strerror}") from None
    try:
        one, two = folder / "one", folder / "two"
        _copy(verdict.a.steps[-1], one)
        if verdict.sharing in {Sharing.REFLINK, Sharing.PARTIAL}:
            clone(one, two)
        else:
            _copy(verdict.b.steps[-1], two)
        yield one, two
    except OSError as error:
        raise LinkcheckError(f"probe: {error.strerror} in {show_name(folder)}") from None
    finally:
        shutil.rmtree(folder)


def _copy(source: Path, target: Path) -> None:
    """Write the bytes of *source* to *target*: nothing that the kernel could turn into a clone."""
    with source.open("rb") as reading, target.open("wb") as writing:
        while chunk := reading.read(1 << 20):
            writing.write(chunk)


def _write_and_look(written: Path, watched: Path) -> str:
    """Write to one file in place, and return what of it is seen in the other; empty if nothing."""
    before = watched.read_bytes()
    with written.open("r+b") as file:
        first = file.read(1) or b"\0"
        file.seek(0)
        file.write(bytes([first[0] ^ 0xFF]))
        file.seek(0, os.SEEK_END)
        file.write(b"linkcheck")
        os.fsync(file.fileno())
    return "" if watched.read_bytes() == before else "a write to a scratch copy was seen"
