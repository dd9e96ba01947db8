"""Reflinks: whole, broken by writes, of ranges, of each other."""

import os

from support.mounting import bound, run

from .case import Paths, Site, case, noise, write_at
from .clone import clone, clone_range, dedupe, sync

BLOCK = 4096
DATA = noise(16 * BLOCK)


def _pair(site: Site) -> Paths:
    a = site.file("a", DATA)
    return a, clone(a, site.folder / "b")


@case(shares="reflink")
def clone_of_a_file_just_written(site: Site) -> Paths:
    return _pair(site)


@case(shares="reflink")
def clone_of_a_file_written_out(site: Site) -> Paths:
    sync(site.file("a", DATA))
    return _pair(site)


@case(shares="reflink")
def clone_with_an_unaligned_end(site: Site) -> Paths:
    a = site.file("a", DATA[:-1000])
    return a, clone(a, site.folder / "b")


@case(shares="reflink")
def clone_of_a_clone(site: Site) -> Paths:
    a, b = _pair(site)
    return a, clone(b, site.folder / "c")


@case(shares="reflink")
def two_clones_of_a_removed_file(site: Site) -> Paths:
    a, b = _pair(site)
    c = clone(a, site.folder / "c")
    a.unlink()
    return b, c


@case(shares="reflink")
def clone_with_other_mode_and_times(site: Site) -> Paths:
    a, b = _pair(site)
    b.chmod(0o755)
    os.utime(b, (1, 1))
    return a, b.rename(site.folder / "renamed")


@case(shares="reflink")
def clone_in_pieces(site: Site) -> Paths:
    a, b = site.file("a", DATA), site.folder / "b"
    for start in (8 * BLOCK, 0, 4 * BLOCK):
        length = 4 * BLOCK if start < 8 * BLOCK else 8 * BLOCK
        clone_range(a, b, start, length, start)
    return a, b


@case(shares="partial")
def clone_written_at_the_start(site: Site) -> Paths:
    a, b = _pair(site)
    write_at(b, 0, b"x" * BLOCK)
    return a, b


@case(shares="partial")
def clone_written_in_the_middle(site: Site) -> Paths:
    a, b = _pair(site)
    write_at(b, 7 * BLOCK + 10, b"x")
    return a, b


@case(shares="partial")
def clone_written_at_the_end(site: Site) -> Paths:
    a, b = _pair(site)
    write_at(b, len(DATA) - 1, b"x")
    return a, b


@case(shares="partial")
def original_written_after_cloning(site: Site) -> Paths:
    a, b = _pair(site)
    write_at(a, 3 * BLOCK, b"x" * 3 * BLOCK)
    return a, b


@case(shares="partial")
def clone_rewritten_in_part_with_the_same_bytes(site: Site) -> Paths:
    a, b = _pair(site)
    write_at(b, 4 * BLOCK, DATA[4 * BLOCK : 8 * BLOCK])
    return a, b


@case(shares="copy")
def clone_rewritten_whole_with_the_same_bytes(site: Site) -> Paths:
    a, b = _pair(site)
    write_at(b, 0, DATA)
    return a, b


@case(shares="different")
def clone_rewritten_whole_with_other_bytes(site: Site) -> Paths:
    a, b = _pair(site)
    write_at(b, 0, DATA[::-1])
    return a, b


@case(shares="partial")
def clone_appended_to(site: Site) -> Paths:
    a, b = _pair(site)
    with b.open("ab") as file:
        file.write(b"more")
    return a, b


@case(shares="partial")
def clone_truncated(site: Site) -> Paths:
    a, b = _pair(site)
    os.truncate(b, 5 * BLOCK)
    return a, b


@case(shares="reflink")
def clone_made_longer_by_a_hole(site: Site) -> Paths:
    a, b = _pair(site)
    os.truncate(b, 40 * BLOCK)
    return a, b


@case(shares="partial")
def clone_with_a_hole_punched(site: Site) -> Paths:
    a, b = _pair(site)
    run("fallocate", "--punch-hole", "--offset", str(2 * BLOCK), "--length", str(BLOCK), b)
    return a, b


@case(shares="partial")
def range_cloned_to_another_offset(site: Site) -> Paths:
    a = site.file("a", DATA)
    return a, clone_range(a, site.folder / "b", 4 * BLOCK, 4 * BLOCK, 0)


@case(shares="partial")
def halves_swapped(site: Site) -> Paths:
    a, b = site.file("a", DATA), site.folder / "b"
    clone_range(a, b, 0, 8 * BLOCK, 8 * BLOCK)
    clone_range(a, b, 8 * BLOCK, 8 * BLOCK, 0)
    return a, b


@case(shares="partial")
def one_block_twice_in_the_other(site: Site) -> Paths:
    a, b = site.file("a", DATA[:BLOCK]), site.folder / "b"
    clone_range(a, b, 0, BLOCK, 0)
    clone_range(a, b, 0, BLOCK, BLOCK)
    return a, b


@case(shares="copy")
def both_share_with_a_third_but_not_each_other(site: Site) -> Paths:
    a, b = site.file("a", DATA), site.file("b", DATA)
    clone(a, site.folder / "c")
    clone(b, site.folder / "d")
    return a, b


@case(shares="reflink")
def deduplicated_whole(site: Site) -> Paths:
    a, b = site.file("a", DATA), site.file("b", DATA)
    dedupe(a, b, len(DATA))
    return a, b


@case(shares="partial")
def deduplicated_in_part(site: Site) -> Paths:
    a, b = site.file("a", DATA), site.file("b", DATA)
    dedupe(a, b, 4 * BLOCK)
    return a, b


@case(shares="partial")
def deduplicated_at_another_offset(site: Site) -> Paths:
    a, b = site.file("a", DATA), site.file("b", DATA[4 * BLOCK : 8 * BLOCK])
    dedupe(a, b, 4 * BLOCK, start=4 * BLOCK)
    return a, b


@case(shares="reflink")
def symlink_to_a_clone(site: Site) -> Paths:
    a, b = _pair(site)
    link = site.folder / "link"
    link.symlink_to(b.name)
    return a, link


@case(shares="reflink", root=True)
def clone_through_a_bind_mount(site: Site) -> Paths:
    a, point = site.file("one/a", DATA), site.folder / "point"
    point.mkdir()
    site.stack.enter_context(bound(site.folder / "one", point))
    run("cp", "--reflink=always", a, site.folder / "one" / "b")
    return a, point / "b"
