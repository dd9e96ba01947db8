from pathlib import Path

import pytest

from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.filesystems import ALL, Kind, parse_place, split_places


@pytest.mark.parametrize(
    ("text", "kind", "over"),
    [
        ("ext4", Kind.EXT4, None),
        (" tmpfs ", Kind.TMPFS, None),
        ("xfs-noreflink", Kind.XFS_NOREFLINK, None),
        ("btrfs-subvolume", Kind.SUBVOLUME, "btrfs"),
        ("overlay", Kind.OVERLAY, "default"),
        ("overlay(btrfs)", Kind.OVERLAY, "btrfs"),
        ("bind(overlay(xfs))", Kind.BIND, "overlay(xfs)"),
        ("readonly(nfs=/mnt/a (b))", Kind.READONLY, "nfs"),
        ("full(ext4)", Kind.FULL, "ext4"),
        ("full", Kind.FULL, "tmpfs"),
    ],
)
def test_a_name_is_read(text: str, kind: Kind, over: str | None) -> None:
    place = parse_place(text)
    assert place.kind is kind
    assert (place.over.name if place.over else None) == over


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("overlay(default)", "overlay"),
        ("full(tmpfs,1_000_000)", "full"),
        ("full(4096)", "full(4096)"),
        ("full(xfs,4096)", "full(xfs,4096)"),
        ("nosymlink", "nolink"),
    ],
)
def test_one_place_has_one_name(text: str, name: str) -> None:
    assert parse_place(text).name == name
    assert parse_place(name) == parse_place(text)


def test_a_folder_of_the_users_has_the_name_it_was_given() -> None:
    place = parse_place("my.nfs-1=/mnt/a=b")
    assert (place.name, place.path, place.kind) == ("my.nfs-1", Path("/mnt/a=b"), Kind.OWN)


def test_a_name_given_by_the_user_goes_first() -> None:
    own = {"btrfs": Path("/data"), "nfs": Path("/mnt")}
    assert parse_place("btrfs", own).path == Path("/data")
    over = parse_place("overlay(nfs)", own).over
    assert over is not None
    assert over.path == Path("/mnt")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("zfs", "'zfs' is no place known here: name default, ext4"),
        ("", "'' is no place known here"),
        ("ext4(btrfs)", "ext4 lies over nothing"),
        ("overlay(overlay(ext4))", "no overlay can be written to over overlay(ext4)"),
        ("overlay(readonly)", "no overlay can be written to"),
        ("bind(zfs)", "'zfs' is no place"),
        ("full(overlay)", "can be filled up"),
        ("full(btrfs)", "only ext2, ext4, tmpfs, xfs can be filled up to the byte"),
        ("full(ext4,xfs,1)", "write full(PLACE,BYTES)"),
        ("full(1__000)", "'1__000' is no place"),
        ("full(_1)", "'_1' is no place"),
        (f"full(ext4,{'9' * 5000})", "write full(PLACE,BYTES)"),
        ("bind(", "'bind(' is no place"),
        ("NAME=PATH(ext4", None),
        ("\x1b[2J", r"'\\x1b[2J' is no place"),
    ],
)
def test_what_is_no_place_is_refused_in_one_line(text: str, problem: str | None) -> None:
    if problem is None:
        assert parse_place(text).kind is Kind.OWN
        return
    with pytest.raises(LinkcheckError) as caught:
        parse_place(text)
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_list_is_cut_at_commas_outside_brackets() -> None:
    assert split_places("ext4, full(xfs,100),overlay(btrfs),,") == [
        "ext4",
        "full(xfs,100)",
        "overlay(btrfs)",
    ]


def test_all_are_places() -> None:
    assert [parse_place(name).name for name in ALL] == list(ALL)
