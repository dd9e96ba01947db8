"""Many pairs at once: each verdict is that of `compare`, whatever the two files are."""

import os
import shutil
from importlib import import_module
from pathlib import Path

import pytest
from support.places import KINDS, Place

from pytest_linkcheck.links import Sharing, compare, compare_pairs
from pytest_linkcheck.links.clone import clone

module = import_module("pytest_linkcheck.links.pairs")
REFLINKS = ("xfs", "btrfs")


def make(root: Path) -> list[Path]:
    """Files of many kinds, of which any two make a pair."""
    root.mkdir()
    (root / "file").write_bytes(os.urandom(9000))
    (root / "hardlink").hardlink_to(root / "file")
    (root / "symlink").symlink_to("file")
    (root / "dangling").symlink_to("nowhere")
    (root / "copy").write_bytes((root / "file").read_bytes())
    (root / "other").write_bytes(os.urandom(9000))
    (root / "small").write_bytes(b"x" * 100)
    (root / "empty").touch()
    (root / "holes").touch()
    os.truncate(root / "holes", 9000)
    with (root / "holed").open("wb") as file:
        file.seek(20_000)
        file.write(os.urandom(5000))
    with (root / "many").open("wb") as file:
        for at in range(0, 40 * 8192, 8192):
            file.seek(at)
            file.write(b"x" * 4096)
    (root / "folder").mkdir()
    os.mkfifo(root / "fifo")
    for name in ("file", "small", "empty", "holes", "holed", "many"):
        try:
            clone(root / name, root / f"{name}-clone")
        except OSError:  # no reflinks here
            shutil.copyfile(root / name, root / f"{name}-clone")
    try:
        clone(root / "file", root / "edited")
    except OSError:
        shutil.copyfile(root / "file", root / "edited")
    with (root / "edited").open("r+b") as file:
        file.write(b"edit")
    os.sync()
    return [*sorted(root.iterdir()), root / "missing"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_verdicts_are_those_of_compare(kind: str, places: dict[str, Place]) -> None:
    root = places[kind].root / "pairs"
    try:
        files = make(root)
        pairs = [(one, two) for one in files for two in files]
        theirs = [(told.sharing, told.reason) for told in (compare(*pair) for pair in pairs)]
        ours = [(told.sharing, told.reason) for told in compare_pairs(pairs)]
        assert ours == theirs
        reflinks = {(a.name, b.name) for (a, b), told in zip(pairs, ours, strict=True)
                    if told[0] is Sharing.REFLINK}  # fmt: skip
        assert (("file", "file-clone") in reflinks) is (places[kind].base in REFLINKS)
    finally:
        shutil.rmtree(root)


@pytest.mark.parametrize("kind", REFLINKS)
def test_plain_reflinks_go_the_fast_way_and_nothing_else_does(
    kind: str, places: dict[str, Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = places[kind].root / "pairs"
    try:
        make(root)
        pair = (root / "file", root / "file-clone")
        asked: list[object] = []

        def slow(*paths: Path) -> object:
            asked.append(paths)
            return compare(*paths)

        monkeypatch.setattr(module, "compare", slow)
        (told,) = compare_pairs([pair])
        assert (told.sharing, asked) == (Sharing.REFLINK, [])
        for name in ("copy", "edited", "many-clone", "hardlink", "fifo", "missing"):
            list(compare_pairs([(root / "file", root / name)]))
        assert len(asked) == 6
    finally:
        shutil.rmtree(root)


@pytest.mark.parametrize("kind", REFLINKS)
def test_a_file_written_to_meanwhile_is_judged_anew(
    kind: str, places: dict[str, Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = places[kind].root / "pairs"
    try:
        make(root)
        one, two = root / "file", root / "file-clone"
        honest = os.fstat

        def write_first(descriptor: int) -> os.stat_result:
            monkeypatch.setattr(os, "fstat", honest)
            with two.open("r+b") as file:
                file.write(os.urandom(4096))
                file.flush()
                os.fsync(file.fileno())
            return honest(descriptor)

        monkeypatch.setattr(os, "fstat", write_first)
        (told,) = compare_pairs([(one, two)])
        assert told.sharing is Sharing.PARTIAL
    finally:
        shutil.rmtree(root)
