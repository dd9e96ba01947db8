import unicodedata
from pathlib import Path

import pytest
from support.mounting import needs_root
from support.oracle import names_of
from support.users import nobody

from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.filesystems import (
    Can,
    Filesystems,
    probe_folder,
    probe_link_limit,
    probe_pair,
)
from pytest_linkcheck.links import Between, probe_boundary

ORDINARY = {"write", "hardlink", "symlink", "true_inodes", "birth_time", "case_sensitive",
            "keeps_unicode"}  # fmt: skip


def _abilities(made: Filesystems, name: str) -> set[str]:
    return {ability for ability, answer in made.get(name).capabilities().items() if answer}


@needs_root
@pytest.mark.parametrize(
    ("name", "abilities"),
    [
        ("ext4", ORDINARY | {"extents"}),
        ("xfs", ORDINARY | {"extents", "reflink"}),
        ("xfs-noreflink", ORDINARY | {"extents"}),
        ("btrfs", ORDINARY | {"extents", "reflink"}),
        ("btrfs-subvolume", ORDINARY | {"extents", "reflink"}),
        ("tmpfs", ORDINARY),
        ("overlay(btrfs)", ORDINARY | {"extents", "reflink"}),
        ("overlay(xfs)", ORDINARY | {"extents", "reflink"}),
        ("overlay(tmpfs)", ORDINARY),
        ("bind(xfs)", ORDINARY | {"extents", "reflink"}),
        ("readonly(xfs)", set()),
    ],
)
def test_what_can_be_done(places: Filesystems, name: str, abilities: set[str]) -> None:
    assert _abilities(places, name) == abilities


@needs_root
def test_a_place_without_links(places: Filesystems) -> None:
    made = places.get("nolink")
    told = made.capabilities()
    assert {told.hardlink.can, told.symlink.can, told.case_sensitive.can} == {Can.NO}
    assert "EPERM" in told.hardlink.reason
    with pytest.raises(OSError, match=r"not permitted|not implemented"):
        (made.folder() / "link").symlink_to("target")


@needs_root
def test_of_a_read_only_folder_little_can_be_told(places: Filesystems) -> None:
    told = places.get("readonly").capabilities()
    assert told.write.can is Can.NO
    assert told.write.reason == "Read-only file system"
    assert told.hardlink.can is told.reflink.can is Can.UNKNOWN


@needs_root
@pytest.mark.parametrize(
    ("source", "target", "hardlink", "reflink"),
    [
        ("ext4", "ext4", Can.YES, Can.NO),
        ("btrfs", "btrfs", Can.YES, Can.YES),
        ("btrfs", "btrfs-subvolume", Can.NO, Can.YES),
        ("bind(btrfs)", "btrfs", Can.NO, Can.YES),
        ("bind(ext4)", "ext4", Can.NO, Can.NO),
        ("btrfs", "xfs", Can.NO, Can.NO),
        ("tmpfs", "ext4", Can.NO, Can.NO),
        ("overlay(xfs)", "xfs", Can.NO, Can.NO),
        ("readonly(ext4)", "ext4", Can.UNKNOWN, Can.UNKNOWN),
    ],
)
def test_what_a_cache_there_can_share_with_files_here(
    places: Filesystems, source: str, target: str, hardlink: Can, reflink: Can
) -> None:
    pair = places.get(target).from_cache(places.get(source))
    assert (pair.hardlink.can, pair.reflink.can) == (hardlink, reflink)
    assert all(answer or answer.reason for answer in (pair.hardlink, pair.reflink))


def test_what_a_cache_that_is_not_there_shares_cannot_be_told(
    places: Filesystems, tmp_path: Path
) -> None:
    with pytest.raises(LinkcheckError, match=r"missing shares with .* No such file or directory$"):
        places.get("default").from_cache(tmp_path / "missing")


def test_a_probe_leaves_nothing(tmp_path: Path) -> None:
    probe_folder(tmp_path)
    probe_pair(tmp_path, tmp_path)
    probe_link_limit(tmp_path, stop_after=5)
    assert names_of(tmp_path) == set()


def test_a_probe_is_asked_once(tmp_path: Path) -> None:
    assert probe_folder(tmp_path) is probe_folder(tmp_path)
    assert probe_pair(tmp_path, tmp_path) is probe_pair(tmp_path, tmp_path)


@needs_root
def test_each_user_asks_anew(public_folder: Path) -> None:
    """Of what root may write to, another user cannot even tell."""
    here, cache = public_folder / "here", public_folder / "cache"
    here.mkdir()
    cache.mkdir()
    assert probe_pair(cache, here).symlink
    assert probe_folder(here).write
    with nobody():
        assert probe_pair(cache, here).symlink.can is Can.UNKNOWN
        assert probe_folder(here).write.can is Can.NO


@needs_root
@pytest.mark.slow
def test_the_link_limit_is_found_by_doing(places: Filesystems) -> None:
    limit = probe_link_limit(places.get("ext2").folder())
    assert str(limit) == "65,000"  # by the driver of ext4; that of ext2 stopped at 32,000
    assert str(probe_link_limit(places.get("tmpfs").folder(), stop_after=1000)) == "more than 1,000"


def test_a_folder_that_knows_no_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "exists", lambda path: path.with_name("case").is_file())
    assert probe_folder(tmp_path).case_sensitive.can is Can.NO


def test_a_folder_that_changes_normal_forms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch = Path.touch
    monkeypatch.setattr(
        Path, "touch", lambda path, **_: touch(Path(unicodedata.normalize("NFD", str(path))))
    )
    told = probe_folder(tmp_path).keeps_unicode
    assert (told.can, told.reason) == (Can.NO, "normal forms are changed")


@needs_root
def test_every_pair_of_places_is_a_boundary_or_none(places: Filesystems) -> None:
    ext4, bind = places.get("ext4"), places.get("bind(ext4)")
    assert probe_boundary(ext4.folder(), ext4.folder()).between is Between.NOTHING
    assert probe_boundary(bind.folder(), bind.folder()).between is Between.NOTHING
