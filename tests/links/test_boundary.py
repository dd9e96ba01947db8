import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest
from support.mounting import bound, mounted, needs_root
from support.oracle import device_of, names_of
from support.users import nobody

from pytest_linkcheck.links.boundary import (
    Between,
    Linkable,
    explain_boundary,
    probe_boundary,
)
from pytest_linkcheck.links.facts import read_facts
from pytest_linkcheck.links.mounts import read_mounts

SHM = Path("/dev/shm")  # noqa: S108 - a real tmpfs, the other device
needs_other_device = pytest.mark.skipif(
    not SHM.is_dir() or SHM.stat().st_dev == Path.cwd().stat().st_dev,
    reason="needs a second device: mount a tmpfs on /dev/shm",
)


def _folders(parent: Path) -> tuple[Path, Path]:
    one, two = parent / "one", parent / "two"
    one.mkdir()
    two.mkdir()
    return one, two


def test_two_folders_of_one_mount_can_be_linked(tmp_path: Path) -> None:
    one, two = _folders(tmp_path)
    boundary = probe_boundary(one, two)
    assert boundary.linkable is Linkable.YES
    assert boundary.between is Between.NOTHING
    assert str(boundary).startswith("hard links yes: one mount, ")
    assert names_of(one) == names_of(two) == set()
    assert probe_boundary(one, one).linkable is Linkable.YES


@needs_other_device
def test_two_devices_cannot_be_linked(tmp_path: Path) -> None:
    before = names_of(SHM)
    boundary = probe_boundary(tmp_path, SHM)
    assert device_of(tmp_path) != device_of(SHM)
    assert boundary.linkable is Linkable.NO
    assert boundary.between is Between.FILESYSTEM
    assert boundary.reason.startswith("link() across them gives EXDEV; two filesystems, ")
    assert names_of(SHM) == before
    assert names_of(tmp_path) == set()


@needs_root
def test_two_mounts_of_one_filesystem_cannot_be_linked(tmp_path: Path) -> None:
    one, two = _folders(tmp_path)
    point = tmp_path / "point"
    point.mkdir()
    with bound(two, point):
        assert device_of(one) == device_of(point)
        boundary = probe_boundary(one, point)
        back = probe_boundary(point, one)
    for found in (boundary, back):
        assert found.linkable is Linkable.NO
        assert found.between is Between.MOUNT
        assert f"{point} is a bind mount" in found.reason
    assert names_of(one) == names_of(two) == set()


@needs_root
def test_a_read_only_folder_leaves_the_answer_open(tmp_path: Path) -> None:
    point = tmp_path / "point"
    point.mkdir()
    with mounted("none", point, "-t", "tmpfs", "-o", "ro"):
        boundary = probe_boundary(point, tmp_path)
        into = probe_boundary(tmp_path, point)
    assert boundary.linkable is Linkable.UNKNOWN
    assert boundary.reason.startswith(f"no file can be made in {point}: Read-only file system; ")
    assert into.linkable is Linkable.UNKNOWN  # EROFS is said before EXDEV
    assert boundary.between is into.between is Between.FILESYSTEM


def test_a_folder_without_rights_leaves_the_answer_open(tmp_path: Path) -> None:
    one, two = _folders(tmp_path)
    one.chmod(0o777)
    two.chmod(0o555)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    with nobody():
        boundary = probe_boundary(one, two)
        back = probe_boundary(two, one)
    assert boundary.linkable is back.linkable is Linkable.UNKNOWN
    assert f"no link can be made in {two}: Permission denied" in boundary.reason
    assert f"no file can be made in {two}: Permission denied" in back.reason
    assert names_of(one) == set()


@pytest.mark.parametrize(
    ("number", "answer"),
    [
        (errno.EXDEV, Linkable.NO),
        (errno.EPERM, Linkable.NO),
        (errno.EOPNOTSUPP, Linkable.NO),
        (errno.ENOSYS, Linkable.NO),
        (errno.EMLINK, Linkable.UNKNOWN),
        (errno.ENOSPC, Linkable.UNKNOWN),
    ],
)
def test_an_error_is_a_no_only_where_it_speaks_of_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, answer: Linkable
) -> None:
    def refuse(*_arguments: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", refuse)
    assert probe_boundary(tmp_path, tmp_path).linkable is answer
    assert names_of(tmp_path) == set()


def test_a_link_that_is_a_copy_is_no_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def copy(source: Path, target: Path) -> None:
        target.write_bytes(source.read_bytes())

    monkeypatch.setattr(os, "link", copy)
    boundary = probe_boundary(tmp_path, tmp_path)
    assert boundary.linkable is Linkable.NO
    assert boundary.reason.startswith("link() made another file, no hard link; ")
    assert names_of(tmp_path) == set()


def test_a_folder_reached_by_a_symlink_is_the_folder(tmp_path: Path) -> None:
    one, two = _folders(tmp_path)
    (tmp_path / "link").symlink_to("two")
    boundary = probe_boundary(one, tmp_path / "link")
    assert boundary.target.path == two
    assert boundary.linkable is Linkable.YES


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        probe_boundary(tmp_path, tmp_path / "file")
    with pytest.raises(FileNotFoundError):
        probe_boundary(tmp_path / "missing", tmp_path)


def test_two_devices_of_one_filesystem_are_subvolumes(tmp_path: Path) -> None:
    one = read_facts(tmp_path)
    two = replace(one, identity=replace(one.identity, device=one.identity.device + 1))
    between, reason = explain_boundary(one, two, read_mounts())
    assert between is Between.SUBVOLUME
    assert "two subvolumes of one" in reason


def test_without_mounts_only_devices_speak(tmp_path: Path) -> None:
    one = read_facts(tmp_path)
    two = replace(one, identity=replace(one.identity, device=one.identity.device + 1))
    assert explain_boundary(one, one, [])[0] is Between.UNKNOWN
    assert explain_boundary(one, two, [])[0] is Between.FILESYSTEM
