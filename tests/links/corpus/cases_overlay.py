"""Overlay: layers made for the case, on each kind of filesystem."""

from pathlib import Path

from support.mounting import mounted, run
from support.places import overlaid

from .case import Paths, Site, case, noise, write_at
from .clone import clone, sync

DATA = noise(20_000)


def _lower(site: Site, *names: str, data: bytes = DATA) -> list[Path]:
    folder = site.folder / "lower"
    folder.mkdir(exist_ok=True)
    paths = [folder / name for name in names]
    for path in paths:
        path.write_bytes(data)
        sync(path)
    return paths


def _mount(site: Site, *options: str, upper: Path | None = None) -> Path:
    upper = upper or site.folder
    return site.stack.enter_context(
        overlaid(
            site.folder / "merged",
            [site.folder / "lower"],
            upper / "upper",
            upper / "work",
            *options,
        )
    )


@case("hardlink", root=True, overlay="-")
def overlay_hard_links_in_the_lower_layer(site: Site) -> Paths:
    (a,) = _lower(site, "a")
    (a.parent / "b").hardlink_to(a)
    merged = _mount(site)
    return merged / "a", merged / "b"


@case("copy", xfs="partial", btrfs="reflink", root=True, overlay="-")
def overlay_hard_links_after_copy_up_of_one(site: Site) -> Paths:
    (a,) = _lower(site, "a")
    (a.parent / "b").hardlink_to(a)
    merged = _mount(site)
    (merged / "b").chmod(0o600)  # copied up by a reflink where the filesystem has them
    return merged / "a", merged / "b"


@case("hardlink", root=True, overlay="-")
def overlay_hard_link_made_in_the_upper_layer(site: Site) -> Paths:
    _lower(site, "a")
    merged = _mount(site)
    (merged / "b").hardlink_to(merged / "a")
    return merged / "a", merged / "b"


@case("copy", root=True, overlay="-")
def overlay_copy_of_a_lower_file(site: Site) -> Paths:
    _lower(site, "a")
    merged = _mount(site)
    (merged / "b").write_bytes(DATA)
    return merged / "a", merged / "b"


@case(shares="reflink", root=True, overlay="-")
def overlay_clone_of_a_lower_file(site: Site) -> Paths:
    _lower(site, "a")
    merged = _mount(site)
    return merged / "a", clone(merged / "a", merged / "b")


@case(shares="partial", root=True, overlay="-")
def overlay_clone_written_after_copy_up(site: Site) -> Paths:
    a, b = _lower(site, "a", "b")
    clone(a, b)
    merged = _mount(site)
    write_at(merged / "b", 0, b"x" * 4096)
    return merged / "a", merged / "b"


@case("unknown", root=True, overlay="-", oracle="layer")
def overlay_file_and_the_same_file_in_its_layer(site: Site) -> Paths:
    (a,) = _lower(site, "a")
    return a, _mount(site) / "a"


@case("copy", root=True, overlay="-")
def overlay_file_and_a_copy_in_its_layer(site: Site) -> Paths:
    a, _b = _lower(site, "a", "b")
    return a, _mount(site) / "b"


@case("copy", root=True, overlay="-")
def overlay_layers_on_two_filesystems(site: Site) -> Paths:
    """Made alike, so that inode numbers and addresses of the two collide."""
    _lower(site, "a")
    merged = _mount(site, upper=site.other)
    (merged / "b").write_bytes(DATA)
    sync(merged / "b")
    return merged / "a", merged / "b"


@case("copy", root=True, overlay="-")
def overlay_file_copied_up_to_another_filesystem(site: Site) -> Paths:
    """It keeps device and inode of the lower file; its data lie elsewhere."""
    _lower(site, "a", "b")
    merged = _mount(site, upper=site.other)
    before = (merged / "b").stat()
    (merged / "b").chmod(0o600)
    after = (merged / "b").stat()
    assert (before.st_dev, before.st_ino) == (after.st_dev, after.st_ino)
    return merged / "a", merged / "b"


@case("copy", root=True, overlay="-")
def overlay_with_xino_over_two_filesystems(site: Site) -> Paths:
    _lower(site, "a")
    merged = _mount(site, "xino=on", upper=site.other)
    (merged / "b").write_bytes(DATA)
    sync(merged / "b")
    return merged / "a", merged / "b"


@case("copy", tmpfs="unknown", root=True, overlay="-", oracle="copy")
def overlay_with_metacopy(site: Site) -> Paths:
    """The name is in the upper layer, the data are in the lower."""
    _lower(site, "a", "b")
    merged = _mount(site, "metacopy=on")
    (merged / "b").chmod(0o600)
    return merged / "a", merged / "b"


@case("copy", tmpfs="unknown", root=True, overlay="-", oracle="copy")
def overlay_with_layers_out_of_sight(site: Site) -> Paths:
    _lower(site, "a", "b")
    hidden = _hide(site)
    return hidden / "a", hidden / "b"


@case(shares="unknown", root=True, overlay="-", oracle="reflink")
def overlay_clone_with_layers_out_of_sight(site: Site) -> Paths:
    a, b = _lower(site, "a", "b")
    clone(a, b)
    hidden = _hide(site)
    return hidden / "a", hidden / "b"


def _hide(site: Site) -> Path:
    """Mount an overlay of the layers, then hide them, as a container does."""
    merged = _mount(site)
    point = site.other / "point"
    point.mkdir()
    site.stack.enter_context(mounted(merged, point, "--bind"))
    site.stack.enter_context(mounted("none", site.folder, "-t", "tmpfs"))
    return point


@case(btrfs="reflink", root=True, overlay="-")
def overlay_of_a_subvolume_and_its_snapshot(site: Site) -> Paths:
    """Two files of one device, one inode, one size, all times equal: yet two."""
    one, two = site.folder / "lower", site.folder / "two"
    run("btrfs", "subvolume", "create", one)
    (one / "a").write_bytes(DATA)
    sync(one / "a")
    run("btrfs", "subvolume", "snapshot", one, two)
    (two / "a").rename(two / "b")
    merged = site.stack.enter_context(
        overlaid(site.folder / "merged", [one, two], site.folder / "upper", site.folder / "work")
    )
    a, b = (merged / "a").stat(), (merged / "b").stat()
    assert (a.st_dev, a.st_ino) == (b.st_dev, b.st_ino)
    return merged / "a", merged / "b"
