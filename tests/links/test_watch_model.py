"""Random histories of a few names, watched from a random moment on, held against a model."""

import itertools
import os
from collections.abc import Iterator

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
from support.mounting import run
from support.places import Disk, disk

from pytest_linkcheck.links.change import Aspect
from pytest_linkcheck.links.watching import Snapshot, watch

pytestmark = pytest.mark.slow

NAMES = ("one", "two", "three")
SIZE = 3000
serials = itertools.count()

# What a file is: its serial number, its bytes, its mode, how many names it has.
Seen = tuple[int, bytes, int, int]


class File:
    def __init__(self, data: bytes) -> None:
        self.serial = next(serials)
        self.data = data
        self.mode = 0o644


class History(RuleBasedStateMachine):
    disk: Disk

    def __init__(self) -> None:
        super().__init__()
        self.place = self.disk.path / f"run{next(serials)}"
        self.place.mkdir()
        self.names: dict[str, File] = {}
        self.before: dict[str, Seen] = {}
        self.times: dict[str, int] = {}
        self.snapshot: Snapshot | None = None

    def teardown(self) -> None:
        run("rm", "-rf", self.place)

    def look(self) -> dict[str, Seen]:
        counts = [file.serial for file in self.names.values()]
        return {
            name: (file.serial, file.data, file.mode, counts.count(file.serial))
            for name, file in self.names.items()
        }

    @rule()
    def start(self) -> None:
        self.snapshot = watch(self.place)
        self.before = self.look()
        self.times = {name: (self.place / name).stat().st_mtime_ns for name in self.names}

    @rule(name=st.sampled_from(NAMES), byte=st.sampled_from([b"x", b"y"]))
    def create_anew(self, name: str, byte: bytes) -> None:
        path = self.place / name
        path.unlink(missing_ok=True)
        path.write_bytes(byte * SIZE)
        path.chmod(0o644)
        self.names[name] = File(byte * SIZE)

    @precondition(lambda self: self.names)
    @rule(data=st.data(), byte=st.sampled_from([b"x", b"y"]), at=st.integers(0, SIZE - 1))
    def write(self, data: st.DataObject, byte: bytes, at: int) -> None:
        name = data.draw(st.sampled_from(sorted(self.names)))
        with (self.place / name).open("r+b") as stream:
            stream.seek(at)
            stream.write(byte)
        file = self.names[name]
        file.data = file.data[:at] + byte + file.data[at + 1 :]

    @precondition(lambda self: self.names)
    @rule(data=st.data(), back=st.booleans())
    def set_times(self, data: st.DataObject, *, back: bool) -> None:
        name = data.draw(st.sampled_from(sorted(self.names)))
        told = self.times.get(name, 5) if back else 7
        os.utime(self.place / name, ns=(told, told))

    @precondition(lambda self: self.names)
    @rule(data=st.data(), mode=st.sampled_from([0o644, 0o600]))
    def chmod(self, data: st.DataObject, mode: int) -> None:
        name = data.draw(st.sampled_from(sorted(self.names)))
        (self.place / name).chmod(mode)
        self.names[name].mode = mode

    @precondition(lambda self: self.names)
    @rule(data=st.data(), onto=st.sampled_from(NAMES))
    def link(self, data: st.DataObject, onto: str) -> None:
        name = data.draw(st.sampled_from(sorted(self.names)))
        if onto == name:
            return
        (self.place / onto).unlink(missing_ok=True)
        (self.place / onto).hardlink_to(self.place / name)
        self.names[onto] = self.names[name]

    @precondition(lambda self: self.names)
    @rule(data=st.data(), onto=st.sampled_from(NAMES))
    def rename(self, data: st.DataObject, onto: str) -> None:
        name = data.draw(st.sampled_from(sorted(self.names)))
        if self.names.get(onto) is self.names[name]:
            return
        (self.place / name).replace(self.place / onto)
        self.names[onto] = self.names.pop(name)

    @precondition(lambda self: self.names)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.names)))
        (self.place / name).unlink()
        del self.names[name]

    def expect(self, name: str) -> set[Aspect]:
        before, after = self.before.get(name), self.look().get(name)
        if before is None or after is None:
            return {Aspect.APPEARED if before is None else Aspect.VANISHED}
        aspects = {Aspect.MODE} if before[2] != after[2] else set()
        if before[0] != after[0]:
            return aspects | {Aspect.REPLACED}
        if before[1] != after[1]:
            aspects.add(Aspect.REWRITTEN)
        if before[3] != after[3]:
            aspects.add(Aspect.LINKS_GAINED if after[3] > before[3] else Aspect.LINKS_LOST)
        if (self.place / name).stat().st_mtime_ns != self.times[name]:
            aspects.add(Aspect.TIMES)
        return aspects

    @invariant()
    def changes_are_those_of_the_model(self) -> None:
        if self.snapshot is None:
            return
        found = {change.path.name: set(change.aspects) for change in self.snapshot.changes()}
        for name in {*self.before, *self.names}:
            aspects = found.pop(name, set())
            assert aspects - {Aspect.TOUCHED} == self.expect(name), name
            if Aspect.TOUCHED in aspects:
                assert aspects == {Aspect.TOUCHED}
        assert found == {}

    @invariant()
    def assertions_agree(self) -> None:
        if self.snapshot is None:
            return
        now = self.look()
        for name, seen in self.before.items():
            same = name in now and now[name][0] == seen[0]
            replaced = name in now and now[name][0] != seen[0]
            assert passes(self.snapshot, "assert_same_inode", self.place / name) is same
            assert passes(self.snapshot, "assert_replaced", self.place / name) is replaced


def passes(snapshot: Snapshot, name: str, path: os.PathLike[str]) -> bool:
    try:
        getattr(snapshot, name)(path)
    except AssertionError:
        return False
    return True


@pytest.fixture(scope="module", params=["ext4", "xfs", "btrfs", "tmpfs", "overlay/ext4"])
def drive(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Disk]:
    with disk(request.param, tmp_path_factory.mktemp("drive")) as made:
        yield made


def test_random_histories(drive: Disk) -> None:
    machine = type("HistoryHere", (History,), {"disk": drive})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=30,
            stateful_step_count=25,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
