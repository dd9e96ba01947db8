"""Images, each verified by programs that share no code with ours."""

from pathlib import Path

import pytest
from support.mounting import needs_root, run

from pytest_linkcheck.errors import LinkcheckError, UnavailableError
from pytest_linkcheck.filesystems import Filesystems, Kind, images, loop

pytestmark = needs_root

# What `stat -f` calls each; xfs and btrfs prove reflinks by doing them, in test_capabilities.
STAT_NAMES = {
    "ext4": "ext2/ext3",
    "ext2": "ext2/ext3",
    "xfs": "xfs",
    "xfs-noreflink": "xfs",
    "btrfs": "btrfs",
}


@pytest.mark.parametrize("name", STAT_NAMES)
def test_an_image_is_what_it_says(places: Filesystems, name: str) -> None:
    made = places.get(name)
    assert run("stat", "-f", "-c", "%T", made.path).strip() == STAT_NAMES[name]
    kind, source = run("findmnt", "-n", "-o", "FSTYPE,SOURCE", made.path).split()
    assert kind == made.type == name.removesuffix("-noreflink")
    backing = run("losetup", "-n", "-O", "AUTOCLEAR,BACK-FILE", source).split()
    assert backing[0] == "1"
    assert Path(backing[1]).parent == made.path.parent
    assert made.size > 3 << 30
    assert str(made).startswith(f"{name}: {made.type} ")


def test_an_image_has_no_name_and_takes_little_room(own_places: Filesystems) -> None:
    made = own_places.get("ext4")
    assert not list(made.path.parent.glob("image-*"))
    told = run("losetup", "-n", "-O", "NAME", made.mount.source).split()
    assert told == [made.mount.source]


def test_an_image_is_sparse(tmp_path: Path) -> None:
    seen = []

    def look(device: Path) -> None:
        seen.append((device, (tmp_path / "image").stat()))

    for kind in (Kind.EXT4, Kind.BTRFS, Kind.XFS):
        images.make_image(kind, tmp_path / "image", look)
    assert all(told.st_size == images.SIZE for _, told in seen)
    assert all(told.st_blocks * 512 < 100_000_000 for _, told in seen)
    assert not (tmp_path / "image").exists()


def test_a_place_is_made_once_and_each_test_gets_a_folder(places: Filesystems) -> None:
    made = places.get("ext4")
    assert places.get("ext4") is made
    one, two = made.folder("test x/y"), made.folder("test x/y")
    assert one != two
    assert one.parent == two.parent == made.path
    assert one.name.startswith("test-x-y-")


def test_a_fresh_one_is_another_filesystem(own_places: Filesystems) -> None:
    shared, fresh = own_places.get("ext4"), own_places.get("ext4", fresh=True, size=64 << 20)
    assert shared.mount.device != fresh.mount.device
    assert fresh.size < 64 << 20
    assert own_places.get("ext4") is shared


def test_what_others_use_too_has_no_size_to_choose(own_places: Filesystems) -> None:
    with pytest.raises(LinkcheckError, match=r"get one of your own by fresh=True, size=1000000$"):
        own_places.get("ext4", size=1_000_000)


def test_a_fresh_one_over_another_is_of_that_size(own_places: Filesystems) -> None:
    assert own_places.get("overlay(ext4)", fresh=True, size=64 << 20).size < 64 << 20


def test_closing_leaves_nothing(tmp_path: Path) -> None:
    made = Filesystems(tmp_path)
    source = made.get("ext4").mount.source
    folder = made.get("ext4").path.parent
    made.close()
    assert not folder.exists()
    assert str(folder) not in Path("/proc/self/mountinfo").read_text()
    assert str(folder) not in run("losetup", "-n", "-O", "BACK-FILE", "-a")
    assert source.startswith("/dev/loop")


def test_what_was_closed_is_not_used_any_more(tmp_path: Path) -> None:
    made = Filesystems(tmp_path)
    tmpfs = made.get("tmpfs")
    made.close()
    with pytest.raises(LinkcheckError, match="is gone"):
        tmpfs.folder()
    tmpfs.path.mkdir(parents=True)
    with pytest.raises(LinkcheckError, match=r"is not seen at .*: it was unmounted"):
        tmpfs.capabilities()


def _problem(places: Filesystems, name: str) -> str:
    with pytest.raises(UnavailableError) as caught:
        places.get(name)
    assert "\n" not in str(caught.value)
    assert not list(places.get("default").path.parent.glob("image-*"))
    return str(caught.value)


@pytest.fixture
def without_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "_SBIN", ())
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.usefixtures("without_programs")
@pytest.mark.parametrize(("name", "package"), [("btrfs", "btrfs-progs"), ("xfs", "xfsprogs")])
def test_a_missing_mkfs_names_the_package(own_places: Filesystems, name: str, package: str) -> None:
    told = _problem(own_places, name)
    assert told.startswith(f"{name} needs mkfs.{name}, which is not installed: install {package}")
    assert all(system in told for system in ("Debian", "Fedora", "Homebrew"))


def test_a_kernel_without_the_filesystem(
    own_places: Filesystems, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = images.Recipe("nosuchfs", images.RECIPES[Kind.EXT4].command, "")
    monkeypatch.setitem(images.RECIPES, Kind.EXT4, recipe)
    assert _problem(own_places, "ext4").startswith("this kernel has no nosuchfs: load it")


def test_a_missing_loop_control(
    own_places: Filesystems, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "_CONTROL", tmp_path / "loop-control")
    told = _problem(own_places, "ext4")
    assert told.startswith("no loop device for an image: ")
    assert "loop-control is missing: load the module loop" in told


def test_a_loop_device_that_takes_no_image(
    own_places: Filesystems, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "_find_free", lambda: Path("/dev/null"))
    assert "/dev/null takes no image: " in _problem(own_places, "ext4")


def test_a_disk_without_room(places: Filesystems) -> None:
    small = Filesystems(places.get("full").folder())
    told = _problem(small, "ext4")
    small.close()
    assert told.startswith("no image for ext4 fits into ")
    assert told.endswith("are needed; choose another --basetemp")


def test_a_disk_that_fills_up_while_mkfs_writes(
    places: Filesystems, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "_ROOM", 0)
    small = Filesystems(places.get("full(500_000)").folder())
    told = _problem(small, "xfs")
    small.close()
    assert "mkfs.xfs made no xfs in " in told


def test_an_image_that_cannot_be_written(places: Filesystems) -> None:
    image = places.get("readonly").folder() / "image"
    with pytest.raises(UnavailableError, match="Read-only file system; choose another --basetemp"):
        images.make_image(Kind.EXT4, image, lambda _device: None)


def test_an_mkfs_that_fails_is_quoted(
    own_places: Filesystems, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = images.Recipe("ext4", ("mkfs.ext4", "-q", "-O", "nonsense"), "")
    monkeypatch.setitem(images.RECIPES, Kind.EXT4, recipe)
    assert _problem(own_places, "ext4").endswith("Invalid filesystem option set: nonsense")
