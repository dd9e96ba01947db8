"""What only btrfs has: compression, files without copy-on-write, subvolumes."""

import os
from pathlib import Path

from support.mounting import mounted, run

from .case import Paths, Site, case, noise, text, write_at
from .clone import NO_COW, clone, clone_range, compressed, set_flag, sync

BLOCK = 4096
DATA = noise(10 * BLOCK)
TEXT = text(512 * 1024)  # four compressed extents of 128 kB, each one block on disk


@case(btrfs="reflink")
def clone_of_a_compressed_file(site: Site) -> Paths:
    a = compressed(site.folder / "a", TEXT)
    return a, clone(a, site.folder / "b")


@case(btrfs="reflink")
def clone_of_a_small_compressed_file(site: Site) -> Paths:
    a = compressed(site.folder / "a", TEXT[:30_000])
    return a, clone(a, site.folder / "b")


@case(ext4="copy", btrfs="copy")
def copy_of_a_compressed_file(site: Site) -> Paths:
    return compressed(site.folder / "a", TEXT), compressed(site.folder / "b", TEXT)


@case(ext4="copy", btrfs="copy")
def compressed_copy_of_a_plain_file(site: Site) -> Paths:
    a = site.file("a", TEXT)
    sync(a)
    return a, compressed(site.folder / "b", TEXT)


@case(btrfs="partial")
def compressed_clone_written_in_the_middle(site: Site) -> Paths:
    a = compressed(site.folder / "a", TEXT)
    b = clone(a, site.folder / "b")
    write_at(b, 20 * BLOCK, noise(BLOCK))
    return a, b


@case(btrfs="partial")
def another_part_of_a_compressed_extent(site: Site) -> Paths:
    """FIEMAP shows both at logical 0 and one physical address, though no byte is common."""
    a = compressed(site.folder / "a", TEXT[: 32 * BLOCK])
    b = clone_range(a, site.folder / "b", 16 * BLOCK, 16 * BLOCK, 0)
    os.truncate(a, 16 * BLOCK)
    return a, b


@case(btrfs="partial")
def part_of_a_compressed_extent_at_its_offset(site: Site) -> Paths:
    a = compressed(site.folder / "a", TEXT[: 32 * BLOCK])
    return a, clone_range(a, site.folder / "b", 8 * BLOCK, 8 * BLOCK, 8 * BLOCK)


@case(ext4="different", btrfs="different")
def compressed_neighbours_on_disk(site: Site) -> Paths:
    """Lengths in bytes of the file make neighbours look as if they overlapped."""
    a = compressed(site.folder / "a", TEXT[: 32 * BLOCK])
    return a, compressed(site.folder / "b", TEXT[32 * BLOCK : 64 * BLOCK])


@case(btrfs="different")
def compressed_neighbours_at_shifted_offsets(site: Site) -> Paths:
    """The difference of physical and logical address is the same, the blocks are not."""
    a = compressed(site.folder / "a", TEXT)
    b = clone_range(a, site.folder / "b", 33 * BLOCK, 8 * BLOCK, BLOCK)
    run("fallocate", "--punch-hole", "--offset", str(32 * BLOCK), "--length", str(96 * BLOCK), a)
    return a, b


@case(ext4="copy", btrfs="unknown")
def copy_of_a_compressed_inline_file(site: Site) -> Paths:
    return compressed(site.folder / "a", TEXT[:1500]), compressed(site.folder / "b", TEXT[:1500])


@case("different")
def inline_file_and_its_start_in_blocks(site: Site) -> Paths:
    return site.file("a", DATA[:1500]), site.file("b", DATA)


def _nodatacow(path: Path) -> Path:
    set_flag(path, NO_COW).write_bytes(DATA)
    return path


@case(btrfs="copy")
def copy_of_a_nodatacow_file(site: Site) -> Paths:
    return _nodatacow(site.folder / "a"), _nodatacow(site.folder / "b")


@case(btrfs="reflink")
def clone_of_a_nodatacow_file(site: Site) -> Paths:
    a, b = _nodatacow(site.folder / "a"), set_flag(site.folder / "b", NO_COW)
    return a, clone(a, b)


@case()
def nodatacow_target_of_a_datacow_source(site: Site) -> Paths:
    a, b = site.file("a", DATA), set_flag(site.folder / "b", NO_COW)
    return a, clone(a, b)


def _subvolume(path: Path) -> Path:
    run("btrfs", "subvolume", "create", path)
    return path


def _snapshot(site: Site, data: bytes) -> Paths:
    one, two = _subvolume(site.folder / "one"), site.folder / "two"
    a = one / "a"
    a.write_bytes(data)
    sync(a)
    run("btrfs", "subvolume", "snapshot", one, two)
    assert a.stat().st_ino == (two / "a").stat().st_ino
    return a, two / "a"


@case(btrfs="reflink", overlay="-")
def file_in_a_snapshot(site: Site) -> Paths:
    return _snapshot(site, DATA)


@case(btrfs="unknown", overlay="-")
def inline_file_in_a_snapshot(site: Site) -> Paths:
    return _snapshot(site, DATA[:1000])


@case(btrfs="partial", overlay="-")
def file_in_a_snapshot_written_since(site: Site) -> Paths:
    a, b = _snapshot(site, DATA)
    write_at(b, 0, b"x")
    return a, b


@case(btrfs="reflink", overlay="-")
def clone_across_subvolumes(site: Site) -> Paths:
    one, two = _subvolume(site.folder / "one"), _subvolume(site.folder / "two")
    (one / "a").write_bytes(DATA)
    return one / "a", clone(one / "a", two / "a")


@case(btrfs="different", overlay="-")
def same_inode_number_in_two_subvolumes(site: Site) -> Paths:
    one, two = _subvolume(site.folder / "one"), _subvolume(site.folder / "two")
    (one / "a").write_bytes(DATA)
    (two / "a").write_bytes(DATA[::-1])
    assert (one / "a").stat().st_ino == (two / "a").stat().st_ino
    return one / "a", two / "a"


@case(btrfs="reflink", overlay="-", root=True)
def clone_through_a_mount_of_the_subvolume(site: Site) -> Paths:
    one, point = _subvolume(site.folder / "one"), site.folder / "point"
    point.mkdir()
    (one / "b").write_bytes(DATA)
    a = clone(one / "b", site.folder / "a")
    assert site.place.device is not None
    inside = one.relative_to(site.place.root)
    site.stack.enter_context(mounted(site.place.device, point, "-o", f"subvol={inside}"))
    return a, point / "b"
