"""Bytes by owner from link counts: held against du, against extents, and against deletion."""

import os
import shutil
from pathlib import Path

import pytest
from support.mounting import bound, needs_root, run
from support.places import Place

from pytest_linkcheck.links import Share, measure, take_stock

KIND_WITHOUT_REFLINKS = ("ext4", "tmpfs")


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


@pytest.mark.parametrize("kind", KIND_WITHOUT_REFLINKS)
def test_who_has_what(kind: str, places: dict[str, Place]) -> None:
    root = places[kind].root / "stock"
    one, two, cache = fill(root)
    try:
        groups = {
            "a": [f"{one}/own", f"{one}/shared"],
            "b": [f"{one}/deep/own-too", f"{one}/own", f"{one}/missing"],
        }
        stock = take_stock([one, two, cache], groups)
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
