from collections.abc import Iterator
from pathlib import Path

import pytest
from support.evidence import SAME_FOLDER, evidence, failure
from support.mounting import bound, mounted, needs_root
from support.oracle import same_bytes, same_file, stat_of

from pytest_linkcheck import assert_different_inodes, assert_hardlinked, assert_same_inode


@pytest.fixture
def third(file: Path) -> Path:
    """A third name of `file`, in another folder."""
    folder = file.with_name("folder")
    folder.mkdir()
    (folder / "third").hardlink_to(file)
    return folder / "third"


@pytest.fixture
def through(file: Path) -> tuple[Path, Path]:
    """One name of one file, by a folder and by a symlink to that folder."""
    (file.parent / "folder").mkdir()
    inside = file.rename(file.parent / "folder" / "file")
    (inside.parent.parent / "short").symlink_to("folder")
    return inside, inside.parent.parent / "short" / "file"


@pytest.fixture
def twins(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """Two files of equal bytes and equal inode numbers, on two devices."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    with (
        mounted("tmpfs", tmp_path / "a", "-t", "tmpfs") as a,
        mounted("tmpfs", tmp_path / "b", "-t", "tmpfs") as b,
    ):
        for folder in (a, b):
            (folder / "file").write_bytes(b"content")
        yield a / "file", b / "file"


# assert_same_inode


def test_same_inode_of_two_and_three_names(file: Path, hard: Path, third: Path) -> None:
    assert same_file(file, hard)
    assert_same_inode(file, hard)
    assert_same_inode(str(file), hard, third)


def test_same_inode_fails_on_a_copy(file: Path, copy: Path) -> None:
    assert same_bytes(file, copy)
    assert failure(assert_same_inode, file, copy) == [
        "not one inode: 2 paths, 2 files",
        evidence(file),
        evidence(copy),
        SAME_FOLDER,
    ]


def test_same_inode_fails_if_one_of_three_is_a_copy(file: Path, hard: Path, copy: Path) -> None:
    lines = failure(assert_same_inode, file, hard, copy)
    assert lines[0] == "not one inode: 3 paths, 2 files"
    assert lines[1:4] == [evidence(file), evidence(hard), evidence(copy)]


@pytest.mark.parametrize("link_first", [True, False])
def test_same_inode_fails_on_a_symlink(file: Path, soft: Path, *, link_first: bool) -> None:
    assert stat_of(soft, "%F") == "symbolic link"
    paths = (soft, file) if link_first else (file, soft)
    lines = failure(assert_same_inode, *paths)
    assert lines[0] == f"{soft} is a symlink, no name of an inode it shares"
    assert f"  {soft} -> {file}" in lines


def test_same_inode_fails_on_one_name_seen_through_a_symlinked_folder(
    through: tuple[Path, Path],
) -> None:
    one, two = through
    assert stat_of(one, "%h") == "1"
    headline = (
        "not two names of one inode: symlink (one file, one name: a folder on the way is a symlink)"
    )
    assert failure(assert_same_inode, one, two) == [headline, evidence(one), evidence(two)]


@needs_root
def test_same_inode_fails_on_equal_numbers_of_two_devices(twins: tuple[Path, Path]) -> None:
    one, two = twins
    assert stat_of(one, "%i") == stat_of(two, "%i")
    lines = failure(assert_same_inode, one, two)
    assert lines[:3] == [
        "not one inode: 2 paths, 2 files; equal inode numbers of two devices are two files",
        evidence(one),
        evidence(two),
    ]
    assert lines[3].startswith("cause: two filesystems, tmpfs ")
    assert lines[4] == "remedy: put both on one mount (at=, cache_at=)"


def test_same_inode_names_the_device_boundary(file: Path, other_device: Path) -> None:
    other = other_device / "file"
    other.write_bytes(b"content")
    lines = failure(assert_same_inode, file, other)
    assert lines[1:3] == [evidence(file), evidence(other)]
    assert lines[3].startswith("cause: two ")
    assert lines[4] == "remedy: put both on one mount (at=, cache_at=)"


@needs_root
def test_same_inode_names_a_bind_mount_that_stood_in_the_way(file: Path, copy: Path) -> None:
    (file.parent / "folder").mkdir()
    (file.parent / "view").mkdir()
    inside = copy.rename(file.parent / "folder" / "copy")
    with bound(inside.parent, file.parent / "view") as view:
        lines = failure(assert_same_inode, file, view / "copy")
        assert stat_of(file, "%d") == stat_of(view / "copy", "%d")
    assert f" filesystem, two mounts ({view} is a bind mount" in lines[3]


@needs_root
def test_same_inode_gives_no_cause_where_the_folders_tell_none(file: Path, copy: Path) -> None:
    (file.parent / "elsewhere").mkdir()
    with mounted("tmpfs", file.parent / "elsewhere", "-t", "tmpfs") as elsewhere:
        (elsewhere / "other").write_bytes(b"content")
        with bound(elsewhere / "other", copy):
            lines = failure(assert_same_inode, file, copy)
            assert lines[1:] == [evidence(file), evidence(copy)]


# assert_hardlinked


def test_hardlinked_to_another_name(file: Path, hard: Path, third: Path) -> None:
    assert_hardlinked(file, hard)
    assert_hardlinked(third, file)


def test_hardlinked_fails_on_a_copy(file: Path, copy: Path) -> None:
    lines = failure(assert_hardlinked, file, copy)
    assert lines[0].startswith("not hard linked: ")
    assert lines[1:] == [evidence(file), evidence(copy), SAME_FOLDER]


def test_hardlinked_fails_on_a_symlink(file: Path, soft: Path) -> None:
    lines = failure(assert_hardlinked, soft, file)
    assert lines[0] == f"not hard linked: symlink ({soft} resolves to {file})"


def test_hardlinked_fails_on_one_name_seen_through_a_symlinked_folder(
    through: tuple[Path, Path],
) -> None:
    lines = failure(assert_hardlinked, *through)
    assert lines[0] == (
        "not hard linked: symlink (one file, one name: a folder on the way is a symlink)"
    )


def test_hardlinked_fails_across_devices_and_says_what_to_do(
    file: Path, other_device: Path
) -> None:
    other = other_device / "file"
    other.write_bytes(b"content")
    lines = failure(assert_hardlinked, file, other)
    assert lines[-1] == "remedy: put both on one mount (at=, cache_at=)"


# assert_different_inodes


def test_different_inodes_of_copies(file: Path, copy: Path, tmp_path: Path) -> None:
    (tmp_path / "another").write_bytes(b"content")
    assert not same_file(file, copy)
    assert_different_inodes(file, copy)
    assert_different_inodes(file, copy, tmp_path / "another")


def test_different_inodes_fails_on_a_hard_link(file: Path, hard: Path) -> None:
    assert failure(assert_different_inodes, file, hard) == [
        "one inode, not two: hardlink (one inode, 2 links)",
        evidence(file),
        evidence(hard),
    ]


def test_different_inodes_names_the_two_of_three(file: Path, hard: Path, copy: Path) -> None:
    lines = failure(assert_different_inodes, copy, file, hard)
    assert lines[1:] == [evidence(file), evidence(hard)]


def test_different_inodes_fails_on_a_symlink(file: Path, soft: Path) -> None:
    lines = failure(assert_different_inodes, file, soft)
    assert lines[0] == f"one inode, not two: symlink ({soft} resolves to {file})"
    assert f"  {soft} -> {file}" in lines


def test_different_inodes_fails_on_a_chain_of_symlinks(file: Path, soft: Path) -> None:
    chain = file.with_name("chain")
    chain.symlink_to(soft)
    lines = failure(assert_different_inodes, chain, file)
    assert lines[1:3] == [f"  {chain} -> {soft}", f"  {soft} -> {file}"]


def test_different_inodes_fails_on_two_symlinks_to_one_file(file: Path, soft: Path) -> None:
    other = file.with_name("other")
    other.symlink_to(file)
    lines = failure(assert_different_inodes, soft, other)
    assert lines[0] == "one inode, not two: symlink (both are symlinks to one file)"


def test_different_inodes_fails_through_a_symlinked_folder(through: tuple[Path, Path]) -> None:
    assert "a folder on the way is a symlink" in failure(assert_different_inodes, *through)[0]


@needs_root
def test_different_inodes_of_equal_numbers_on_two_devices(twins: tuple[Path, Path]) -> None:
    assert_different_inodes(*twins)
