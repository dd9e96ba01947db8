from pathlib import Path

import pytest
from support.evidence import evidence, failure

from pytest_linkcheck import assert_symlinked


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with a file in it."""
    folder = tmp_path / "root"
    folder.mkdir()
    (folder / "inside").touch()
    return folder


@pytest.mark.parametrize("target", ["root/inside", "./root/../root/inside", "{tmp}/root/inside"])
def test_relative_and_absolute_links(tmp_path: Path, root: Path, target: str) -> None:
    link = tmp_path / "link"
    link.symlink_to(target.format(tmp=tmp_path))
    assert_symlinked(link)
    assert_symlinked(link, into=root)
    assert_symlinked(str(link), str(root))


def test_a_link_to_a_folder(tmp_path: Path, root: Path) -> None:
    (root / "folder").mkdir()
    link = tmp_path / "link"
    link.symlink_to("root/folder")
    assert_symlinked(link, into=root)


def test_a_chain_counts_by_its_end(tmp_path: Path, root: Path) -> None:
    (tmp_path / "first").symlink_to("second")
    (tmp_path / "second").symlink_to("root/inside")
    assert_symlinked(tmp_path / "first", into=root)


def test_a_root_may_be_a_symlink_itself(tmp_path: Path, root: Path) -> None:
    (tmp_path / "alias").symlink_to("root")
    (tmp_path / "link").symlink_to("root/inside")
    (tmp_path / "other").symlink_to("alias/inside")
    for link in ("link", "other"):
        assert_symlinked(tmp_path / link, into=tmp_path / "alias")
        assert_symlinked(tmp_path / link, into=root)


def test_fails_on_a_file(file: Path) -> None:
    assert failure(assert_symlinked, file) == [f"not a symlink: {file}", evidence(file)]


def test_fails_on_a_hard_link(file: Path, hard: Path) -> None:
    assert failure(assert_symlinked, hard, file.parent)[0] == f"not a symlink: {hard}"


def test_fails_on_a_file_in_a_symlinked_folder_and_says_so(tmp_path: Path, root: Path) -> None:
    (tmp_path / "link").symlink_to("root")
    inside = tmp_path / "link" / "inside"
    assert failure(assert_symlinked, inside) == [
        f"not a symlink: {inside}",
        evidence(inside),
        f"a folder on the way is one: it leads to {root / 'inside'}",
    ]


def test_fails_on_a_folder(root: Path) -> None:
    assert failure(assert_symlinked, root)[0] == f"not a symlink: {root}"


def test_fails_on_a_dangling_link(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("absent")
    problem = f"{link} is a dangling symlink: {tmp_path / 'absent'} does not exist"
    assert failure(assert_symlinked, link) == [
        problem,
        f"  {link} -> {tmp_path / 'absent'}",
        f"  {problem}",
    ]


def test_fails_on_a_loop(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(link)
    assert failure(assert_symlinked, link)[0] == f"{link} is a symlink loop"


def test_fails_on_a_link_that_leads_elsewhere(root: Path, file: Path) -> None:
    link = root / "link"
    link.symlink_to("../file")
    lines = failure(assert_symlinked, link, into=root)
    assert lines[0] == f"{link} leads out of {root}"
    assert lines[1] == f"  {link} -> {root}/../file"
    assert lines[-1] == f"it ends at {file}"


def test_a_folder_whose_name_only_begins_alike_is_elsewhere(tmp_path: Path, root: Path) -> None:
    (tmp_path / "root-2").mkdir()
    (tmp_path / "root-2" / "inside").touch()
    link = root / "link"
    link.symlink_to("../root-2/inside")
    assert failure(assert_symlinked, link, into=root)[0] == f"{link} leads out of {root}"


def test_fails_on_a_chain_that_leaves(root: Path, file: Path) -> None:
    (root / "first").symlink_to("second")
    (root / "second").symlink_to(file)
    assert failure(assert_symlinked, root / "first", into=root)[-1] == f"it ends at {file}"
