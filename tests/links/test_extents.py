import errno
import fcntl
import os
import struct
import sys
from pathlib import Path

import pytest
from support.places import Place

from pytest_linkcheck.links.extents import (
    Extent,
    ExtentFlag,
    ExtentMap,
    NoExtentMapError,
    read_extents,
)


def _read(path: Path) -> ExtentMap:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return read_extents(descriptor)
    finally:
        os.close(descriptor)


def test_the_flags_are_those_of_the_header() -> None:
    """A struct fiemap_extent has 56 bytes; the flags lie at 40."""
    assert [f"{flag.value:x}" for flag in ExtentFlag] == (
        ["1", "2", "4", "8", "80", "100", "200", "400", "800", "1000", "2000"]
    )


@pytest.mark.parametrize(
    ("flags", "names"),
    [
        (ExtentFlag(0), set()),
        (ExtentFlag.DELALLOC | ExtentFlag.UNKNOWN, {"delayed", "unknown"}),
        (ExtentFlag.UNKNOWN, {"unknown"}),
        (ExtentFlag.ENCODED | ExtentFlag.SHARED, {"encoded", "shared"}),
        (ExtentFlag.DATA_ENCRYPTED, {"encoded"}),
        (ExtentFlag.DATA_INLINE | ExtentFlag.NOT_ALIGNED, {"inline"}),
        (ExtentFlag.DATA_TAIL, {"inline"}),
        (ExtentFlag.UNWRITTEN | ExtentFlag.LAST, {"unwritten"}),
    ],
)
def test_an_extent_says_what_its_flags_mean(flags: ExtentFlag, names: set[str]) -> None:
    extent = Extent(0, 4096, 4096, flags)
    properties = ("inline", "delayed", "unwritten", "encoded", "shared", "unknown")
    assert {name for name in properties if getattr(extent, name)} == names
    assert ExtentMap((extent,)).flags == flags & ~ExtentFlag.LAST


class FakeKernel:
    """Answers FIEMAP out of a list of extents, as a filesystem does."""

    def __init__(self, extents: list[tuple[int, int, int, int]]) -> None:
        self.extents = extents
        self.calls: list[tuple[int, int]] = []

    def __call__(self, _descriptor: int, request: int, buffer: bytearray) -> int:
        start, length, flags, _mapped, room, _reserved = struct.unpack_from("=QQIIII", buffer)
        assert request == 0xC020660B
        assert start + length == 2**64 - 1
        found = [row for row in self.extents if row[0] + row[2] > start][:room]
        self.calls.append((start, flags))
        struct.pack_into("=I", buffer, 20, len(found))
        for index, row in enumerate(found):
            struct.pack_into("=QQQ16xI12x", buffer, 32 + 56 * index, *row)
        return 0


@pytest.mark.parametrize("count", [0, 1, 127, 128, 129, 1000])
@pytest.mark.parametrize("last", [0, 1])
def test_a_map_of_any_length_is_read_whole(
    monkeypatch: pytest.MonkeyPatch, count: int, last: int
) -> None:
    rows = [(number * 8192, 2**20 + number * 65536, 4096, 0x2000) for number in range(count)]
    if rows:
        rows[-1] = (*rows[-1][:3], 0x2000 | last)
    kernel = FakeKernel(rows)
    monkeypatch.setattr(fcntl, "ioctl", kernel)
    told = read_extents(0)
    assert [(e.logical, e.physical, e.length, e.flags.value) for e in told.extents] == rows
    assert all(flags == 1 for _start, flags in kernel.calls), "each call asks for SYNC"


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "overlay/ext4"])
def test_a_new_file_has_a_place_at_once(kind: str, places: dict[str, Place]) -> None:
    path = places[kind].root / "new"
    path.write_bytes(b"x" * 10_000)
    told = _read(path)
    assert told.extents[0].logical == 0
    assert told.extents[-1].end >= 10_000
    assert not told.flags & (ExtentFlag.DELALLOC | ExtentFlag.UNKNOWN)


def test_proc_has_no_extent_map() -> None:
    with pytest.raises(NoExtentMapError, match="no extent map"):
        _read(Path("/proc/self/status"))


@pytest.mark.parametrize("number", [errno.EOPNOTSUPP, errno.ENOTTY, errno.ENOSYS])
def test_a_filesystem_without_a_map_is_told_from_an_error(
    monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_arguments: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "ioctl", refuse)
    with pytest.raises(NoExtentMapError):
        read_extents(0)


def test_an_error_is_raised_as_it_is() -> None:
    with pytest.raises(OSError, match="Bad file descriptor") as caught:
        read_extents(10**6)
    assert not isinstance(caught.value, NoExtentMapError)


def test_other_systems_have_no_extent_map(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    with pytest.raises(NoExtentMapError, match="not supported on this system"):
        read_extents(0)
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(NoExtentMapError, match="not supported on this system"):
        read_extents(0)
