"""Trees by listings alone: the same answers as by stat, and listings only where they are true."""

import os
import shutil
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path

import pytest
from support.mounting import bound, mounted, needs_root, run
from support.places import KINDS, Place
from support.users import nobody

from pytest_linkcheck.links import Identity, compare_trees, find_names, read_columns
from pytest_linkcheck.links.bulk import Bulk
from pytest_linkcheck.links.trees import Found, TreeComparison

module = import_module("pytest_linkcheck.links.listing")
module_trees = import_module("pytest_linkcheck.links.trees")


def make(root: Path, *, source: Path | None = None) -> None:
    """Fill *root*; with *source* as far as possible with links to what is there."""
    (root / "a" / "deep").mkdir(parents=True)
    for name in ("a/one", "a/two", "a/deep/three", "four"):
        if source and name != "a/two":
            os.link(source / name, root / name)
        else:
            (root / name).write_text(name)
    if source:
        os.link(source / "link", root / "link", follow_symlinks=False)
        (root / "alone").touch()
        (root / "kind").mkdir()
        (root / "kind" / "inner").touch()
    else:
        (root / "link").symlink_to("a/one")
        (root / "kind").touch()
        (root / "only").mkdir()
        (root / "only" / "inner").touch()
        (root / "only" / "deeper").mkdir()
        (root / "only" / "deeper" / "file").touch()


def told(found: TreeComparison) -> tuple[object, ...]:
    return (
        found.same,
        sorted(found.different),
        sorted(found.only_first),
        sorted(found.only_second),
        sorted(found.unknown),
        found.problems,
    )


EXPECTED: tuple[int, list[str], list[str], list[str], list[str], list[str]] = (
    4,  # one, three, four, link
    ["a/two", "kind"],
    ["only/deeper/file", "only/inner"],
    ["alone", "kind/inner"],
    [],
    [],
)


def by_find(root: Path) -> dict[str, Identity]:
    form = "%P\\0%D\\0%i\\0"
    fields = run("find", root, "-mindepth", "1", "!", "-type", "d", "-printf", form).split("\0")
    triples = zip(fields[0::3], fields[1::3], fields[2::3], strict=False)
    return {name: Identity(int(device), int(inode)) for name, device, inode in triples}


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    one, two = tmp_path / "one", tmp_path / "two"
    make(one)
    make(two, source=one)
    return one, two


@pytest.mark.parametrize("by_stat", [False, True])
def test_compares_name_by_name(pair: tuple[Path, Path], by_stat: bool) -> None:  # noqa: FBT001
    found = compare_trees(*pair, by_stat=by_stat)
    assert told(found) == EXPECTED
    assert not found.is_same
    assert compare_trees(pair[0], pair[0], by_stat=by_stat).is_same


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_same_answers_on_each_filesystem(
    kind: str, places: dict[str, Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = places[kind].root / "listing"
    one, two = root / "one", root / "two"
    read: list[object] = []
    honest = module._take_numbers  # noqa: SLF001

    def note(*args: object) -> object:
        read.append(args)
        return honest(*args)

    monkeypatch.setattr(module, "_take_numbers", note)
    try:
        make(one)
        make(two, source=one)
        if kind == "btrfs":
            for tree in (one, two):
                run("btrfs", "subvolume", "create", tree / "subvolume")
                (tree / "subvolume" / "file").touch()  # both are of one inode number
        fast, slow = compare_trees(one, two), compare_trees(one, two, by_stat=True)
        more = ["subvolume/file"] if kind == "btrfs" else []
        assert told(fast) == told(slow)
        if not kind.startswith("overlay"):
            expected = (4, sorted(EXPECTED[1] + more), *EXPECTED[2:])
            assert told(fast) == expected
        assert bool(read) is not kind.startswith("overlay")
        theirs = by_find(one)
        wanted = [theirs["a/one"], theirs["link"]]
        for by_stat in (False, True):
            names = find_names(two, wanted, by_stat=by_stat).names
            assert set(names) == {
                name for name, identity in by_find(two).items() if identity in wanted
            }
    finally:
        if kind == "btrfs":
            run("btrfs", "subvolume", "delete", one / "subvolume", two / "subvolume")
        shutil.rmtree(root)


@needs_root
def test_a_file_mounted_on_a_name_is_seen(pair: tuple[Path, Path]) -> None:
    one, two = pair
    with bound(one / "a" / "two", two / "a" / "two"):
        found = compare_trees(one, two)
        assert told(found) == told(compare_trees(one, two, by_stat=True))
        assert found.different == ["kind"]
        assert "a/two" in find_names(two, [by_find(one)["a/two"]]).names
    with bound(one / "a" / "two", two / "a" / "one"):
        assert "a/one" in compare_trees(one, two).different


@needs_root
def test_a_mount_is_seen_below_a_folder_that_was_moved(
    pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the kernel calls a mount point is another path than the one that was walked."""
    one, two = pair
    for number in range(5):
        (one / "a" / "deep" / f"more-{number}").touch()
        (two / "a" / "deep" / f"more-{number}").hardlink_to(one / "a" / "deep" / f"more-{number}")
    aside = two.parent / "aside"
    shutil.copytree(two, aside, symlinks=True)
    *_, last = os.listdir(aside / "a" / "deep")  # noqa: PTH208 - the first in a folder is looked at anyway
    honest = module.open_folder

    def swap(path: str) -> int:
        if path == f"{two}/a/deep" and not (two / "a").is_symlink():
            (two / "a").rename(two / "b")
            (two / "a").symlink_to(aside / "a")
        return int(honest(path))

    monkeypatch.setattr(module, "open_folder", swap)
    with bound(one / "a" / "deep" / last, aside / "a" / "deep" / last):
        found = compare_trees(one, two)
        assert f"a/deep/{last}" not in found.different
        assert len(found.different) == 2 + 5


@needs_root
def test_files_of_an_overlay_mounted_on_names_are_looked_at_closer(
    pair: tuple[Path, Path], places: dict[str, Place]
) -> None:
    one, two = pair
    file = places["overlay/ext4"].root / f"file-{os.getpid()}"
    file.write_text("overlay")
    closer: list[object] = []
    honest = module_trees._look_closer  # noqa: SLF001

    def note(roots: object, name: str, found: TreeComparison) -> None:
        closer.append(name)
        honest(roots, name, found)

    with bound(file, one / "a" / "two"), bound(file, two / "a" / "two"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module_trees, "_look_closer", note)
            found = compare_trees(one, two)
        assert closer == ["a/two"]
        assert (found.same, found.different) == (5, ["kind"])
    file.unlink()


@needs_root
def test_a_mounted_folder_has_its_own_numbers(pair: tuple[Path, Path]) -> None:
    one, two = pair
    with bound(two / "kind", two / "a" / "deep"):
        found = compare_trees(one, two)
        assert told(found) == told(compare_trees(one, two, by_stat=True))
        assert "a/deep/three" in found.only_first
    with mounted("none", two / "a" / "deep", "-t", "tmpfs"):
        (two / "a" / "deep" / "three").touch()
        found = compare_trees(one, two)
        assert told(found) == told(compare_trees(one, two, by_stat=True))
        assert "a/deep/three" in found.different


@needs_root
def test_a_mount_made_under_way_is_seen(
    pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = pair
    honest = module._take_numbers  # noqa: SLF001
    made: list[object] = []

    def mount_first(*args: object) -> object:
        if not made:
            made.append(run("mount", "--bind", one / "a" / "two", two / "a" / "two"))
        return honest(*args)

    with bound(one / "kind", one / "kind"):  # enters a namespace of its own
        pass
    monkeypatch.setattr(module, "_take_numbers", mount_first)
    try:
        assert compare_trees(one, two).different == ["kind"]
    finally:
        run("umount", two / "a" / "two")


def test_untrue_numbers_are_found_out(
    pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = os.scandir

    class Untrue:
        """An entry whose listing lies."""

        def __init__(self, entry: "os.DirEntry[str]") -> None:
            self.name = entry.name
            self.stat = entry.stat
            self.is_dir = entry.is_dir

        def inode(self) -> int:
            return 1

    class Listing:
        def __init__(self, descriptor: int) -> None:
            self._entries = honest(descriptor)

        def __enter__(self) -> Iterator[Untrue]:
            return map(Untrue, self._entries)

        def __exit__(self, *_: object) -> None:
            self._entries.close()

    monkeypatch.setattr(module.os, "scandir", Listing)
    assert told(compare_trees(*pair)) == EXPECTED


def test_finds_the_names_of_wanted_files(pair: tuple[Path, Path]) -> None:
    one, two = pair
    wanted = [by_find(one)[name] for name in ("a/one", "a/deep/three", "kind")]
    assert find_names(two, wanted) in (
        Found(["a/one", "a/deep/three"]),
        Found(["a/deep/three", "a/one"]),
    )
    assert find_names(two, []) == Found()
    assert find_names(two, [Identity(0, wanted[0].inode)]) == Found()


def test_what_cannot_be_read_is_a_problem(public_folder: Path) -> None:
    one, two = public_folder / "one", public_folder / "two"
    make(one)
    make(two, source=one)
    if os.geteuid() != 0:
        pytest.skip("root drops its rights in this test: run as root")
    for folder in (public_folder, one, two):
        folder.chmod(0o755)
    (one / "a" / "deep").chmod(0)
    with nobody():
        found, columns = compare_trees(one, two), read_columns(one)
    problem = f"{one}/a/deep: Permission denied"
    assert [str(one) for one in (*found.problems, *columns.problems)] == [problem] * 2
    assert "a/deep/three" not in found.only_second
    assert not found.is_same


def test_a_root_that_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for root in (tmp_path / "missing", tmp_path / "file"):
        with pytest.raises(OSError, match=r"No such file|Not a directory"):
            compare_trees(root, tmp_path)
        with pytest.raises(OSError, match=r"No such file|Not a directory"):
            find_names(root, [])
        with pytest.raises(OSError, match=r"No such file|Not a directory"):
            read_columns(root)


# All facts, in columns


def columns_by_find(root: Path) -> set[tuple[str, ...]]:
    form = "%p\\0%D\\0%i\\0%n\\0%s\\0%b\\0%#m\\0"
    fields = run("find", root, "-mindepth", "1", "-printf", form).split("\0")[:-1]
    return {tuple(fields[at : at + 7]) for at in range(0, len(fields), 7)}


def columns_by_us(root: Path) -> set[tuple[str, ...]]:
    return {
        (
            row.path,
            str(row.identity.device),
            str(row.identity.inode),
            str(row.links),
            str(row.size),
            str(row.allocated // 512),
            f"0{row.mode & 0o7777:o}",
        )
        for row in read_columns(root)
    }


def fill(root: Path) -> None:
    (root / "empty").mkdir()
    os.mkfifo(root / "fifo")
    (root / os.fsdecode(b"\xff\n")).write_bytes(b"x" * 5000)
    (root / "link").symlink_to("nowhere")
    for number in range(1500):  # more than are looked at in one go
        (root / f"file-{number}").touch()


def test_columns_agree_with_find(tmp_path: Path) -> None:
    fill(tmp_path)
    assert columns_by_us(tmp_path) == columns_by_find(tmp_path)
    assert len(read_columns(tmp_path)) == 1504


@needs_root
def test_columns_of_several_devices_in_one_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "target").touch()
    with (
        mounted("none", tmp_path, "-t", "tmpfs"),
    ):
        (tmp_path / "here").touch()
        (tmp_path / "target").touch()
        with bound(Path("/etc/hostname"), tmp_path / "target"):
            assert columns_by_us(tmp_path) == columns_by_find(tmp_path)
            assert len({row.identity.device for row in read_columns(tmp_path)}) == 2


@pytest.mark.parametrize("without", ["statx", "descriptors"])
def test_columns_the_slow_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, without: str
) -> None:
    fill(tmp_path)
    if without == "statx":
        monkeypatch.setattr("pytest_linkcheck.links.bulk.statx", lambda _: None)
    else:
        monkeypatch.setattr("pytest_linkcheck.links.columns.BY_DESCRIPTOR", False)
    assert columns_by_us(tmp_path) == columns_by_find(tmp_path)


def test_a_name_that_goes_while_columns_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).touch()
    monkeypatch.setattr("pytest_linkcheck.links.columns._list", lambda _: [b"a", b"gone", b"c"])
    found = read_columns(tmp_path)
    assert [Path(row.path).name for row in found] == ["a", "c"]
    assert [str(one) for one in found.problems] == [
        f"{tmp_path / 'gone'}: vanished while being read"
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_columns_agree_with_find_on_each_filesystem(kind: str, places: dict[str, Place]) -> None:
    root = places[kind].root / "columns"
    try:
        make(root)
        assert columns_by_us(root) == columns_by_find(root)
        assert not read_columns(root).problems
    finally:
        shutil.rmtree(root)


# Each of STATX_TYPE, MODE, NLINK, INO, SIZE, BLOCKS; and one that is not asked for here: ATIME.
@pytest.mark.parametrize("bit", [0x1, 0x2, 0x4, 0x100, 0x200, 0x400, 0x20])
def test_what_the_filesystem_does_not_tell_is_no_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bit: int
) -> None:
    """No filesystem here leaves anything out, so a bit of its real answer is taken away."""
    for name in ("a", "b", "c"):
        (tmp_path / name).touch()
    honest = Bulk._fill  # noqa: SLF001
    silent = (tmp_path / "b").stat().st_ino

    def fill_less(self: Bulk, descriptor: int | None, names: Sequence[bytes]) -> bool:
        filled = honest(self, descriptor, names)
        for at in range(len(names)):
            if self._eights[at * 32 + 4] == silent:
                self._fours[at * 64] &= ~bit
        return filled

    monkeypatch.setattr(Bulk, "_fill", fill_less)
    found = read_columns(tmp_path)
    names = {Path(row.path).name for row in found}
    told = [str(problem) for problem in found.problems]
    if bit == 0x20:
        assert (names, told) == ({"a", "b", "c"}, [])
    else:
        assert names == {"a", "c"}
        assert told == [f"{tmp_path / 'b'}: the filesystem does not tell all that stat asks for"]
