import os
from pathlib import Path

import pytest
from support.evidence import evidence, failure
from support.mounting import bound, mounted, needs_root
from support.oracle import device_of, names_of
from support.users import nobody, open_way

from pytest_linkcheck import assert_different_device, assert_linkable, assert_same_device


def test_one_device(file: Path, hard: Path, other_device: Path) -> None:
    assert device_of(file) == device_of(hard) != device_of(other_device)
    assert_same_device(file, hard, file.parent)
    lines = failure(assert_same_device, file, hard, other_device)
    assert lines[0] == "2 devices, not one"
    assert lines[1:] == [evidence(file), evidence(hard), f"{evidence(other_device)}, directory"]


def test_different_devices(file: Path, hard: Path, other_device: Path) -> None:
    assert_different_device(file, other_device)
    lines = failure(assert_different_device, file, hard)
    assert lines == ["1 device for 2 paths", evidence(file), evidence(hard)]
    assert failure(assert_different_device, file, hard, other_device)[0] == "2 devices for 3 paths"


def test_a_symlink_lies_where_it_leads(tmp_path: Path, other_device: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(other_device)
    assert_same_device(link, other_device)
    assert_different_device(link, tmp_path)


def test_linkable_where_a_link_can_be_made(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    assert_linkable(tmp_path, folder)
    assert_linkable(folder, folder)
    assert names_of(tmp_path) == {"folder"}
    assert names_of(folder) == set()


def test_not_linkable_to_another_device(tmp_path: Path, other_device: Path) -> None:
    lines = failure(assert_linkable, tmp_path, other_device)
    assert lines[0].startswith(
        "no hard link from one folder into the other: link() across them gives EXDEV; two "
    )
    assert lines[1:] == [
        f"{evidence(tmp_path)}, directory",
        f"{evidence(other_device)}, directory",
        "remedy: put both on one mount (at=, cache_at=)",
    ]
    assert names_of(other_device) == set()


@needs_root
def test_not_linkable_to_another_mount_of_one_device(tmp_path: Path) -> None:
    folder, view = tmp_path / "folder", tmp_path / "view"
    folder.mkdir()
    view.mkdir()
    with bound(folder, view):
        assert_same_device(tmp_path, view)
        lines = failure(assert_linkable, tmp_path, view)
    assert f" filesystem, two mounts ({view} is a bind mount" in lines[0]


@needs_root
def test_what_cannot_be_tried_is_not_said_to_be_impossible(tmp_path: Path) -> None:
    with mounted("tmpfs", tmp_path, "-t", "tmpfs", "-o", "ro"):
        lines = failure(assert_linkable, tmp_path, tmp_path)
    assert lines[0].startswith(
        f"it cannot be told whether hard links can be made: no file can be made in {tmp_path}: "
        "Read-only file system"
    )


def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(0o755)
    own = tmp_path / "own"
    own.mkdir()
    open_way(tmp_path)
    own.chmod(0o777)
    if os.geteuid() != 0:
        closed.chmod(0o555)
    with nobody():
        lines = failure(assert_linkable, own, closed)
    assert lines[0].startswith(
        f"it cannot be told whether hard links can be made: no link can be made in {closed}: "
        "Permission denied"
    )


@pytest.mark.parametrize("assertion", [assert_same_device, assert_different_device])
def test_nothing_is_written_to_tell_devices(tmp_path: Path, assertion: object) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    before = folder.stat().st_mtime_ns, tmp_path.stat().st_mtime_ns
    assert callable(assertion)
    if assertion is assert_same_device:
        assertion(folder, tmp_path)
    else:
        failure(assertion, folder, tmp_path)
    assert (folder.stat().st_mtime_ns, tmp_path.stat().st_mtime_ns) == before
