"""What two files have in common, where a real filesystem would have to be caught in the act."""

import errno
import fcntl
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from links.corpus.clone import clone, clone_range, compressed, dedupe, sync
from support.mounting import mounted, run
from support.places import BASES, Place, made, overlaid

from pytest_linkcheck.links import filesystem, storage
from pytest_linkcheck.links.comparison import compare
from pytest_linkcheck.links.content import Content
from pytest_linkcheck.links.extents import Extent, ExtentFlag, ExtentMap, read_extents
from pytest_linkcheck.links.facts import read_facts
from pytest_linkcheck.links.filesystem import Location, Relation, locate, relate
from pytest_linkcheck.links.mounts import Mount, mount_of, parse_mountinfo, read_mounts
from pytest_linkcheck.links.pairs import compare_pairs
from pytest_linkcheck.links.verdict import Sharing

DATA = os.urandom(40_000)
NONE = ExtentFlag(0)


@pytest.fixture
def folder(places: dict[str, Place], request: pytest.FixtureRequest) -> Path:
    """Return an empty folder on xfs."""
    path = places["xfs"].root / f"storage-{abs(hash(request.node.nodeid))}"
    path.mkdir()
    return path


def _pair(folder: Path) -> tuple[Path, Path]:
    a = folder / "a"
    a.write_bytes(DATA)
    return a, clone(a, folder / "b")


def test_the_evidence_stands_in_the_verdict(folder: Path) -> None:
    a, b = _pair(folder)
    with b.open("r+b") as file:
        file.write(b"x" * 4096)
    verdict = compare(a, b)
    assert (verdict.shared_bytes, verdict.total_bytes) == (40_000 - 4096, 40_000)
    assert verdict.content is Content.NOT_COMPARED
    assert verdict.a_extents is not None
    assert verdict.b_extents is not None
    assert ExtentFlag.SHARED in verdict.a_extents.flags
    lines = verdict.explain().splitlines()
    assert lines[0] == "partial (two inodes, 35.9 kB of 40.0 kB in common blocks)"
    assert lines[2].endswith(f"at {folder.parent}, 2 extents (shared)")
    assert compare(a, b, content=True).content is Content.DIFFERENT


def test_bytes_are_read_only_where_blocks_leave_the_question_open(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object) -> bytes:
        raise AssertionError("no byte is needed")

    a, b = _pair(folder)
    with monkeypatch.context() as patched:
        patched.setattr(os, "read", refuse)
        assert compare(a, b, mounts=read_mounts()).sharing is Sharing.REFLINK
    assert compare(a, b, content=True).content is Content.EQUAL


def test_a_compressed_reflink_is_settled_by_the_bytes(places: dict[str, Place]) -> None:
    folder = places["btrfs"].root
    a = compressed(folder / "packed", b"line\n" * 60_000)
    verdict = compare(a, clone(a, folder / "packed-clone"))
    assert verdict.sharing is Sharing.REFLINK
    assert (verdict.shared_bytes, verdict.total_bytes) == (300_000, 300_000)
    assert verdict.a_extents is not None
    assert str(verdict.a_extents) == "3 extents (encoded shared)"


@pytest.mark.parametrize(
    ("start", "length", "at", "sharing"),
    [
        (0, 40_960, 0, Sharing.REFLINK),
        (0, 8192, 0, Sharing.PARTIAL),
        (4096, 8192, 20_480, Sharing.PARTIAL),
        (0, 0, 0, Sharing.COPY),
    ],
)
def test_shared_bytes_are_those_of_btrfs_du(
    places: dict[str, Place], start: int, length: int, at: int, sharing: Sharing
) -> None:
    folder = places["btrfs"].root / f"du-{length}-{at}"
    folder.mkdir()
    a, b = folder / "a", folder / "b"
    for path in (a, b):
        path.write_bytes((DATA * 2)[:40_960])
        sync(path)
    if length:
        clone_range(a, b, start, length, at)
    verdict = compare(a, b)
    told = run("btrfs", "filesystem", "du", "--raw", "-s", folder).splitlines()[-1].split()
    assert verdict.sharing is sharing
    total, exclusive, shared = (int(word) for word in told[:3])
    if sharing is Sharing.PARTIAL:
        # It counts all of an extent as shared of which anybody uses any part.
        assert (total, exclusive, shared) == (81_920, 40_960 - length, 40_960)
    else:
        assert (total, exclusive, shared) == (81_920, 2 * (40_960 - length), length)
    assert (verdict.shared_bytes, verdict.total_bytes) == (length, 40_960)


class Patched:
    """Runs an action at the nth reading of extents."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, at: int, action: Callable[[], None]
    ) -> None:
        self.count, self.at, self.action = 0, at, action
        monkeypatch.setattr(storage, "read_extents", self)

    def __call__(self, descriptor: int) -> ExtentMap:
        told = read_extents(descriptor)
        self.count += 1
        if self.count == self.at:
            self.action()
        return told


@pytest.mark.parametrize("at", [1, 2])
def test_extents_moved_between_two_looks_are_read_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """Deduplication leaves all times as they are."""
    a, b = folder / "a", folder / "b"
    a.write_bytes(DATA)
    b.write_bytes(DATA)
    before = read_facts(b)
    patched = Patched(monkeypatch, at, lambda: dedupe(b, a, len(DATA)))
    assert compare(a, b).sharing is Sharing.REFLINK
    assert patched.count > 3
    assert read_facts(b).ctime_ns == before.ctime_ns


def test_extents_that_never_rest_are_no_ground_for_a_verdict(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = _pair(folder)
    numbers = iter(range(1, 1000))

    def wander(_descriptor: int) -> ExtentMap:
        return ExtentMap((Extent(0, 4096 * next(numbers), 40_960, NONE),))

    monkeypatch.setattr(storage, "read_extents", wander)
    verdict = compare(a, b)
    assert str(verdict) == f"unknown ({a} changed while being read)"


@pytest.mark.parametrize("flags", [ExtentFlag.DELALLOC | ExtentFlag.UNKNOWN, ExtentFlag.UNKNOWN])
def test_data_without_a_place_are_no_ground_for_a_verdict(
    folder: Path, monkeypatch: pytest.MonkeyPatch, flags: ExtentFlag
) -> None:
    a, b = _pair(folder)
    told = ExtentMap((Extent(0, 0, 40_960, flags),))
    monkeypatch.setattr(storage, "read_extents", lambda _descriptor: told)
    assert compare(a, b).reason == f"{a} changed while being read"


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_file_written_while_extents_are_read_is_looked_at_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    a, b = _pair(folder)
    Patched(monkeypatch, at, lambda: _overwrite(b))
    assert compare(a, b).sharing is Sharing.DIFFERENT


def test_a_file_that_is_written_to_all_the_time_is_not_judged(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = _pair(folder)

    def write_on(descriptor: int) -> ExtentMap:
        _overwrite(b)
        return read_extents(descriptor)

    monkeypatch.setattr(storage, "read_extents", write_on)
    verdict = compare(a, b)
    assert verdict.sharing is Sharing.UNKNOWN
    assert verdict.reason.endswith("changed while being read")


def _overwrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"x" * len(DATA))


def test_an_error_of_the_filesystem_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    a, b = _pair(folder)
    monkeypatch.setattr(fcntl, "ioctl", fail)
    assert compare(a, b).reason == f"not readable: {a} or {b}: Input/output error"


# Two filesystems made alike: inode numbers and addresses collide, and prove nothing.


@pytest.fixture
def twins(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Path, Path]]:
    request.getfixturevalue("places")  # skips where nothing can be mounted
    with ExitStack() as stack:
        one, two = (stack.enter_context(made("xfs", tmp_path, name)) for name in ("one", "two"))
        for root in (one, two):
            (root / "layer").mkdir()
            (root / "layer" / root.name).write_bytes(DATA)
            sync(root / "layer" / root.name)
        yield one, two


def _extents_of(path: Path) -> ExtentMap:
    with path.open("rb") as file:
        return read_extents(file.fileno())


def test_addresses_of_two_filesystems_are_never_compared(twins: tuple[Path, Path]) -> None:
    a, b = twins[0] / "layer" / "one", twins[1] / "layer" / "two"
    assert _extents_of(a) == _extents_of(b), "the trap is set"
    assert a.stat().st_ino == b.stat().st_ino
    verdict = compare(a, b)
    assert verdict.sharing is Sharing.COPY
    assert verdict.reason.startswith("two inodes, two filesystems, xfs ")
    assert list(compare_pairs([(a, b)])) == [(verdict.sharing, verdict.reason)]


@pytest.mark.parametrize("xino", ["off", "on"])
def test_nor_where_overlay_shows_both_as_one(
    twins: tuple[Path, Path], tmp_path: Path, xino: str
) -> None:
    point, hidden = tmp_path / "merged", tmp_path / "hidden"
    hidden.mkdir()
    with ExitStack() as stack:
        stack.enter_context(
            overlaid(
                point,
                [root / "layer" for root in twins],
                twins[0] / "upper",
                twins[0] / "work",
                f"xino={xino}",
            )
        )
        a, b = point / "one", point / "two"
        assert (a.stat().st_dev == b.stat().st_dev) is (xino == "on")
        assert _extents_of(a) == _extents_of(b), "the trap is set"
        assert compare(a, b).sharing is Sharing.COPY
        assert [told.sharing for told in compare_pairs([(a, b)])] == [Sharing.COPY]
        stack.enter_context(mounted(point, hidden, "--bind"))
        for root in twins:
            stack.enter_context(mounted("none", root, "-t", "tmpfs"))
        verdict = compare(hidden / "one", hidden / "two")
    assert verdict.sharing is Sharing.UNKNOWN
    assert verdict.reason.endswith(f"that holds {hidden / 'one'} cannot be told")


def test_the_two_devices_of_xfs_are_two_spaces_of_addresses(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few kernels have CONFIG_XFS_RT; the flag is played, the ioctl that reads it is real."""
    a, b = _pair(folder)
    with a.open("rb") as file:
        location = locate(read_facts(a), read_mounts())
        assert not filesystem.on_realtime_device(file.fileno(), location)
    ioctl = fcntl.ioctl

    def realtime(descriptor: int, request: int, buffer: bytearray) -> int:
        done: int = ioctl(descriptor, request, buffer)
        if request == 0x801C581F and os.fstat(descriptor).st_ino == b.stat().st_ino:
            buffer[0] |= 1
        return done

    monkeypatch.setattr(fcntl, "ioctl", realtime)
    assert str(compare(a, b)) == (
        "copy (two inodes, data device and realtime device of one xfs filesystem, equal bytes)"
    )


def test_without_fcntl_the_device_of_xfs_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    with pytest.raises(OSError, match="not supported on this system"):
        filesystem.on_realtime_device(0, _location("xfs", 1))
    assert not filesystem.on_realtime_device(0, _location("btrfs", 1))


# Which filesystems may be judged at all.


def _location(kind: str, device: int) -> Location:
    line = f"1 0 8:{device} / / rw - {kind} source rw"
    return Location(read_facts("/"), parse_mountinfo(line)[0])


@pytest.mark.parametrize(
    ("one", "two", "relation"),
    [
        (("xfs", 1), ("xfs", 1), Relation.SAME),
        (("btrfs", 1), ("btrfs", 1), Relation.SAME),
        (("ext4", 1), ("ext4", 1), Relation.SAME),
        (("xfs", 1), ("xfs", 2), Relation.APART),
        (("xfs", 1), ("tmpfs", 2), Relation.APART),
        (("tmpfs", 1), ("tmpfs", 1), Relation.APART),
        (("vfat", 1), ("vfat", 1), Relation.APART),
        (("nfs4", 1), ("nfs4", 1), Relation.OPEN),
        (("nfs4", 1), ("nfs4", 2), Relation.OPEN),
        (("fuse.sshfs", 1), ("ext4", 2), Relation.OPEN),
        (("zfs", 1), ("zfs", 1), Relation.OPEN),
        (("bcachefs", 1), ("bcachefs", 1), Relation.OPEN),
        (("9p", 1), ("ext4", 2), Relation.OPEN),
    ],
)
def test_a_filesystem_that_is_not_known_is_not_judged(
    one: tuple[str, int], two: tuple[str, int], relation: Relation
) -> None:
    assert relate(_location(*one), _location(*two))[0] is relation
    assert relate(_location(*two), _location(*one))[0] is relation


@pytest.mark.parametrize("problem", ["", "hidden"])
def test_what_cannot_be_located_is_not_judged(problem: str) -> None:
    known = _location("xfs", 1)
    lost = replace(known, problem="hidden") if problem else replace(known, mount=None)
    assert relate(known, lost)[0] is Relation.OPEN


def test_a_path_on_no_known_mount_is_not_located(tmp_path: Path) -> None:
    location = locate(read_facts(tmp_path), [])
    assert location.mount is None
    assert location.problem == f"the mount of {tmp_path} cannot be told"


def test_overlays_upon_each_other_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = read_facts(tmp_path)
    mount = mount_of(facts, read_mounts())
    assert mount is not None
    monkeypatch.setattr(filesystem, "beneath", lambda found, _mount: found)
    location = locate(facts, [replace(mount, type="overlay")])
    assert location.problem == "too many overlays upon each other"


@pytest.mark.parametrize("kind", BASES)
def test_subvolumes_binds_and_overlays_lie_on_the_filesystem_below(
    kind: str, places: dict[str, Place]
) -> None:
    path, over = places[kind].root / "plain", places[f"overlay/{kind}"].root / "over"
    path.write_bytes(DATA)
    over.write_bytes(DATA)
    mounts = read_mounts()
    below: list[Mount | None] = [locate(read_facts(p), mounts).mount for p in (path, over)]
    assert below[0] == below[1] is not None
    assert below[0] is not None
    assert below[0].type == kind
    real = places[kind].root / "upper" / "over"
    assert locate(read_facts(over), mounts).facts.path == real
