"""Names per inode, files per extents, and bytes by who holds them, on real filesystems."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from support.clones import (
    BLOCK,
    btrfs_du,
    clone,
    clone_range,
    du,
    filefrag_blocks,
    fill,
    write_block,
)
from support.mounting import bound, run
from support.places import Disk, disk, overlaid_on

from pytest_linkcheck.links.account import Account
from pytest_linkcheck.links.extents import Extent, ExtentFlag, ExtentMap
from pytest_linkcheck.links.facts import Facts, read_facts
from pytest_linkcheck.links.filesystem import Location
from pytest_linkcheck.links.scanning import Scan, open_folder, scan
from pytest_linkcheck.links.spans import Layout, read_layout
from pytest_linkcheck.links.topology import measure, shared_with

DISKS = ("ext4", "xfs", "btrfs")


def make_place(drive: Disk, request: pytest.FixtureRequest) -> Path:
    place = drive.path / re.sub(r"\W", "_", request.node.name)
    for name in ("a", "b", "out"):
        (place / name).mkdir(parents=True)
    return place


@pytest.fixture(scope="module", params=DISKS)
def drive(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Disk]:
    with disk(request.param, tmp_path_factory.mktemp("drive")) as made:
        yield made


@pytest.fixture(scope="module", params=["xfs", "btrfs"])
def cloning(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Disk]:
    with disk(request.param, tmp_path_factory.mktemp("drive")) as made:
        yield made


@pytest.fixture
def place(drive: Disk, request: pytest.FixtureRequest) -> Path:
    return make_place(drive, request)


@pytest.fixture
def clones(cloning: Disk, request: pytest.FixtureRequest) -> Path:
    return make_place(cloning, request)


def split(account: Account) -> tuple[int, int, int, int, int]:
    """The sums in blocks: own, others, outside, unknown, within."""
    sums = (account.own, account.others, account.outside, account.unknown, account.within)
    assert account.on_disk == account.own + account.shared + account.unknown
    own, others, outside, unknown, within = (number // BLOCK for number in sums)
    return own, others, outside, unknown, within


# Names


def test_names_here_and_elsewhere(place: Path) -> None:
    file = fill(place / "a" / "file", 2)
    for name in ("a/second", "b/third", "out/fourth"):
        (place / name).hardlink_to(file)
    alone = fill(place / "b" / "alone", 1)
    topology = measure(place / "a", place / "b")
    inode = topology.inode_of(place / "b" / "third")
    assert set(inode.names) == {file, place / "a" / "second", place / "b" / "third"}
    assert inode.elsewhere == 1
    assert str(inode) == "4 links, 3 found here, 1 elsewhere"
    assert topology.linked == (inode,)
    assert topology.inode_of(alone).elsewhere == 0
    assert repr(topology) == "<Topology of 2 files>"
    assert topology.find(read_facts(place / "out" / "fourth").identity) is inode
    assert topology.find(read_facts(place).identity) is None
    by_find = run("find", place / "a", place / "b", "-samefile", file).split()
    assert {str(name) for name in inode.names} == set(by_find)


def test_hard_links_in_bytes(place: Path) -> None:
    file = fill(place / "a" / "file", 2)
    (place / "a" / "again").hardlink_to(file)
    (place / "b" / "file").hardlink_to(file)
    fill(place / "a" / "own", 3)
    (place / "out" / "kept").hardlink_to(fill(place / "a" / "kept", 5))
    topology = measure(place / "a", place / "b")
    a = topology.account(place / "a")
    assert split(a) == (3, 2, 5, 0, 2)
    assert (a.files, a.names, a.apparent) == (3, 4, 12 * BLOCK)
    assert split(topology.account([place / "b"])) == (0, 2, 0, 0, 0)
    assert split(topology.total) == (5, 0, 5, 0, 2)
    assert topology.total.allocated == 10 * BLOCK
    assert split(topology.account(place / "a" / "file")) == (0, 2, 0, 0, 0)
    assert a.shared == 7 * BLOCK


@pytest.mark.parametrize("twice", ["same", "within", "symlink", "dots", "file"])
def test_overlapping_roots_count_once(place: Path, twice: str) -> None:
    (place / "a" / "in").mkdir()
    file = fill(place / "a" / "in" / "file", 2)
    (place / "b" / "file").hardlink_to(file)
    (place / "way").symlink_to("a")
    other = {
        "same": place / "a",
        "within": place / "a" / "in",
        "symlink": place / "way",
        "dots": place / "b" / ".." / "a",
        "file": file,
    }[twice]
    for roots in ((place / "a", other), (other, place / "a")):
        topology = measure(*roots)
        inode = topology.inode_of(file)
        assert (len(inode.names), inode.elsewhere) == (1, 1)
        assert split(topology.total) == (0, 0, 2, 0, 0)
        assert topology.total.names == 1
        assert split(topology.account(other)) == (0, 0, 2, 0, 0)


def test_bind_mount_under_a_root_counts_once(place: Path) -> None:
    fill(place / "a" / "file", 2)
    (place / "a" / "bound").mkdir()
    with bound(place / "a", place / "a" / "bound"):
        topology = measure(place / "a")
        (inode,) = topology.inodes
        assert (len(inode.names), inode.elsewhere) == (1, 0)
        assert split(topology.account(place / "a" / "bound" / "file")) == (2, 0, 0, 0, 0)
    (place / "a" / "bound").rmdir()


def test_file_is_not_taken_for_another_with_its_inode_number(place: Path, tmp_path: Path) -> None:
    with disk("ext4", tmp_path) as one:
        (tmp_path / "second").mkdir()
        with disk("ext4", tmp_path / "second") as two:
            first, second = fill(one.path / "file", 3), fill(two.path / "file", 3)
            assert first.stat().st_ino == second.stat().st_ino
            assert filefrag_blocks(first) & filefrag_blocks(second)
            topology = measure(one.path / "file", two.path / "file", place)
            assert len(topology.inodes) == 2
            assert split(topology.total) == (6, 0, 0, 0, 0)
            assert topology.extent_groups == ()


# Blocks


def test_clone_in_the_other_root(clones: Path) -> None:
    clone(fill(clones / "a" / "file", 4), clones / "b" / "file")
    topology = measure(clones / "a", clones / "b")
    assert split(topology.account(clones / "a")) == (0, 4, 0, 0, 0)
    # Nobody tells whether a third file, outside, holds these blocks too.
    assert split(topology.total) == (0, 0, 0, 4, 4)
    assert topology.total.notes == ("16.4 kB: shared here; whether outside too is not told",)
    (group,) = topology.extent_groups
    assert {file.names[0] for file in group.files} == {clones / "a/file", clones / "b/file"}
    assert (group.common, group.at_least) == (4 * BLOCK, False)


def test_clone_outside(clones: Path) -> None:
    clone(fill(clones / "a" / "file", 4), clones / "out" / "file")
    fill(clones / "a" / "own", 1)
    topology = measure(clones / "a", clones / "b")
    assert split(topology.total) == (1, 0, 4, 0, 0)
    assert topology.extent_groups == ()


def test_clone_written_in_the_middle(cloning: Disk, clones: Path) -> None:
    clone(fill(clones / "a" / "file", 4), clones / "b" / "file")
    write_block(clones / "b" / "file", 1)
    topology = measure(clones / "a", clones / "b")
    # btrfs keeps the block as part of an extent that b holds, and flags it; xfs frees it.
    lost = (1, 0) if cloning.kind == "xfs" else (0, 1)
    assert split(topology.account(clones / "a")) == (lost[0], 3, 0, lost[1], 0)
    assert split(topology.account(clones / "b")) == (1, 3, 0, 0, 0)
    assert topology.total.on_disk == 5 * BLOCK
    everything = filefrag_blocks(clones / "a/file") | filefrag_blocks(clones / "b/file")
    assert len(everything) == 5
    assert topology.extent_groups[0].common == 3 * BLOCK


def test_two_parts_of_one_extent_are_not_held_against_the_outside(clones: Path) -> None:
    file = fill(clones / "a" / "file", 4)
    clone(file, clones / "b" / "file")
    for index in (0, 1):
        write_block(file, index)
    for index in (2, 3):
        write_block(clones / "b" / "file", index)
    topology = measure(clones / "a", clones / "b")
    assert topology.total.outside == 0
    assert topology.extent_groups == ()
    assert topology.total.on_disk == 8 * BLOCK


def test_range_cloned_to_another_place(clones: Path) -> None:
    file = fill(clones / "a" / "file", 4)
    other = fill(clones / "b" / "file", 2)
    clone_range(file, other, BLOCK, 2 * BLOCK, 2 * BLOCK)
    write_block(file, 1)
    topology = measure(clones / "a", clones / "b")
    assert topology.total.outside == 0
    (group,) = topology.extent_groups
    assert group.common == BLOCK
    assert topology.account(clones / "a").others == BLOCK


def test_hard_link_and_clone_and_account_of_names(clones: Path) -> None:
    file = fill(clones / "a" / "file", 4)
    (clones / "b" / "link").hardlink_to(file)
    clone(file, clones / "b" / "clone")
    topology = measure(clones)
    assert split(topology.account([file])) == (0, 4, 0, 0, 0)
    names = [file, clones / "b" / "link"]
    assert split(topology.account(names)) == (0, 4, 0, 0, 4)
    account = topology.account([*names, clones / "b" / "clone"])
    assert split(account) == (0, 0, 0, 4, 4)
    assert (account.files, account.names, account.apparent) == (2, 3, 12 * BLOCK)
    assert account.allocated == 8 * BLOCK


def test_against_btrfs_du(tmp_path: Path) -> None:
    with disk("btrfs", tmp_path) as made:
        one, two = made.path / "one", made.path / "two"
        one.mkdir()
        two.mkdir()
        for index in range(20):
            file = fill(one / str(index), 1 + index % 5)
            if index % 2:
                clone(file, two / str(index))
            if index % 3 == 0:
                write_block(file, 0)
            if index % 7 == 0:
                clone(file, one / f"{index} again")
        (one / "inline").write_bytes(b"x" * 2000)
        run("sync", "-f", one)
        topology = measure(one)
        total, exclusive, shared = btrfs_du(one)
        assert topology.total.own == exclusive
        assert topology.total.shared + topology.total.unknown == shared
        assert topology.total.on_disk <= total
        assert topology.total.inline == 2000


def test_snapshot_has_the_same_inode_numbers_and_shares(tmp_path: Path) -> None:
    with disk("btrfs", tmp_path) as made:
        volume, snapshot = made.path / "volume", made.path / "snapshot"
        run("btrfs", "subvolume", "create", volume)
        file = fill(volume / "file", 4)
        run("btrfs", "subvolume", "snapshot", volume, snapshot)
        assert (snapshot / "file").stat().st_ino == file.stat().st_ino
        topology = measure(volume, snapshot)
        assert len(topology.inodes) == 2
        assert topology.linked == ()
        assert split(topology.account(volume)) == (0, 4, 0, 0, 0)
        assert split(measure(volume).total) == (0, 0, 4, 0, 0)


def test_compressed_is_at_least(tmp_path: Path) -> None:
    with disk("btrfs", tmp_path, "compress-force=zstd") as made:
        a, b = made.path / "a", made.path / "b"
        a.mkdir()
        b.mkdir()
        for name in ("one", "two"):  # neighbours on disk that look as if they overlapped
            (a / name).write_bytes(name.encode() * 40_000)
        clone(a / "one", b / "one")
        run("sync", "-f", made.path)
        topology = measure(a, b)
        assert topology.total.at_least
        assert topology.total.compressed == 3 * 30 * BLOCK
        assert split(topology.account(a)) == (1, 1, 0, 0, 0)
        assert str(topology.account(b)).startswith(
            "1 name of 1 file, 120.0 kB as names add up, at least 4.1 kB on disk: "
        )
        (group,) = topology.extent_groups
        assert group.at_least
        assert len(group.files) == 2
        company = shared_with(a / "one", b)
        assert "  at least 4.1 kB in common with " in str(company)


def test_inline_and_empty_are_counted_apart(tmp_path: Path) -> None:
    with disk("btrfs", tmp_path) as made:
        (made.path / "small").write_bytes(b"x" * 100)
        (made.path / "empty").touch()
        clone(made.path / "small", made.path / "clone")
        run("sync", "-f", made.path)
        account = measure(made.path).total
        assert (account.inline, account.on_disk, account.files) == (200, 0, 3)
        assert str(account).endswith("200 bytes inline")


def test_holes_and_preallocated(place: Path) -> None:
    sparse = place / "a" / "sparse"
    with sparse.open("wb") as stream:
        stream.truncate(100 * BLOCK)
        stream.seek(50 * BLOCK)
        stream.write(b"x" * BLOCK)
    with (place / "a" / "reserved").open("wb") as stream:
        os.posix_fallocate(stream.fileno(), 0, 7 * BLOCK)
    account = measure(place / "a").total
    assert (account.apparent, account.on_disk) == (107 * BLOCK, 8 * BLOCK)
    assert account.on_disk == du([place / "a" / "sparse", place / "a" / "reserved"])


def used(folder: Path) -> int:
    """Return how many bytes the filesystem has given out, after all that was deleted is freed."""
    run("sync", "-f", folder)
    if shutil.which("xfs_spaceman") and run("stat", "-fc%T", folder).strip() == "xfs":
        run("xfs_spaceman", "-c", "prealloc -s", folder)
    if run("stat", "-fc%T", folder).strip() == "btrfs":
        run("btrfs", "filesystem", "sync", folder)
    told = os.statvfs(folder)
    return (told.f_blocks - told.f_bfree) * told.f_frsize


def test_own_is_what_a_deletion_frees(drive: Disk, place: Path) -> None:
    size = 2048
    (place / "b" / "linked").hardlink_to(fill(place / "a" / "linked", size))
    (place / "out" / "linked").hardlink_to(fill(place / "a" / "outside", size))
    fill(place / "a" / "own", size)
    if drive.kind != "ext4":
        clone(fill(place / "a" / "cloned", size), place / "b" / "cloned")
        clone(fill(place / "a" / "cloned outside", size), place / "out" / "cloned")
        clone(fill(place / "a" / "cloned inside", size), place / "a" / "clone")
    account = measure(place / "a", place / "b").account(place / "a")
    before = used(place)
    run("rm", "-rf", place / "a")
    freed = before - used(place)
    slack = 100 * BLOCK  # what the filesystem keeps on files
    assert account.own - slack <= freed <= account.own + account.unknown + slack
    assert account.own == size * BLOCK
    assert account.unknown == (0 if drive.kind == "ext4" else size * BLOCK)


# What cannot be told


def test_tmpfs_has_no_extents_and_needs_none(tmp_path: Path) -> None:
    with disk("tmpfs", tmp_path) as made:
        one = fill(made.path / "one", 2)
        (made.path / "two").hardlink_to(one)
        fill(made.path / "three", 3)
        for topology in (measure(made.path), measure(made.path, extents=False)):
            assert split(topology.account(one)) == (0, 2, 0, 0, 0)
            assert split(topology.total) == (5, 0, 0, 0, 2)
            assert topology.total.notes == ()


def test_no_extent_map(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = import_module("pytest_linkcheck.links.extents")
    one = fill(place / "a" / "one", 2)
    (place / "a" / "two").hardlink_to(one)
    fill(place / "a" / "three", 3)
    monkeypatch.setattr(module, "FS_IOC_FIEMAP", 0)
    topology = measure(place / "a")
    # A hard link is shared without any map; a file by itself may share what nobody tells.
    assert split(topology.account(one)) == (0, 2, 0, 0, 0)
    assert split(topology.total) == (0, 0, 0, 5, 2)
    assert topology.total.notes == ("20.5 kB: no extent map",)
    assert str(topology.total).endswith("20.5 kB unknown")
    assert str(shared_with(one)).endswith("extents cannot be told: no extent map")


def test_overlay_has_no_exact_link_count(tmp_path: Path) -> None:
    with disk("xfs", tmp_path) as made:
        lower = made.path / "lower"
        lower.mkdir()
        (lower / "two").hardlink_to(fill(lower / "one", 2))
        with overlaid_on(made.path, tmp_path / "merged") as merged:
            (merged / "one").chmod(0o600)  # copied up: the other name still says two links
            topology = measure(merged)
            assert [inode.elsewhere for inode in topology.inodes] == [None, None]
            assert (merged / "two").stat().st_nlink == 2
            assert str(topology.inode_of(merged / "two")) == (
                "2 links, 1 found here, elsewhere cannot be told"
            )
            assert split(topology.total) == (0, 0, 0, 2, 2)  # xfs copies up by reflink
            both = measure(merged, lower)
            assert split(both.account(lower)) == (0, 2, 0, 0, 2)
            assert both.total.on_disk == 2 * BLOCK
            company = shared_with(merged / "two", lower)
            assert company.inode.names == (merged / "two",)
            assert [one.common for one in company.partners] == [2 * BLOCK]


@pytest.mark.parametrize("kind", ["xfs", "btrfs", "tmpfs"])
def test_clones_through_overlay(kind: str, tmp_path: Path) -> None:
    with disk(kind, tmp_path) as made, overlaid_on(made.path, tmp_path / "merged") as merged:
        one = fill(merged / "one", 2)
        if kind == "tmpfs":
            account = measure(merged).total
            assert split(account) == (0, 0, 0, 2, 0)
            assert account.notes == ("8.2 kB: the link count is not exact",)
            return
        clone(one, merged / "two")
        clone(made.path / "upper" / "one", made.path / "three")
        topology = measure(merged, made.path / "three")
        assert topology.extent_groups[0].common == 2 * BLOCK
        assert len(topology.extent_groups[0].files) == 3


def test_layers_on_two_filesystems_with_equal_addresses(tmp_path: Path) -> None:
    (tmp_path / "second").mkdir()
    with disk("ext4", tmp_path) as one, disk("ext4", tmp_path / "second") as two:
        (two.path / "lower").mkdir()
        (one.path / "upper").mkdir()
        low = fill(two.path / "lower" / "low", 3)
        up = fill(one.path / "upper" / "up", 3)
        with overlaid_on(one.path, tmp_path / "merged", two.path / "lower") as merged:
            if not filefrag_blocks(low) & filefrag_blocks(up):
                pytest.fail("the two files were to lie at equal addresses")
            topology = measure(merged)
            assert topology.extent_groups == ()
            assert split(topology.total) == (0, 0, 0, 6, 0)


def test_extents_that_move_during_the_walk(clones: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that lay where another came to lie later is no clone of it."""
    module = import_module("pytest_linkcheck.links.survey")
    one, two = fill(clones / "a" / "one", 2), fill(clones / "a" / "two", 2)
    asked: list[str] = []

    def move(facts: Facts, location: Location) -> Layout:
        asked.append(facts.path.name)
        stand_in = one if asked == ["one"] or facts.path == two else facts.path
        if asked.count(facts.path.name) > 1 and facts.path == one:
            stand_in = two
        return read_layout(read_facts(stand_in), location)

    monkeypatch.setattr(module, "read_layout", move)
    topology = measure(clones / "a")
    assert topology.extent_groups == ()
    assert topology.inode_of(one).problem == "changed while being read"


def test_without_extents(place: Path) -> None:
    file = fill(place / "a" / "file", 2)
    topology = measure(place / "a", extents=False)
    assert split(topology.total) == (0, 0, 0, 2, 0)
    assert topology.total.notes == ("8.2 kB: extents were not read",)
    (place / "out" / "link").hardlink_to(file)
    assert split(measure(place / "a", extents=False).total) == (0, 0, 2, 0, 0)


def test_link_count_that_changed_during_the_walk(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = import_module("pytest_linkcheck.links.topology")
    file = fill(place / "a" / "file", 1)
    (place / "b" / "second").hardlink_to(file)

    def disturb(root: Path) -> Scan:
        found = scan(root)
        (place / "out" / root.name).hardlink_to(file)
        return found

    monkeypatch.setattr(module, "scan", disturb)
    topology = measure(place / "a", place / "b")
    assert topology.inode_of(file).elsewhere is None
    assert split(topology.total) == (0, 0, 0, 1, 1)


def test_problems_are_carried_along(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = import_module("pytest_linkcheck.links.scanning")
    file = fill(place / "a" / "file", 1)
    (place / "a" / "closed").mkdir()

    def refuse(path: Path, *, follow: bool = False) -> int:
        if path.name == "closed":
            raise PermissionError(13, "Permission denied")
        return open_folder(path, follow=follow)

    monkeypatch.setattr(module, "open_folder", refuse)
    topology = measure(place, place / "a")
    assert [str(one) for one in topology.problems] == [
        f"{place / 'a' / 'closed'}: Permission denied"
    ]
    assert str(shared_with(file, place)).splitlines()[-2:] == [
        "  1 place could not be read:",
        f"    {place / 'a' / 'closed'}: Permission denied",
    ]


def test_unreadable_file(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = import_module("pytest_linkcheck.links.spans")
    fill(place / "a" / "file", 2)

    def refuse(_facts: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(module, "open_unchanged", refuse)
    topology = measure(place / "a")
    assert split(topology.total) == (0, 0, 0, 2, 0)
    assert topology.total.notes == ("8.2 kB: Permission denied",)


@pytest.mark.parametrize("gone", ["vanished", "replaced"])
def test_file_that_goes_during_the_walk(
    place: Path, gone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = import_module("pytest_linkcheck.links.survey")
    file, other = fill(place / "a" / "file", 2), fill(place / "b" / "other", 2)

    def look(_path: Path) -> Facts:
        return read_facts(place / "nothing" if gone == "vanished" else other)

    monkeypatch.setattr(module, "read_facts", look)
    topology = measure(file)
    reason = {"vanished": "No such file or directory", "replaced": "changed while being read"}
    assert topology.total.notes == (f"8.2 kB: {reason[gone]}",)
    assert topology.inode_of(file).elsewhere is None


def test_filesystem_nobody_knows(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = import_module("pytest_linkcheck.links.filesystem")
    fill(place / "a" / "file", 2)
    monkeypatch.setattr(module, "_ADDRESSED", frozenset())
    account = measure(place / "a").total
    assert split(account) == (0, 0, 0, 2, 0)
    assert re.fullmatch(r"8\.2 kB: whether \w+ shares blocks cannot be told", account.notes[0])


def test_clone_that_goes_between_two_looks(clones: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = import_module("pytest_linkcheck.links.survey")
    file = fill(clones / "a" / "file", 2)
    clone(file, clones / "b" / "clone")
    asked: list[Path] = []

    def vanish(facts: Facts, location: Location) -> Layout:
        asked.append(facts.path)
        if asked.count(clones / "b" / "clone") > 1:
            raise FileNotFoundError(2, "No such file or directory")
        return read_layout(facts, location)

    monkeypatch.setattr(module, "read_layout", vanish)
    topology = measure(clones / "a", clones / "b")
    assert topology.extent_groups == ()
    assert topology.account(clones / "b").notes == ("8.2 kB: No such file or directory",)


def test_bytes_without_a_place(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = import_module("pytest_linkcheck.links.spans")
    fill(place / "a" / "file", 2)
    delayed = ExtentMap((Extent(0, 0, 2 * BLOCK, ExtentFlag.DELALLOC | ExtentFlag.UNKNOWN),))
    monkeypatch.setattr(module, "read_extents", lambda _descriptor: delayed)
    assert measure(place / "a").total.notes == ("8.2 kB: changed while being read",)


# fcntl is imported first: the interpreter may lie where the other user cannot read.
AS_USER = """
import fcntl, os, sys
sys.path[:0] = {path!r}
from pytest_linkcheck.links.topology import measure
os.setgid(65534), os.setuid(65534)
topology = measure({place!r})
print([inode.problem for inode in topology.inodes], topology.total.unknown, *topology.problems)
"""


def test_as_an_ordinary_user() -> None:
    if os.geteuid() != 0:
        pytest.skip("root drops its rights in this test: run as root")
    place = Path(f"/tmp/linkcheck-topology-{os.getpid()}")  # noqa: S108 - others may enter it
    place.mkdir(mode=0o755)
    try:
        fill(place / "open", 1).chmod(0o644)
        fill(place / "secret", 1).chmod(0)
        (place / "closed").mkdir(mode=0)
        script = AS_USER.format(path=sys.path, place=str(place))
        command = [sys.executable, "-c", script]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        said = f"['', 'Permission denied'] {BLOCK} {place / 'closed'}: Permission denied\n"
        assert done.stdout == said, done.stderr
    finally:
        run("rm", "-rf", place)


# Asking


def test_where_are_the_four_links(place: Path) -> None:
    file = fill(place / "a" / "file", 2)
    for name in ("b/second", "b/third", "out/fourth"):
        (place / name).hardlink_to(file)
    company = shared_with(file, [place / "b"])
    assert company.inode.elsewhere == 1
    assert str(company).splitlines() == [
        f"{place / 'b/second'}: 4 links, 3 found here, 1 elsewhere",
        f"  {place / 'b/second'}",
        f"  {place / 'b/third'}",
        f"  {file}",
    ]
    assert shared_with(file).inode.names == (file,)
    (place / "b" / "symlink").symlink_to("../a/file")
    assert shared_with(place / "b" / "symlink", place).inode.elsewhere == 0


def test_who_shares_the_extents(cloning: Disk, clones: Path) -> None:
    file = fill(clones / "a" / "file", 4)
    clone(file, clones / "b" / "one")
    clone(file, clones / "b" / "two")
    clone(file, clones / "out" / "unseen")
    write_block(clones / "b" / "two", 3)
    company = shared_with(file, clones / "b")
    assert {(one.inode.names[0].name, one.common) for one in company.partners} == {
        ("one", 4 * BLOCK),
        ("two", 3 * BLOCK),
    }
    assert f"  12.3 kB in common with {clones / 'b' / 'two'}" in str(company)
    assert company.unseen == 0  # the partners explain the flag, and hide the one outside
    alone = shared_with(file)
    assert alone.partners == ()
    assert alone.unseen == 4 * BLOCK
    assert str(alone).endswith("  16.4 kB shared with something outside")
    assert cloning.path in file.parents


def test_misuse(place: Path) -> None:
    fill(place / "a" / "file", 1)
    topology = measure(place / "a")
    with pytest.raises(ValueError, match="was not walked"):
        topology.account(place / "b")
    with pytest.raises(ValueError, match="was not walked"):
        topology.inode_of(place / "b" / "file")
    with pytest.raises(ValueError, match="is a directory, no file"):
        topology.inode_of(place / "a")
    with pytest.raises(ValueError, match="no root"):
        measure()
    with pytest.raises(FileNotFoundError):
        measure(place / "missing")
    with pytest.raises(FileNotFoundError, match="missing: No such file"):
        shared_with(place / "missing", place)
    with pytest.raises(ValueError, match="is a directory"):
        shared_with(place / "a", place)


def test_deep_tree_in_an_account(tmp_path: Path) -> None:
    folder = tmp_path
    for _ in range(1000):
        folder /= "d"
        folder.mkdir()
    (folder / "file").write_bytes(b"x")
    account = measure(tmp_path).total
    assert (account.files, account.folders) == (1, 1001)
    subprocess.run(["rm", "-rf", tmp_path / "d"], check=True)  # pytest's own recursion is limited


def test_symlinks_and_folders_are_counted_not_added(place: Path) -> None:
    (place / "a" / "link").symlink_to("nowhere")
    os.mkfifo(place / "a" / "fifo")
    account = measure(place / "a").total
    assert (account.symlinks, account.folders, account.files, account.on_disk) == (1, 1, 0, 0)
