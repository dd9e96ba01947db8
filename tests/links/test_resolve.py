import os
from pathlib import Path

import pytest
from support.users import nobody

from pytest_linkcheck.links.resolution import MAX_STEPS, directory_entry, resolve


def test_a_plain_path_is_its_own_end(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    found = resolve(path)
    assert found.steps == (path,)
    assert not found.is_symlink
    assert found.facts is not None
    assert found.facts.path == path


def test_each_step_of_a_chain_is_kept(tmp_path: Path) -> None:
    end = tmp_path / "end"
    end.touch()
    (tmp_path / "folder").mkdir()
    absolute = tmp_path / "absolute"
    absolute.symlink_to(end)
    relative = tmp_path / "folder" / "relative"
    relative.symlink_to("../absolute")
    found = resolve(relative)
    assert found.steps == (relative, tmp_path / "folder/../absolute", end)
    assert found.is_symlink
    assert found.facts is not None
    assert found.facts.identity.inode == end.stat().st_ino


def test_dots_after_a_linked_folder_mean_the_parent_of_its_target(tmp_path: Path) -> None:
    (tmp_path / "far" / "deep").mkdir(parents=True)
    (tmp_path / "far" / "file").write_text("far")
    (tmp_path / "file").write_text("near")
    (tmp_path / "short").symlink_to("far/deep")
    (tmp_path / "link").symlink_to("short/../file")
    found = resolve(tmp_path / "link")
    assert found.facts is not None
    assert found.facts.path.read_text() == "far"
    through = tmp_path / "short" / ".." / "file"
    assert directory_entry(through) == str(tmp_path / "far" / "file")
    assert directory_entry(tmp_path / "file") == str(tmp_path / "file")


def test_an_entry_has_one_spelling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "linked").symlink_to("folder")
    expected = str(tmp_path / "folder" / "file")
    for spelling in ("folder/file", "./folder//file", "linked/file", "linked/../folder/file"):
        assert directory_entry(spelling) == expected
    for spelling in (".", "folder/..", "folder/"):
        assert directory_entry(spelling) == os.path.realpath(spelling)
    assert directory_entry("linked") == str(tmp_path / "linked")


@pytest.mark.parametrize("target", ["missing", "folder/missing", "file/below"])
def test_a_dangling_link_says_what_is_missing(tmp_path: Path, target: str) -> None:
    (tmp_path / "file").touch()
    link = tmp_path / "link"
    link.symlink_to(target)
    found = resolve(link)
    assert found.facts is None
    assert found.problem == f"{link} is a dangling symlink: {tmp_path / target} does not exist"


def test_a_missing_path_is_no_dangling_link(tmp_path: Path) -> None:
    path = tmp_path / "missing"
    assert resolve(path).problem == f"{path}: No such file or directory"


def test_loops_end(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.symlink_to("two")
    two.symlink_to("one")
    inside = tmp_path / "inside"
    inside.symlink_to("one/file")
    assert resolve(one).problem == f"{one} is a symlink loop"
    assert resolve(inside).problem == f"{inside} leads into a symlink loop"


@pytest.mark.parametrize(("length", "ends"), [(MAX_STEPS, True), (MAX_STEPS + 1, False)])
def test_a_chain_may_be_as_long_as_the_kernel_allows(
    tmp_path: Path, length: int, *, ends: bool
) -> None:
    path = tmp_path / "end"
    path.touch()
    for number in range(length):
        link = tmp_path / str(number)
        link.symlink_to(path)
        path = link
    if ends:
        path.stat()
    else:
        with pytest.raises(OSError, match="symbolic links"):
            path.stat()
    assert (resolve(path).facts is not None) is ends


def test_a_locked_folder_is_named(public_folder: Path) -> None:
    locked = public_folder / "locked"
    locked.mkdir()
    (locked / "file").touch()
    link = public_folder / "link"
    link.symlink_to("locked/file")
    locked.chmod(0)
    with nobody():
        found, through = resolve(locked / "file"), resolve(link)
    locked.chmod(0o700)
    assert found.problem == f"{locked / 'file'}: Permission denied"
    assert through.problem == f"{link} is a symlink to {locked / 'file'}: Permission denied"
