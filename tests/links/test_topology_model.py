"""Random trees of links, clones, writes and deletions, held against a model and other programs.

The model knows for every block which write made it. Of btrfs it knows too which extent a block
belongs to: its SHARED flag speaks of whole extents.
"""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from support.clones import BLOCK, btrfs_du, clone, du, filefrag_blocks, fill, write_block
from support.mounting import run
from support.places import Disk, disk

from pytest_linkcheck.links.topology import Topology, measure

pytestmark = pytest.mark.slow

FOLDERS = ("a", "b", "out")
ROOTS = ("a", "b")


class File:
    """The model of one inode: for each of its blocks the block's number and its extent's."""

    def __init__(self, blocks: list[tuple[int, int]]) -> None:
        self.blocks = blocks


class Trees(RuleBasedStateMachine):
    disk: Disk
    counter = itertools.count()

    def __init__(self) -> None:
        super().__init__()
        self.place = self.disk.path / f"run{next(self.counter)}"
        for folder in FOLDERS:
            (self.place / folder).mkdir(parents=True)
        self.names: dict[str, File] = {}
        self.numbers = itertools.count(1)
        self.topology: Topology | None = None

    def teardown(self) -> None:
        run("rm", "-rf", self.place)

    def path(self, name: str) -> Path:
        return self.place / name

    def new_name(self, folder: str) -> str:
        self.topology = None
        return f"{folder}/{next(self.numbers)}"

    def pick(self, number: int) -> str:
        self.topology = None
        return sorted(self.names)[number % len(self.names)]

    @rule(folder=st.sampled_from(FOLDERS), size=st.integers(1, 5))
    def create(self, folder: str, size: int) -> None:
        name, extent = self.new_name(folder), next(self.numbers)
        fill(self.path(name), size)
        self.names[name] = File([(next(self.numbers), extent) for _ in range(size)])

    @precondition(lambda self: self.names)
    @rule(number=st.integers(0, 99), folder=st.sampled_from(FOLDERS))
    def link(self, number: int, folder: str) -> None:
        source, target = self.pick(number), self.new_name(folder)
        self.path(target).hardlink_to(self.path(source))
        self.names[target] = self.names[source]

    @precondition(lambda self: self.names and self.disk.kind in {"xfs", "btrfs"})
    @rule(number=st.integers(0, 99), folder=st.sampled_from(FOLDERS))
    def clone(self, number: int, folder: str) -> None:
        source, target = self.pick(number), self.new_name(folder)
        clone(self.path(source), self.path(target))
        self.names[target] = File(list(self.names[source].blocks))

    @precondition(lambda self: self.names)
    @rule(number=st.integers(0, 99), index=st.integers(0, 4))
    def write(self, number: int, index: int) -> None:
        name = self.pick(number)
        blocks = self.names[name].blocks
        index %= len(blocks)
        write_block(self.path(name), index)
        blocks[index] = (next(self.numbers), next(self.numbers))

    @precondition(lambda self: self.names)
    @rule(number=st.integers(0, 99))
    def delete(self, number: int) -> None:
        name = self.pick(number)
        self.path(name).unlink()
        del self.names[name]
        self.free()

    @precondition(lambda self: len(self.names) > 1)
    @rule(number=st.integers(0, 99), other=st.integers(0, 99))
    def rename_over(self, number: int, other: int) -> None:
        source, target = self.pick(number), self.pick(other)
        if self.names[source] is self.names[target]:
            return  # rename(2) does nothing then
        self.path(source).replace(self.path(target))
        self.names[target] = self.names.pop(source)
        self.free()

    @rule(folder=st.sampled_from(FOLDERS))
    def symlink(self, folder: str) -> None:
        self.path(self.new_name(folder)).symlink_to("../a")

    def free(self) -> None:
        """Let xfs free the blocks of deleted files now: until it has, they count as shared."""
        if self.disk.kind == "xfs":
            run("xfs_spaceman", "-c", "prealloc -s", self.disk.path)

    # What must hold after every step

    def measured(self) -> Topology:
        if self.topology is None:
            self.topology = measure(*(self.place / root for root in ROOTS))
        return self.topology

    def files(self, *folders: str) -> list[File]:
        """The inodes that have a name in one of *folders*."""
        found = (file for name, file in self.names.items() if name.split("/")[0] in folders)
        return list(dict.fromkeys(found))

    def numbers_of(self, *folders: str) -> set[int]:
        return {number for file in self.files(*folders) for number, _ in file.blocks}

    @invariant()
    def names_agree_with_find(self) -> None:
        topology = self.measured()
        assert topology.problems == ()
        by_find: dict[str, set[str]] = {}
        links = {}
        told = run("find", self.path("a"), self.path("b"), "-type", "f", "-printf", "%i %n %p\n")
        for line in told.splitlines():
            number, count, name = line.split(" ", 2)
            by_find.setdefault(number, set()).add(name)
            links[number] = int(count)
        ours = {
            str(inode.facts.identity.inode): {str(name) for name in inode.names}
            for inode in topology.inodes
        }
        assert ours == by_find
        for inode in topology.inodes:
            number = str(inode.facts.identity.inode)
            assert inode.elsewhere == links[number] - len(by_find[number])
            names = [self.names[str(name.relative_to(self.place))] for name in inode.names]
            outside = [n for n, file in self.names.items() if n[0] == "o" and file is names[0]]
            assert inode.elsewhere == len(outside)

    @invariant()
    def sums_agree_with_du(self) -> None:
        total = self.measured().total
        found = [self.path(name) for name in self.names if name[0] != "o"]
        assert total.apparent == du(found, "-l", "--apparent-size")
        assert total.allocated == du(found)
        tree = [self.path(root) for root in ROOTS]
        rest = run("find", *tree, "!", "-type", "f", "-printf", "%b\n").split()
        assert total.allocated + 512 * sum(map(int, rest)) == du(tree)

    @invariant()
    def blocks_agree_with_filefrag(self) -> None:
        if self.disk.kind == "tmpfs":
            return
        topology = self.measured()
        maps = {inode.names[0]: filefrag_blocks(inode.names[0]) for inode in topology.inodes}
        assert topology.total.on_disk == BLOCK * len(set[int]().union(*maps.values()))
        assert topology.total.on_disk == BLOCK * len(self.numbers_of(*ROOTS))
        grouped = {
            frozenset(file.names[0] for file in group.files) for group in topology.extent_groups
        }
        assert grouped == connected(maps)

    @invariant()
    def others_agree_with_the_model(self) -> None:
        topology = self.measured()
        for mine, other in (("a", "b"), ("b", "a")):
            account = topology.account(self.place / mine)
            assert account.on_disk == account.own + account.shared + account.unknown
            assert account.others == BLOCK * len(self.numbers_of(mine) & self.numbers_of(other))

    @invariant()
    def nothing_is_claimed_that_is_not_so(self) -> None:
        topology = self.measured()
        kept = {extent for file in self.files("out") for _, extent in file.blocks}
        for group in (("a",), ("b",), ROOTS):
            account = topology.account(self.place / root for root in group)
            everywhere = [name for name in FOLDERS if name not in group]
            mine = {block for file in self.files(*group) for block in file.blocks}
            held = self.numbers_of(*everywhere)
            own = BLOCK * len({number for number, _ in mine if number not in held})
            assert account.own <= own <= account.own + account.unknown + account.shared
            outside = BLOCK * len(self.numbers_of(*group) & self.numbers_of("out"))
            pinned = BLOCK * len({number for number, extent in mine if extent in kept})
            assert account.outside <= (pinned if self.disk.kind == "btrfs" else outside)
            if self.disk.kind in {"ext4", "tmpfs"}:
                assert (account.own, account.outside, account.unknown) == (own, outside, 0)
            if self.disk.kind == "xfs":
                assert account.own + account.unknown + account.shared == account.on_disk
                assert own <= account.own + account.unknown

    @invariant()
    def own_agrees_with_btrfs(self) -> None:
        if self.disk.kind != "btrfs" or not self.files("a"):
            return
        topology = measure(self.place / "a")
        _, exclusive, shared = btrfs_du(self.place / "a")
        linked = [inode for inode in topology.inodes if inode.elsewhere]
        account = topology.total
        assert account.on_disk == exclusive + shared
        if not linked:  # btrfs does not count hard links
            assert account.own == exclusive


def connected(maps: dict[Path, set[int]]) -> set[frozenset[Path]]:
    """Return the files that hang together by common blocks, those by themselves left out."""
    groups: list[tuple[set[Path], set[int]]] = []
    for path, blocks in maps.items():
        names, numbers = {path}, set(blocks)
        apart = []
        for group in groups:
            if group[1] & numbers:
                names |= group[0]
                numbers |= group[1]
            else:
                apart.append(group)
        groups = [*apart, (names, numbers)]
    return {frozenset(names) for names, _ in groups if len(names) > 1}


@pytest.fixture(scope="module", params=["ext4", "xfs", "btrfs", "tmpfs"])
def drive(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Disk]:
    with disk(request.param, tmp_path_factory.mktemp("drive")) as made:
        yield made


def test_random_trees(drive: Disk) -> None:
    machine = type("TreesHere", (Trees,), {"disk": drive})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=20,
            stateful_step_count=20,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
