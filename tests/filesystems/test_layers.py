import os
from pathlib import Path

import pytest
from support.mounting import needs_root, run
from support.oracle import same_file

from pytest_linkcheck.errors import LinkcheckError, UnavailableError
from pytest_linkcheck.filesystems import Filesystems
from pytest_linkcheck.links import Between, Linkable, probe_boundary

pytestmark = needs_root


@pytest.mark.parametrize("name", ["tmpfs", "overlay", "overlay(btrfs)", "overlay(tmpfs)"])
def test_a_mount_is_what_it_says(places: Filesystems, name: str) -> None:
    made = places.get(name)
    kind = name.partition("(")[0]
    assert run("stat", "-f", "-c", "%T", made.path).strip() in {kind, f"{kind}fs"}
    assert run("findmnt", "-n", "-o", "FSTYPE", made.path).strip() == made.type == kind


@pytest.mark.parametrize("over", ["default", "ext4", "btrfs"])
def test_a_bind_mount_shows_its_place_a_second_time(places: Filesystems, over: str) -> None:
    made, base = places.get(f"bind({over})"), places.get(over)
    folder = made.folder()
    (folder / "file").touch()
    assert same_file(folder / "file", made.behind(folder / "file"))
    assert made.behind(folder).is_relative_to(base.path)
    boundary = probe_boundary(base.folder(), folder)
    assert (boundary.linkable, boundary.between) == (Linkable.NO, Between.MOUNT)


def test_a_subvolume_lies_on_the_same_btrfs(places: Filesystems) -> None:
    made, base = places.get("btrfs-subvolume"), places.get("btrfs")
    assert made.mount.device == base.mount.device
    boundary = probe_boundary(base.folder(), made.folder())
    assert (boundary.linkable, boundary.between) == (Linkable.NO, Between.SUBVOLUME)


def test_a_subvolume_needs_btrfs(tmp_path: Path, places: Filesystems) -> None:
    own = Filesystems(tmp_path, {"btrfs": places.get("tmpfs").folder()})
    with pytest.raises(LinkcheckError, match=r"lies on tmpfs .*: give it another name"):
        own.get("btrfs-subvolume")
    own.close()


@pytest.mark.parametrize(("name", "things"), [("nolink", "hard links"), ("readonly", "files")])
def test_a_folder_that_can_do_more_than_its_name_says_is_refused(
    own_places: Filesystems, tmp_path: Path, name: str, things: str
) -> None:
    with pytest.raises(LinkcheckError, match=f"{things} can be made there: give it another name"):
        own_places.get(f"{name}={tmp_path}")


def test_an_xfs_with_reflinks_is_not_called_one_without(
    places: Filesystems, own_places: Filesystems
) -> None:
    folder, bare = (places.get(name).folder() for name in ("xfs", "xfs-noreflink"))
    with pytest.raises(LinkcheckError, match="reflinks can be made there"):
        own_places.get(f"xfs-noreflink={folder}")
    assert own_places.get(f"xfs-noreflink={bare}").type == "xfs"


def test_a_read_only_place_is_written_from_behind(places: Filesystems) -> None:
    made = places.get("readonly(ext4)")
    folder = made.folder()
    with pytest.raises(OSError, match="Read-only file system"):
        (folder / "file").touch()
    (made.behind(folder) / "file").write_text("x")
    assert (folder / "file").read_text() == "x"
    assert "ro" in made.options


def test_an_overlay_keeps_what_is_written_in_its_upper_layer(places: Filesystems) -> None:
    made = places.get("overlay(ext4)")
    folder = made.folder()
    (folder / "file").write_text("x")
    assert made.behind(folder / "file").read_text() == "x"
    assert made.behind(folder).is_relative_to(places.get("ext4").path)


def test_nothing_lies_behind_a_filesystem(places: Filesystems) -> None:
    made = places.get("tmpfs")
    with pytest.raises(LinkcheckError, match="is not seen through a mount of tmpfs"):
        made.behind(made.folder())


@pytest.mark.parametrize(
    ("name", "left"),
    [("full", 1_000_000), ("full(5000000)", 5_000_000), ("full(ext4)", 1_000_000),
     ("full(xfs,3000000)", 3_000_000)],
)  # fmt: skip
def test_a_full_place_has_so_many_bytes_left(own_places: Filesystems, name: str, left: int) -> None:
    made = own_places.get(name)
    folder = made.folder()
    told = os.statvfs(folder)
    assert left - 70_000 < told.f_bavail * told.f_frsize < left + 5_000
    with pytest.raises(OSError, match="No space left"):
        (folder / "file").write_bytes(b"x" * (left + 1_000_000))
    (folder / "file").unlink()
    assert left - 70_000 < (made.folder(), made.free)[1] < left + 5_000


def test_a_path_with_the_separators_of_overlay(tmp_path: Path) -> None:
    made = Filesystems(tmp_path / "a,b:c\\d e")
    folder = made.get("overlay").folder()
    (folder / "file").touch()
    made.close()
    assert not list((tmp_path / "a,b:c\\d e").iterdir())


def test_a_folder_of_the_users(tmp_path: Path, places: Filesystems) -> None:
    home = places.get("ext4").folder()
    (home / "theirs").touch()
    own = Filesystems(tmp_path, {"disk": home})
    made = own.get("disk")
    assert made.mount.device == places.get("ext4").mount.device
    assert own.get("bind(disk)").folder().is_dir()
    made.folder()
    own.close()
    assert [path.name for path in home.iterdir()] == ["theirs"]


@pytest.mark.parametrize("path", ["/nonexistent", "/proc", "/etc/hostname"])
def test_a_folder_that_is_none(tmp_path: Path, path: str) -> None:
    own = Filesystems(tmp_path, {"disk": Path(path)})
    with pytest.raises(LinkcheckError, match=rf"^disk={path}: ") as caught:
        own.get("disk")
    assert not isinstance(caught.value, UnavailableError)
    own.close()
