"""Bytes by owner from link counts: held against du, against extents, and against deletion."""

import os
import shutil
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
from support.mounting import bound, mounted, needs_root, run
from support.places import KINDS, Place, overlaid

from pytest_linkcheck.links import Share, measure, take_stock
from pytest_linkcheck.links.listing import OpenFolder

listing = import_module("pytest_linkcheck.links.listing")
Inventory = import_module("pytest_linkcheck.links.inventory").Inventory
KIND_WITHOUT_REFLINKS = ("ext4", "tmpfs")
CHANGED = "link counts changed while being read"
TOO_MANY = "more names than links: changed while being read, or mounted on other names"


def fill(root: Path) -> tuple[Path, Path, Path]:
    """Two owners and a cache: of three files one is own, one shared with it, one with outside."""
    one, two, cache = (root / name for name in ("one", "two", "cache"))
    for folder in (one / "deep", two, cache):
        folder.mkdir(parents=True)
    (root / "outside").write_bytes(b"o" * 9000)
    (cache / "shared").write_bytes(b"s" * 20_000)
    (one / "own").write_bytes(b"x" * 5000)
    (one / "deep" / "own-too").hardlink_to(one / "own")
    (one / "shared").hardlink_to(cache / "shared")
    (two / "shared").hardlink_to(cache / "shared")
    (one / "outside").hardlink_to(root / "outside")
    (one / "empty").touch()
    (one / "link").symlink_to("own")
    return one, two, cache


@pytest.mark.parametrize("by_stat", [False, True])
@pytest.mark.parametrize("kind", KIND_WITHOUT_REFLINKS)
def test_who_has_what(kind: str, places: dict[str, Place], by_stat: bool) -> None:  # noqa: FBT001
    root = places[kind].root / "stock"
    one, two, cache = fill(root)
    try:
        groups = {
            "a": [f"{one}/own", f"{one}/shared"],
            "b": [f"{one}/deep/own-too", f"{one}/own", f"{one}/missing"],
        }
        stock = take_stock([one, two, cache], groups, by_stat=by_stat)
        mine = Share(
            files=4, names=5, on_disk=8192 + 20_480 + 12_288, own=8192,
            shared=20_480 + 12_288, elsewhere=12_288,
        )  # fmt: skip
        assert stock.roots[str(one)] == mine
        assert stock.roots[str(two)] == Share(1, 1, 20_480, 0, 20_480)
        total = Share(
            files=4, names=7, on_disk=8192 + 20_480 + 12_288, own=8192 + 20_480,
            shared=12_288, elsewhere=12_288,
        )  # fmt: skip
        assert stock.total == total
        # Each has but one of the names of `own`.
        assert stock.groups["a"] == Share(2, 2, 8192 + 20_480, 0, 8192 + 20_480)
        assert stock.groups["b"] == Share(1, 1, 8192, 0, 8192)
        assert not stock.notes
        assert not stock.problems
        exact = measure(one, two, cache)
        account = exact.account(one)
        assert (account.own, account.shared) == (mine.own, mine.shared)
        run("sync", "-f", root)
        before = os.statvfs(root)
        shutil.rmtree(one)
        run("sync", "-f", root)
        after = os.statvfs(root)
        freed = (after.f_bfree - before.f_bfree) * before.f_bsize
        if kind == "tmpfs":  # on ext4 folders and journal move too
            assert freed == mine.own
    finally:
        shutil.rmtree(root)


@pytest.mark.parametrize("kind", ["xfs", "btrfs"])
def test_own_is_unknown_where_blocks_can_be_common(kind: str, places: dict[str, Place]) -> None:
    root = places[kind].root / "stock"
    one, two, cache = fill(root)
    try:
        run("sync", "-f", root)
        stock = take_stock([one, two, cache])
        share = stock.roots[str(one)]
        assert share.own == 0
        assert share.unknown > 0
        assert share.shared == sum(
            (one / name).stat().st_blocks * 512 for name in ("shared", "outside")
        )
        assert stock.notes == [
            f"{kind} can have blocks in common, which were not looked at: measure() does"
        ]
    finally:
        shutil.rmtree(root)


def test_overlay_counts_no_links(places: dict[str, Place]) -> None:
    root = places["overlay/ext4"].root / "stock"
    one, two, cache = fill(root)
    try:
        stock = take_stock([one, two, cache])
        assert stock.total.unknown == stock.total.on_disk > 0
        assert stock.notes == ["link counts are not exact on overlay"]
    finally:
        shutil.rmtree(root)


def test_roots_that_overlap_count_once(tmp_path: Path) -> None:
    one, two, cache = fill(tmp_path)
    alone = take_stock([one, two, cache]).total
    assert take_stock([one, one / "deep", two, two, cache]).total == alone
    (tmp_path / "way").symlink_to("one")
    assert take_stock([tmp_path / "way", one, two, cache]).total == alone


@needs_root
def test_a_bind_mount_of_a_root_counts_once(tmp_path: Path) -> None:
    one, two, cache = fill(tmp_path)
    alone = take_stock([one, two, cache]).total
    (tmp_path / "again").mkdir()
    with bound(one, tmp_path / "again"):
        assert take_stock([one, two, cache, tmp_path / "again"]).total == alone


def test_groups_are_found_through_symlinked_folders(tmp_path: Path) -> None:
    one, *_ = fill(tmp_path)
    (tmp_path / "way").symlink_to("one")
    stock = take_stock([one], {"a": [f"{tmp_path}/way/own", f"{tmp_path}/way/deep/own-too"]})
    assert stock.groups["a"].names == 2
    assert stock.groups["a"].own == (one / "own").stat().st_blocks * 512


def test_a_root_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        take_stock([tmp_path / "missing"])


# From listings, with a look at few names


@pytest.mark.parametrize("kind", KINDS)
def test_same_answers_by_listing_and_by_stat(
    kind: str, places: dict[str, Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = places[kind].root / "stock"
    one, two, cache = fill(root)
    for number in range(5):
        (one / f"twice-{number}").hardlink_to(one / "own")
        (two / f"link-{number}").symlink_to("nowhere")
    os.mkfifo(two / "fifo")
    if kind == "btrfs":  # both have a file of one inode number
        for tree in (one, two):
            run("btrfs", "subvolume", "create", tree / "subvolume")
            (tree / "subvolume" / "file").write_bytes(b"b" * 9000)
    ways: list[str] = []
    for way in ("_by_listing", "_by_stat"):
        monkeypatch.setattr(Inventory, way, noting(getattr(Inventory, way), way, ways))
    try:
        run("sync", "-f", root)
        groups = {"a": [f"{one}/own", f"{one}/twice-2"], "b": [f"{two}/shared"], "none": []}
        fast = take_stock([one, two, cache], groups)
        listed, ways[:] = set(ways), []
        assert take_stock([one, two, cache], groups, by_stat=True) == fast
        assert listed == {"_by_stat" if kind.startswith("overlay") else "_by_listing"}
        assert set(ways) == {"_by_stat"}
        rows = run("find", one, two, cache, "-type", "f", "-printf", "%D %i %b\n").splitlines()
        assert fast.total.names == len(rows)
        assert fast.total.files == len(set(rows))
        assert fast.total.on_disk == sum(int(row.split()[2]) * 512 for row in set(rows))
    finally:
        if kind == "btrfs":
            run("btrfs", "subvolume", "delete", one / "subvolume", two / "subvolume")
        shutil.rmtree(root)


def noting(way: Callable[..., object], name: str, ways: list[str]) -> Callable[..., object]:
    def note(*args: object) -> object:
        ways.append(name)
        return way(*args)

    return note


def after(monkeypatch: pytest.MonkeyPatch, folder: Path, change: Callable[[], object]) -> None:
    """Have *change* happen once, when *folder* was read."""
    honest = Inventory._take  # noqa: SLF001
    done: list[object] = []

    def take(self: object, opened: OpenFolder) -> object:
        inner = honest(self, opened)
        if opened.path == str(folder) and not done:
            done.append(change())
        return inner

    monkeypatch.setattr(Inventory, "_take", take)


@pytest.mark.parametrize("by_stat", [False, True])
def test_a_link_made_meanwhile_is_no_longer_own(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    by_stat: bool,  # noqa: FBT001
) -> None:
    one, two, cache = fill(tmp_path)
    after(monkeypatch, cache, lambda: os.link(cache / "shared", tmp_path / "more"))
    stock = take_stock([cache, one, two], by_stat=by_stat)
    assert CHANGED in stock.notes
    assert stock.total.unknown == 20_480
    assert stock.roots[str(cache)].unknown == 20_480


@pytest.mark.parametrize("by_stat", [False, True])
def test_a_link_removed_meanwhile_is_unknown(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    by_stat: bool,  # noqa: FBT001
) -> None:
    one, two, cache = fill(tmp_path)

    def move() -> None:
        (cache / "shared").unlink()
        (two / "again").hardlink_to(two / "shared")
        (two / "and-again").hardlink_to(two / "shared")

    after(monkeypatch, cache, move)
    stock = take_stock([cache, one, two], by_stat=by_stat)
    assert stock.total.own == (one / "own").stat().st_blocks * 512
    assert stock.total.unknown == 20_480
    assert set(stock.notes) <= {CHANGED, TOO_MANY}


@needs_root
def test_a_file_mounted_on_a_name_is_not_counted_as_the_hidden_one(tmp_path: Path) -> None:
    one, two, cache = fill(tmp_path)
    (two / "hidden").write_bytes(b"h" * 50_000)
    with bound(one / "own", two / "hidden"):
        stock = take_stock([one, two, cache])
        assert stock == take_stock([one, two, cache], by_stat=True)
        assert stock.total.files == 4
        assert stock.total.unknown == 8192
        assert stock.notes == [TOO_MANY]
    with mounted("none", two, "-t", "tmpfs"):
        (two / "file").write_bytes(b"f" * 9000)
        (two / "hidden").touch()
        with bound(one / "own", two / "hidden"):
            stock = take_stock([two])
            assert stock == take_stock([two], by_stat=True)
            assert stock.total == Share(2, 2, 12_288 + 8192, 12_288, 8192, 8192)


@needs_root
def test_a_mount_made_under_way_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two, cache = fill(tmp_path)
    (two / "hidden").write_bytes(b"h" * 50_000)
    with bound(one, one):  # enters a namespace of its own
        pass
    after(monkeypatch, cache, lambda: run("mount", "--bind", one / "own", two / "hidden"))
    try:
        assert take_stock([cache, one, two]).total.files == 4
    finally:
        run("umount", two / "hidden")


def test_an_untrue_listing_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two, cache = fill(tmp_path)
    honest = Inventory._look  # noqa: SLF001
    asked: list[object] = []

    def replaced(self: object, folder: object, files: object, entry: object, row: int) -> object:
        asked.append(entry)
        if len(asked) == 3:  # the listing has another number than what stands there now
            path = Path(folder.path, entry.name)  # type: ignore[attr-defined]
            (tmp_path / "new").write_bytes(path.read_bytes())
            (tmp_path / "new").rename(path)
        return honest(self, folder, files, entry, row)

    monkeypatch.setattr(Inventory, "_look", replaced)
    stock = take_stock([one, two, cache])
    assert len(asked) == 3
    assert stock == take_stock([one, two, cache], by_stat=True)


def test_a_name_that_goes_meanwhile_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two, cache = fill(tmp_path)
    honest = Inventory._look  # noqa: SLF001

    def unlink_first(
        self: object, folder: object, files: object, entry: object, row: int
    ) -> object:
        if entry.name == "own":  # type: ignore[attr-defined]
            (one / "own").unlink()
        return honest(self, folder, files, entry, row)

    monkeypatch.setattr(Inventory, "_look", unlink_first)
    stock = take_stock([one, two, cache])
    assert [str(problem) for problem in stock.problems] == [
        f"{one / 'own'}: vanished while being read"
    ]
    assert stock.total == take_stock([one, two, cache]).total
    assert (stock.total.names, stock.total.files) == (6, 4)


@needs_root
def test_a_layer_and_what_overlay_makes_of_it_are_told_apart(tmp_path: Path) -> None:
    with (
        mounted("none", tmp_path, "-t", "tmpfs"),
        overlaid(
            tmp_path / "merged", [tmp_path / "lower"], tmp_path / "upper", tmp_path / "work"
        ) as merged,
    ):
        (merged / "file").write_bytes(b"f" * 9000)
        for by_stat in (False, True):
            for roots in ([tmp_path / "upper", merged], [merged, tmp_path / "upper"]):
                stock = take_stock(roots, by_stat=by_stat)
                assert stock.roots[str(tmp_path / "upper")].own == 12_288
                assert stock.roots[str(merged)] == Share(1, 1, 12_288, unknown=12_288)
