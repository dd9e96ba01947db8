"""Many pairs at once: each verdict is that of `compare`, whatever the two files are."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import pytest
from links.corpus.clone import dedupe
from links.corpus.oracle import oracle_verdict
from support.clones import btrfs_du
from support.mounting import bound, run
from support.places import KINDS, Place

from pytest_linkcheck.links import Sharing, compare, compare_pairs
from pytest_linkcheck.links.clone import clone
from pytest_linkcheck.links.filesystem import has_realtime_device
from pytest_linkcheck.links.mounts import mount_of_path, parse_mountinfo

module = import_module("pytest_linkcheck.links.pairs")
REFLINKS = ("xfs", "btrfs")
FIEMAP, FSGETXATTR, FSGEOMETRY = 0xC020660B, 0x801C581F, 0x8070587C
Asked = list[tuple[Path, Path]]
Ioctl = Callable[..., object]


def make(root: Path) -> list[Path]:
    """Files of many kinds, of which any two make a pair."""
    root.mkdir()
    (root / "file").write_bytes(os.urandom(9000))
    (root / "hardlink").hardlink_to(root / "file")
    (root / "symlink").symlink_to("file")
    (root / "dangling").symlink_to("nowhere")
    (root / "copy").write_bytes((root / "file").read_bytes())
    (root / "other").write_bytes(os.urandom(9000))
    (root / "small").write_bytes(b"x" * 100)
    (root / "empty").touch()
    (root / "holes").touch()
    os.truncate(root / "holes", 9000)
    with (root / "holed").open("wb") as file:
        file.seek(20_000)
        file.write(os.urandom(5000))
    for name, pieces in (("few", 5), ("few-copy", 5), ("many", 40)):
        with (root / name).open("wb") as file:
            for at in range(0, pieces * 8192, 8192):
                file.seek(at)
                file.write(b"x" * 4096)
    with (root / "reserved").open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, 9000)
    (root / "four").write_bytes(b"four")
    (root / "folder").mkdir()
    (root / "folder-2").mkdir()
    os.mkfifo(root / "fifo")
    for name in ("file", "small", "empty", "holes", "holed", "few", "many", "reserved"):
        try:
            clone(root / name, root / f"{name}-clone")
        except OSError:  # no reflinks here
            shutil.copyfile(root / name, root / f"{name}-clone")
    try:
        clone(root / "file", root / "edited")
    except OSError:
        shutil.copyfile(root / "file", root / "edited")
    with (root / "edited").open("r+b") as file:
        file.write(b"edit")
    os.sync()
    return [*sorted(root.iterdir()), root / "missing"]


@contextmanager
def made(place: Place) -> Iterator[Path]:
    """A folder of files of many kinds, removed at the end."""
    root = place.root / "pairs"
    try:
        make(root)
        yield root
    finally:
        shutil.rmtree(root)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """The pairs that go the way of `compare`."""
    asked: Asked = []

    def ask(one: Path, two: Path) -> object:
        asked.append((one, two))
        return compare(one, two)

    monkeypatch.setattr(module, "compare", ask)
    return asked


def judge(*pairs: tuple[Path, Path]) -> list[Sharing]:
    return [told.sharing for told in compare_pairs(pairs)]


def after_ioctl(monkeypatch: pytest.MonkeyPatch, request: int, change: Ioctl) -> None:
    """Do *change* with descriptor, answer and number of each *request* that was answered."""
    honest, count = fcntl.ioctl, 0

    def ioctl(descriptor: int, asked: int, buffer: bytearray) -> int:
        nonlocal count
        done: int = honest(descriptor, asked, buffer)
        if asked == request:
            count += 1
            change(descriptor, buffer, count)
        return done

    monkeypatch.setattr(fcntl, "ioctl", ioctl)


def write_to(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(os.urandom(4096))
        file.flush()
        os.fsync(file.fileno())


def move(path: Path) -> None:
    """Have the file lie elsewhere, by deduplication: all its times stay as they are."""
    before = path.stat().st_ctime_ns
    dedupe(path.with_name("copy"), path, 9000)
    assert path.stat().st_ctime_ns == before


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_verdicts_are_those_of_compare(kind: str, places: dict[str, Place]) -> None:
    with made(places[kind]) as root:
        files = [*sorted(root.iterdir()), root / "missing"]
        pairs = [(one, two) for one in files for two in files]
        theirs = [(told.sharing, told.reason) for told in (compare(*pair) for pair in pairs)]
        ours = [(told.sharing, told.reason) for told in compare_pairs(pairs)]
        assert ours == theirs
        reflinks = {(a.name, b.name) for (a, b), told in zip(pairs, ours, strict=True)
                    if told[0] is Sharing.REFLINK}  # fmt: skip
        assert (("file", "file-clone") in reflinks) is (places[kind].base in REFLINKS)


@pytest.mark.parametrize("kind", REFLINKS)
def test_plain_reflinks_go_the_fast_way_and_nothing_else_does(
    kind: str, places: dict[str, Place], slow: Asked
) -> None:
    with made(places[kind]) as root:
        for name in ("file", "few", "holed"):
            pair = root / name, root / f"{name}-clone"
            assert judge(pair) == [Sharing.REFLINK]
            assert oracle_verdict(*pair, places[kind]) == "reflink"
        if kind == "btrfs":
            assert btrfs_du(root / "file")[1] == 0  # bytes that are its own
        assert slow == []
        others = ("copy", "edited", "many-clone", "hardlink", "fifo", "symlink", "missing")
        judge(*((root / "file", root / name) for name in others))
        assert [two.name for _, two in slow] == list(others)
        room = root / "reserved", root / "reserved-clone"
        assert judge(room) == [Sharing.UNKNOWN]  # none of it holds data
        assert slow[-1] == room


@pytest.mark.parametrize("kind", REFLINKS)
def test_what_an_earlier_file_left_in_a_buffer_makes_no_difference(
    kind: str, places: dict[str, Place], slow: Asked
) -> None:
    with made(places[kind]) as root:
        one, few = root / "file", root / "few"
        told = judge(
            (few, root / "few-clone"),
            (one, root / "file-clone"),
            (few, root / "few-copy"),
            (root / "few-copy", few),
            (one, root / "file-clone"),
            (few, root / "few-clone"),
        )
        reflink, copy = Sharing.REFLINK, Sharing.COPY
        assert told == [reflink, reflink, copy, copy, reflink, reflink]
        assert len(slow) == 2


def test_files_of_two_subvolumes_go_the_fast_way(places: dict[str, Place], slow: Asked) -> None:
    """Also those of a snapshot, which have the inode numbers of the first."""
    one, two = places["btrfs"].root / "volume", places["btrfs"].root / "snapshot"
    run("btrfs", "subvolume", "create", one)
    try:
        (one / "file").write_bytes(os.urandom(9000))
        (one / "edited").write_bytes(os.urandom(9000))
        run("btrfs", "subvolume", "snapshot", one, two)
        write_to(two / "edited")
        assert (one / "file").stat().st_ino == (two / "file").stat().st_ino
        pair = one / "file", two / "file"
        assert judge(pair) == [compare(*pair).sharing] == [Sharing.REFLINK]
        assert slow == []
        assert judge((one / "edited", two / "edited")) == [Sharing.PARTIAL]
    finally:
        run("btrfs", "subvolume", "delete", *(path for path in (two, one) if path.exists()))


@pytest.mark.parametrize("kind", REFLINKS)
def test_files_of_two_mounts_of_one_filesystem_go_the_fast_way(
    kind: str, places: dict[str, Place], tmp_path: Path, slow: Asked
) -> None:
    with made(places[kind]) as root, bound(root, tmp_path):
        assert judge(
            (root / "file", tmp_path / "file-clone"), (root / "file", tmp_path / "file")
        ) == [Sharing.REFLINK, Sharing.HARDLINK]
        assert len(slow) == 1


@pytest.mark.parametrize("kind", REFLINKS)
@pytest.mark.parametrize(
    ("change", "moment", "sharing"),
    [
        (write_to, 1, Sharing.PARTIAL),
        (write_to, 2, Sharing.PARTIAL),
        (write_to, 3, Sharing.PARTIAL),
        (move, 1, Sharing.COPY),
        (move, 2, Sharing.COPY),
    ],
)
def test_a_file_that_changes_after_one_of_the_three_maps_was_read_is_judged_anew(  # noqa: PLR0913, PLR0917
    kind: str,
    places: dict[str, Place],
    monkeypatch: pytest.MonkeyPatch,
    slow: Asked,
    change: Callable[[Path], None],
    moment: int,
    sharing: Sharing,
) -> None:
    with made(places[kind]) as root:
        one, two = root / "file", root / "file-clone"

        def interfere(_descriptor: int, _answer: bytearray, count: int) -> None:
            if count == moment:
                change(one if moment == 2 else two)

        with monkeypatch.context() as patched:
            after_ioctl(patched, FIEMAP, interfere)
            assert judge((one, two)) == [sharing]
        assert slow == [(one, two)]
        assert oracle_verdict(one, two, places[kind]) == sharing.value


@pytest.mark.parametrize("kind", REFLINKS)
def test_a_file_that_was_replaced_meanwhile_is_judged_anew(
    kind: str, places: dict[str, Place], monkeypatch: pytest.MonkeyPatch, slow: Asked
) -> None:
    """Even if the new one lies in the same blocks."""
    with made(places[kind]) as root:
        one, two = root / "file", root / "file-clone"
        clone(one, root / "new")
        honest = os.open

        def replace_first(path: str | bytes, flags: int) -> int:
            if path == os.fsencode(two) and (root / "new").exists():
                (root / "new").replace(two)
            return honest(path, flags)

        judge((one, root / "few"))  # what filesystem this is
        with monkeypatch.context() as patched:
            patched.setattr(os, "open", replace_first)
            assert judge((one, two)) == [Sharing.REFLINK]
        assert slow[1:] == [(one, two)]


@pytest.mark.parametrize("kind", REFLINKS)
def test_a_name_that_leads_to_another_filesystem_meanwhile_is_judged_anew(
    kind: str, places: dict[str, Place], monkeypatch: pytest.MonkeyPatch, slow: Asked
) -> None:
    honest, place = os.open, places[kind]
    with made(place) as root, made(Place(kind, place.other, place.root, None)) as other:
        way = root / "way"
        way.symlink_to(root)

        def lead_away(path: str | bytes, flags: int) -> int:
            if way.readlink() == root:
                way.unlink()
                way.symlink_to(other)
            return honest(path, flags)

        pair = way / "file", root / "file-clone"
        with monkeypatch.context() as patched:
            patched.setattr(os, "open", lead_away)
            assert judge(pair) == [Sharing.DIFFERENT]
        assert slow == [pair]


@pytest.mark.parametrize("kind", REFLINKS)
def test_nothing_but_regular_files_is_opened(
    kind: str, places: dict[str, Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str | bytes | os.PathLike[str]] = []
    honest = os.open

    def note(path: str | bytes | os.PathLike[str], flags: int, *rest: int) -> int:
        opened.append(path)
        return honest(path, flags, *rest)

    with made(places[kind]) as root:
        others = [root / name for name in ("fifo", "folder", "symlink", "dangling")]
        # These are of one size: nothing but the kind keeps them from being opened.
        same = [(root / "symlink", root / "four"), (root / "folder", root / "folder-2")]
        pairs = [*((one, root / "file") for one in others), *same]
        with monkeypatch.context() as patched:
            patched.setattr(os, "open", note)
            judge(*pairs, *((two, one) for one, two in pairs))
    assert not {os.fsencode(path) for path in opened} & {os.fsencode(path) for path in others}


@pytest.mark.parametrize("kind", REFLINKS)
def test_a_name_is_not_cut_at_a_zero(kind: str, places: dict[str, Place]) -> None:
    with made(places[kind]) as root:
        trap = Path(f"{root / 'file'}\0more")
        for pair in ((trap, root / "file-clone"), (root / "file-clone", trap)):
            with pytest.raises(ValueError, match="null"):
                judge(pair)


@pytest.mark.parametrize("kind", REFLINKS)
def test_without_statx_all_go_the_slow_way(
    kind: str, places: dict[str, Place], monkeypatch: pytest.MonkeyPatch, slow: Asked
) -> None:
    with made(places[kind]) as root:
        monkeypatch.setattr(module, "bare_statx", lambda: None)
        assert judge((root / "file", root / "file-clone")) == [Sharing.REFLINK]
        assert len(slow) == 1


@pytest.mark.parametrize("kind", REFLINKS)
def test_a_mount_that_mountinfo_does_not_have_goes_the_slow_way(
    kind: str, places: dict[str, Place], monkeypatch: pytest.MonkeyPatch, slow: Asked
) -> None:
    with made(places[kind]) as root:
        monkeypatch.setattr(module, "read_mounts", list)
        assert judge((root / "file", root / "file-clone")) == [Sharing.REFLINK]
        assert len(slow) == 1


# The second device that xfs may have.


@pytest.mark.parametrize(
    ("unique", "device", "count"), [(True, False, 0), (True, True, 4), (False, False, 4)]
)
def test_files_of_xfs_are_asked_for_their_device_only_where_there_may_be_two(  # noqa: PLR0913
    places: dict[str, Place],
    monkeypatch: pytest.MonkeyPatch,
    slow: Asked,
    *,
    unique: bool,
    device: bool,
    count: int,
) -> None:
    """Or where the kernel, older than 6.8, has no number of a mount that stays."""
    asked: list[int] = []
    with made(places["xfs"]) as root:
        if not unique:
            monkeypatch.setattr(module, "_ASKED", module.STATX_BASIC_STATS | module.STATX_MNT_ID)
        if device:
            after_ioctl(monkeypatch, FSGEOMETRY, lambda _file, told, _n: told.__setitem__(40, 1))
        after_ioctl(monkeypatch, FSGETXATTR, lambda *_: asked.append(1))
        pair = root / "file", root / "file-clone"
        assert judge(pair, pair) == [Sharing.REFLINK] * 2
        assert (len(asked), slow) == (count, [])


def test_a_realtime_file_is_no_reflink_of_a_file_with_the_same_addresses(
    places: dict[str, Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few kernels have CONFIG_XFS_RT; the flags are played, the questions are real."""
    with made(places["xfs"]) as root:
        one, two = root / "file", root / "file-clone"
        inode = two.stat().st_ino

        def play(descriptor: int, told: bytearray, _count: int) -> None:
            if os.fstat(descriptor).st_ino == inode:
                told[0] |= 1

        after_ioctl(monkeypatch, FSGEOMETRY, lambda _file, told, _n: told.__setitem__(40, 1))
        after_ioctl(monkeypatch, FSGETXATTR, play)
        assert judge((one, two)) == [Sharing.COPY]


def test_whether_xfs_has_a_device_for_realtime_files_is_what_its_own_tool_says(
    places: dict[str, Place],
) -> None:
    root = places["xfs"].root
    mount = mount_of_path(root)
    assert mount is not None
    told = run("xfs_info", root)
    with (root / "asked").open("wb") as file:
        has = has_realtime_device(file.fileno(), mount)
    (root / "asked").unlink()
    assert has is ("realtime =none" not in told)
    line = "1 0 8:1 / / rw - xfs source rw,rtdev=/dev/sdb"
    assert has_realtime_device(-1, parse_mountinfo(line)[0])
