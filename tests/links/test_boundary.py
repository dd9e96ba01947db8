import errno
import fcntl
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from support.mounting import bound, mounted, needs_root, run
from support.oracle import device_of, names_of
from support.places import KINDS, Place
from support.users import nobody

from pytest_linkcheck.links.boundary import Between, explain_boundary, probe_boundary
from pytest_linkcheck.links.facts import Identity, read_facts
from pytest_linkcheck.links.mounts import parse_mountinfo, read_mounts
from pytest_linkcheck.links.probes import Linkable
from pytest_linkcheck.links.show import show_device


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
    assert str(boundary).startswith("hard links yes, reflinks ")
    assert boundary.reason.startswith("one mount, ")
    assert names_of(one) == names_of(two) == set()
    assert probe_boundary(one, one).linkable is Linkable.YES


def test_two_devices_cannot_be_linked(tmp_path: Path, other_device: Path) -> None:
    boundary = probe_boundary(tmp_path, other_device)
    assert device_of(tmp_path) != device_of(other_device)
    assert boundary.linkable is Linkable.NO
    assert boundary.between is Between.FILESYSTEM
    assert boundary.reason.startswith("link() across them gives EXDEV; two filesystems, ")
    assert names_of(other_device) == set()
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


def test_a_folder_without_rights_leaves_the_answer_open(public_folder: Path) -> None:
    one, two = _folders(public_folder)
    one.chmod(0o777)
    two.chmod(0o555)
    with nobody():
        boundary = probe_boundary(one, two)
        back = probe_boundary(two, one)
    for found in (boundary, back):
        assert found.linkable is found.reflinkable is Linkable.UNKNOWN
    assert f"no link can be made in {two}: Permission denied" in boundary.reason
    assert f"no file can be made in {two}: Permission denied" in boundary.reason
    assert back.reason.startswith(f"no file can be made in {two}: Permission denied; one mount")
    assert back.reason.count("no file") == 1
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
    two = replace(one, identity=Identity(one.identity.device + 1, one.identity.inode))
    mounts = [replace(mount, type="btrfs") for mount in read_mounts()]
    between, reason = explain_boundary(one, two, mounts)
    assert between is Between.SUBVOLUME
    assert reason.startswith("same filesystem, two subvolumes (devices ")
    mounts = [replace(mount, type="elsefs") for mount in read_mounts()]
    assert explain_boundary(one, two, mounts)[0] is Between.UNKNOWN


def test_without_mounts_only_devices_speak(tmp_path: Path) -> None:
    one = read_facts(tmp_path)
    two = replace(one, identity=Identity(one.identity.device + 1, one.identity.inode))
    assert explain_boundary(one, one, [])[0] is Between.UNKNOWN
    assert explain_boundary(one, two, [])[0] is Between.FILESYSTEM


@pytest.mark.parametrize("kind", KINDS)
def test_reflinks_are_tried_on_each_filesystem(kind: str, places: dict[str, Place]) -> None:
    place = places[kind]
    one, two = place.root / "probe-one", place.root / "probe-two"
    one.mkdir()
    two.mkdir()
    boundary = probe_boundary(one, two)
    assert boundary.linkable is Linkable.YES
    if place.base in {"xfs", "btrfs"}:
        assert boundary.reflinkable is Linkable.YES
        assert boundary.reason.endswith("; reflinks work")
    else:
        assert boundary.reflinkable is Linkable.NO
        assert "the filesystem has no reflinks" in boundary.reason
    across = probe_boundary(one, place.other)
    assert across.linkable is across.reflinkable is Linkable.NO
    assert across.between is Between.FILESYSTEM
    assert names_of(one) == names_of(two) == set()
    assert not [name for name in names_of(place.other) if "probe" in name]


@pytest.mark.parametrize("kind", ["xfs", "btrfs"])
def test_reflinks_work_across_a_bind_mount(kind: str, places: dict[str, Place]) -> None:
    root = places[kind].root
    one, point = root / "bind-one", root / "bind-point"
    (one / "deep").mkdir(parents=True)
    point.mkdir()
    with bound(one, point):
        boundary = probe_boundary(one, point)
    number = show_device(device_of(one))
    assert boundary.reason == (
        f"link() across them gives EXDEV; same filesystem, two mounts ({point} is a bind mount "
        f"of /bind-one): link() fails across them though both are device {number}; reflinks work"
    )
    assert boundary.linkable is Linkable.NO
    assert boundary.reflinkable is Linkable.YES


def test_subvolumes_take_reflinks_and_no_links(places: dict[str, Place]) -> None:
    place = places["btrfs"]
    one, two, point = (place.root / f"sub-{name}" for name in ("one", "two", "point"))
    for path in (one, two):
        run("btrfs", "subvolume", "create", path)
    point.mkdir()
    boundary = probe_boundary(one, two)
    assert device_of(one) != device_of(two)
    assert (boundary.linkable, boundary.reflinkable) == (Linkable.NO, Linkable.YES)
    assert boundary.between is Between.SUBVOLUME
    assert place.device is not None
    with mounted(place.device, point, "-o", "subvol=sub-one"):
        again = probe_boundary(one, point)
    assert (again.linkable, again.reflinkable) == (Linkable.NO, Linkable.YES)
    assert again.between is Between.MOUNT
    assert f"{point} is a mount of subvolume /sub-one" in again.reason


def test_one_filesystem_mounted_twice(places: dict[str, Place]) -> None:
    place = places["xfs"]
    point = place.root / "twice"
    point.mkdir()
    with mounted(place.root, point, "-o", "bind,ro"):
        between, reason = explain_boundary(read_facts(place.root), read_facts(point), read_mounts())
    assert between is Between.MOUNT
    assert f"(mounted at {place.root} and at {point})" in reason
    assert reason.endswith(f", {point} is read-only")


def test_an_overlay_and_its_layer_are_two_filesystems(places: dict[str, Place]) -> None:
    over, under = places["overlay/xfs"], places["xfs"]
    boundary = probe_boundary(over.root, under.root)
    back = probe_boundary(under.root, over.root)
    for found in (boundary, back):
        assert found.linkable is found.reflinkable is Linkable.NO
        assert f"(layer {under.root}/upper of the overlay lies on {under.root})" in found.reason


def test_a_layer_that_cannot_be_seen_is_not_spoken_of() -> None:
    lines = (
        "1 0 8:1 / / rw - xfs /dev/a rw",
        "2 1 0:9 / /merged rw - overlay overlay rw,lowerdir=/no/such/layer",
    )
    mounts = parse_mountinfo("\n".join(lines))
    one, two = (replace(read_facts("/"), mount_id=mount.id) for mount in mounts)
    between, reason = explain_boundary(one, two, mounts)
    assert between is Between.FILESYSTEM
    assert reason == "two filesystems, xfs 8:1 at / and overlay 0:9 at /merged"


@pytest.mark.parametrize(
    ("number", "answer"),
    [
        (errno.EINVAL, Linkable.NO),
        (errno.ENOTTY, Linkable.NO),
        (errno.EXDEV, Linkable.NO),
        (errno.ENOSPC, Linkable.UNKNOWN),
    ],
)
def test_an_error_is_a_no_only_where_it_speaks_of_reflinks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, answer: Linkable
) -> None:
    def refuse(*_arguments: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "ioctl", refuse)
    assert probe_boundary(tmp_path, tmp_path).reflinkable is answer
    assert names_of(tmp_path) == set()


def test_a_clone_that_shares_nothing_is_no_reflink(
    places: dict[str, Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    ioctl = fcntl.ioctl

    def copy(target: int, request: int, source: object) -> int:
        if request != 0x40049409:
            return ioctl(target, request, source)  # type: ignore[call-overload, no-any-return]
        assert isinstance(source, int)
        os.write(target, os.pread(source, 1 << 20, 0))
        return 0

    monkeypatch.setattr(fcntl, "ioctl", copy)
    boundary = probe_boundary(places["xfs"].root, places["xfs"].root)
    assert boundary.reflinkable is Linkable.NO
    assert boundary.reason.endswith("; FICLONE made a copy that shares nothing")


def test_reflinks_are_not_tried_on_other_systems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    boundary = probe_boundary(tmp_path, tmp_path)
    assert boundary.linkable is Linkable.YES
    assert boundary.reflinkable is Linkable.UNKNOWN
    assert boundary.reason.endswith("not supported on this system")
