from pathlib import Path

import pytest
from support.mounting import needs_root

from pytest_linkcheck import Filesystems, LinkcheckError, assert_linkable, assert_not_linkable

BOUNDARIES = [
    ("ext4", "xfs", "filesystem"),
    ("overlay(ext4)", "ext4", "filesystem"),
    ("ext4", "bind(ext4)", "bind mount"),
    ("btrfs", "btrfs-subvolume", "subvolume"),
    ("nolink", "nolink", "no hard links"),
]


@needs_root
@pytest.mark.parametrize(("source", "target", "because"), BOUNDARIES)
def test_a_boundary_is_one_for_one_reason(
    filesystems: Filesystems, source: str, target: str, because: str
) -> None:
    one, two = filesystems.get(source), filesystems.get(target)
    assert_not_linkable(one, two)
    assert_not_linkable(one.folder(), two.folder(), because=because)
    for other in {because for _, _, because in BOUNDARIES} - {because}:
        with pytest.raises(AssertionError, match=f"^no hard link, but not because of {other}: "):
            assert_not_linkable(one, two, because=other)


def test_what_can_be_linked_is_no_boundary(tmp_path: Path) -> None:
    assert_linkable(tmp_path, tmp_path)
    with pytest.raises(AssertionError, match=r"^a hard link from one folder into the other can be"):
        assert_not_linkable(tmp_path, tmp_path)


@needs_root
def test_what_cannot_be_told_is_no_pass(filesystems: Filesystems, tmp_path: Path) -> None:
    read_only = filesystems.get("readonly").folder()
    with pytest.raises(AssertionError, match=r"^it cannot be told whether"):
        assert_not_linkable(read_only, tmp_path)


def test_an_unknown_reason_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LinkcheckError, match="because='moon' is no reason known here: give one of"):
        assert_not_linkable(tmp_path, tmp_path, because="moon")
    with pytest.raises(LinkcheckError):
        assert_not_linkable(tmp_path / "missing", tmp_path)
