"""Environments that are changed between two looks: at the very moment a file is opened."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from attacks.conftest import FILES, Scene, Tree
from support.handmade import record_of

from pytest_linkcheck.audit.context import Context
from pytest_linkcheck.audit.discover import find_bounded
from pytest_linkcheck.audit.examine import Seen, examine
from pytest_linkcheck.installs.distributions import read_distributions
from pytest_linkcheck.links import compare
from pytest_linkcheck.links.content import ChangedError, hash_bytes
from pytest_linkcheck.links.facts import read_facts

needs_descriptors = pytest.mark.skipif(
    not hasattr(os, "O_PATH"), reason="only Linux can name a file without opening it"
)


class Moment:
    """Acts once, right before a file of a certain name is opened: audit hooks are for ever."""

    def __init__(self) -> None:
        self._name = ""
        self._act: Callable[[], object] = lambda: None

    def see(self, event: str, arguments: tuple[object, ...]) -> None:
        if self._name and event == "open" and str(arguments[0]).endswith(self._name):
            self._name = ""
            self._act()

    @contextmanager
    def before(self, name: str, act: Callable[[], object]) -> Iterator[None]:
        self._name, self._act = name, act
        try:
            yield
            assert not self._name, f"nobody has opened {name}"
        finally:
            self._name = ""


@pytest.fixture(scope="session")
def the_moment() -> Moment:
    moment = Moment()
    sys.addaudithook(moment.see)
    return moment


@pytest.fixture
def tree(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Tree:
    monkeypatch.setenv("UV_CACHE_DIR", str(scene.folder / "cache"))
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    tree = scene.tree("tree")
    # Had anybody read these instead of the environment's own, all hashes would be right.
    shutil.copytree(tree.site / "demo", scene.outside / "demo")
    return tree


def _see(tree: Tree) -> dict[str, Seen]:
    context = Context(find_bounded(tree.prefix))
    (dist,) = context.distributions
    return {seen.file.name: seen for seen in examine(dist, context)}


def _swap(tree: Tree) -> None:
    """Put a symlink out of the environment in the place of the package's folder."""
    (tree.site / "demo").rename(tree.site / "gone")
    (tree.site / "demo").symlink_to(tree.outside / "demo")


@needs_descriptors
def test_a_folder_swapped_for_a_symlink_is_not_followed(tree: Tree, the_moment: Moment) -> None:
    with the_moment.before("demo/a.py", lambda: _swap(tree)):
        seen = _see(tree)
    assert seen["demo/__init__.py"].problem == ""
    assert seen["demo/a.py"].problem == "cannot be verified: replaced while being read"
    # Its folder was looked at before the swap, its facts are those of the file outside.
    assert seen["demo/b.py"].problem == "cannot be verified: leads elsewhere now"


@needs_descriptors
def test_nor_is_the_site_packages(tree: Tree, scene: Scene, the_moment: Moment) -> None:
    target = scene.outside / "site-packages"

    def swap() -> None:
        tree.site.rename(target)
        tree.site.symlink_to(target)

    with the_moment.before("METADATA", swap):
        layout = find_bounded(tree.prefix)
        (dist,) = read_distributions(layout)
    assert dist.problems == ("RECORD cannot be read: leads elsewhere now",)


def test_a_file_replaced_in_the_moment_is_not_taken_for_the_old(
    tree: Tree, the_moment: Moment
) -> None:
    def replace() -> None:
        (tree.site / "new").write_bytes(FILES["demo/a.py"])
        (tree.site / "new").replace(tree.site / "demo/a.py")

    with the_moment.before("demo/a.py", replace):
        seen = _see(tree)
    assert seen["demo/a.py"].problem == "cannot be verified: replaced while being read"


@pytest.mark.parametrize("name", ["demo/a.py", "demo/__init__.py"])
def test_a_folder_that_vanishes(tree: Tree, the_moment: Moment, name: str) -> None:
    with the_moment.before(name, lambda: shutil.rmtree(tree.site / "demo")):
        seen = _see(tree)
    assert seen[name].problem == "cannot be read: No such file or directory"
    assert seen["demo/b.py"].problem == "is missing, though RECORD lists it"
    assert seen["demo/b.py"].sharing == "unknown"


def test_a_folder_that_is_renamed(tree: Tree, the_moment: Moment) -> None:
    with the_moment.before("demo/a.py", lambda: (tree.site / "demo").rename(tree.site / "other")):
        seen = _see(tree)
    assert [one.problem != "" for one in seen.values()] == [False, True, True, False, False]


def test_a_folder_that_is_filled(tree: Tree, the_moment: Moment) -> None:
    def fill() -> None:
        for number in range(1000):
            (tree.site / f"demo/{number}.py").touch()

    with the_moment.before("demo/a.py", fill):
        seen = _see(tree)
    assert not any(one.problem for one in seen.values())


def test_a_file_that_grows_while_it_is_hashed_comes_to_an_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"x" * 100)
    facts = read_facts(path)
    read = os.readv

    def read_and_grow(descriptor: int, rooms: list[bytearray]) -> int:
        with path.open("ab") as file:
            file.write(b"y" * 100)  # always as fast as it is read
        return read(descriptor, [memoryview(rooms[0])[:100]])

    monkeypatch.setattr(os, "readv", read_and_grow)
    with pytest.raises(ChangedError, match="changed while being read"):
        hash_bytes(facts, "sha256")
    assert path.stat().st_size < 1000


def test_two_files_that_grow_while_they_are_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [tmp_path / "a", tmp_path / "b"]
    for path in paths:
        path.write_bytes(b"x" * 100)
    read = os.read

    def read_and_grow(descriptor: int, count: int) -> bytes:
        with open(f"/proc/self/fd/{descriptor}", "ab") as file:  # noqa: PTH123
            file.write(b"x" * 100)
        return read(descriptor, min(count, 100))

    monkeypatch.setattr("pytest_linkcheck.links.content._CHUNK", 100)
    monkeypatch.setattr(os, "read", read_and_grow)
    assert compare(*paths).reason.endswith(" changed while being read")


def test_the_record_of_a_growing_file_tells_of_the_change(tree: Tree, the_moment: Moment) -> None:
    def write() -> None:
        with (tree.site / "demo/a.py").open("ab") as file:
            file.write(b"more")

    with the_moment.before("demo/a.py", write):
        seen = _see(tree)
    assert seen["demo/a.py"].problem == "cannot be verified: changed while being read"


@pytest.mark.skipif(
    not os.path.isdir("/dev/shm"),  # noqa: PTH112, S108
    reason="there is no /dev/shm: an exabyte needs a tmpfs",
)
def test_an_exabyte_of_holes_is_not_read(public_folder: Path) -> None:
    for name in ("a", "b"):
        (public_folder / name).touch()
        os.truncate(public_folder / name, 1 << 60)
    with pytest.raises(
        OSError, match=r"too large to read: it has 1.2 EB, of which 0 bytes on disk"
    ):
        hash_bytes(read_facts(public_folder / "a"), "sha256")
    told = compare(public_folder / "a", public_folder / "b", content=True)
    assert told.sharing.value == "unknown"


def test_files_named_in_records_are_those_of_the_tests() -> None:
    """The hashes in the tests above are those of FILES: the passing ones pass for a reason."""
    assert b"demo/a.py" in record_of(FILES, "RECORD")
