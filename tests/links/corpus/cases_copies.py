"""Copies, sizes, holes: two inodes that somebody wrote each."""

import os
from pathlib import Path

from support.mounting import run

from .case import Paths, Site, case, noise, write_at
from .clone import clone, sync

DATA = noise(20_000)
BIG = 100 << 20


@case("copy")
def copy_by_read_and_write(site: Site) -> Paths:
    a, b = site.file("a", DATA), site.file("b", DATA)
    sync(a)
    sync(b)
    return a, b


@case("copy")
def copy_not_written_out_yet(site: Site) -> Paths:
    return site.file("a", DATA), site.file("b", DATA)


@case("different")
def other_bytes_not_written_out_yet(site: Site) -> Paths:
    return site.file("a", DATA), site.file("b", DATA[::-1])


@case("different")
def last_byte_differs(site: Site) -> Paths:
    return site.file("a", DATA), site.file("b", DATA[:-1] + b"\0")


@case("different")
def one_is_the_start_of_the_other(site: Site) -> Paths:
    return site.file("a", DATA), site.file("b", DATA[:9000])


@case("different")
def one_is_empty(site: Site) -> Paths:
    return site.file("a", DATA), site.file("b", b"")


@case("copy", shares="reflink")
def copy_file_range(site: Site) -> Paths:
    a, b = site.file("a", DATA), site.folder / "b"
    with a.open("rb") as source, b.open("wb") as target:
        assert os.copy_file_range(source.fileno(), target.fileno(), len(DATA)) == len(DATA)
    return a, b


@case("copy", shares="reflink")
def copy_by_cp(site: Site) -> Paths:
    a, b = site.file("a", DATA), site.folder / "b"
    run("cp", a, b)
    return a, b


@case("copy")
def copy_by_cp_without_reflink(site: Site) -> Paths:
    a, b = site.file("a", DATA), site.folder / "b"
    run("cp", "--reflink=never", a, b)
    return a, b


@case("copy")
def copy_on_a_second_filesystem_made_alike(site: Site) -> Paths:
    a, b = site.file("a", DATA), site.other / "b"
    b.write_bytes(DATA)
    sync(b)
    return a, b


@case("different")
def other_bytes_on_a_second_filesystem(site: Site) -> Paths:
    a, b = site.file("a", DATA), site.other / "b"
    b.write_bytes(DATA[::-1])
    return a, b


def _add_sizes(size: int, *, btrfs: str) -> None:
    def make_copy(site: Site) -> Paths:
        return site.file("a", DATA[:size]), site.file("b", DATA[:size])

    def make_clone(site: Site) -> Paths:
        return site.file("a", DATA[:size]), clone(site.folder / "a", site.folder / "b")

    make_copy.__name__ = f"copy_of_{size}_bytes"
    make_clone.__name__ = f"clone_of_{size}_bytes"
    case("copy", btrfs="unknown" if btrfs == "inline" else "copy")(make_copy)
    case(shares="reflink", btrfs="unknown" if btrfs == "inline" else "reflink")(make_clone)


for _size in (1, 2047, 2048):
    _add_sizes(_size, btrfs="inline")
for _size in (2049, 4095, 4096, 4097):
    _add_sizes(_size, btrfs="blocks")


@case("unknown", oracle="empty")
def two_empty_files(site: Site) -> Paths:
    return site.file("a", b""), site.file("b", b"")


@case(shares="unknown", oracle="empty")
def clone_of_an_empty_file(site: Site) -> Paths:
    a = site.file("a", b"")
    return a, clone(a, site.folder / "b")


@case("different")
def small_and_large(site: Site) -> Paths:
    return site.file("a", b"small"), site.file("b", DATA)


def _sparse(path: Path, size: int) -> Path:
    with path.open("wb") as file:
        file.truncate(size)
    return path


@case("unknown", tmpfs="copy", oracle="empty")
def two_files_of_holes(site: Site) -> Paths:
    return _sparse(site.folder / "a", 100_000), _sparse(site.folder / "b", 100_000)


@case("copy")
def hole_and_zeros(site: Site) -> Paths:
    return _sparse(site.folder / "a", 100_000), site.file("b", bytes(100_000))


@case("copy")
def sparse_copy_of_100_megabytes(site: Site) -> Paths:
    paths = _sparse(site.folder / "a", BIG), _sparse(site.folder / "b", BIG)
    for path in paths:
        write_at(path, BIG // 2, DATA)
    return paths


@case(shares="reflink")
def sparse_clone_of_100_megabytes(site: Site) -> Paths:
    a = _sparse(site.folder / "a", BIG)
    write_at(a, BIG // 2, DATA)
    return a, clone(a, site.folder / "b")


def _reserved(path: Path, size: int) -> Path:
    with path.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, size)
    return path


@case("unknown", tmpfs="copy", oracle="empty")
def two_preallocated_files(site: Site) -> Paths:
    return _reserved(site.folder / "a", 65536), _reserved(site.folder / "b", 65536)


@case("copy")
def preallocated_and_partly_written(site: Site) -> Paths:
    paths = _reserved(site.folder / "a", 65536), _reserved(site.folder / "b", 65536)
    for path in paths:
        write_at(path, 8192, DATA)
    return paths


@case(shares="reflink")
def clone_of_a_preallocated_file_partly_written(site: Site) -> Paths:
    a = _reserved(site.folder / "a", 65536)
    write_at(a, 8192, DATA)
    return a, clone(a, site.folder / "b")


@case("copy")
def copy_of_a_file_in_300_pieces(site: Site) -> Paths:
    return _pieces(site.folder / "a"), _pieces(site.folder / "b")


@case(shares="reflink")
def clone_of_a_file_in_300_pieces(site: Site) -> Paths:
    a = _pieces(site.folder / "a")
    return a, clone(a, site.folder / "b")


@case(shares="partial")
def clone_of_a_file_in_300_pieces_with_one_rewritten(site: Site) -> Paths:
    a = _pieces(site.folder / "a")
    b = clone(a, site.folder / "b")
    write_at(b, 8192 * 200, b"x" * 4096)
    return a, b


def _pieces(path: Path) -> Path:
    block = noise(4096)
    with path.open("wb") as file:
        for number in range(300):
            file.seek(8192 * number)
            file.write(block)
    return path
