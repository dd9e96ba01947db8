"""Verdicts on 20,000 pairs of reflinks against filefrag, on an xfs and a btrfs made on the spot.

As root: python benchmarks/reflinks.py
"""

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from side_by_side import HEAD, command, compiled, race

from pytest_linkcheck.links import Sharing, compare_pairs
from pytest_linkcheck.links.clone import clone

KINDS = ("xfs", "btrfs")
PAIRS, IN_A_FOLDER, BATCH = 20_000, 100, 2000
SIZE = 2 << 30


def make(base: Path) -> list[tuple[Path, Path]]:
    """Make the files and a clone of each."""
    pairs = []
    for number in range(PAIRS):
        folder = base / f"folder_{number // IN_A_FOLDER:03}"
        folder.mkdir(exist_ok=True)
        one, two = folder / f"one_{number}", folder / f"two_{number}"
        one.write_bytes(os.urandom(5000))
        clone(one, two)
        pairs.append((one, two))
    os.sync()
    return pairs


def main() -> None:
    """Measure and print."""
    print(HEAD)
    with tempfile.TemporaryDirectory(prefix="linkcheck-benchmark-") as folder:
        base = Path(folder)
        floor = compiled(Path(__file__).with_name("floor_pairs.c"), base)
        for kind in KINDS:
            with mounted(kind, base) as point:
                measure(kind, make(point), floor)


@contextmanager
def mounted(kind: str, base: Path) -> Iterator[Path]:
    """Make a filesystem in an image, and mount it."""
    image, point = base / f"{kind}.img", base / kind
    point.mkdir()
    with image.open("wb") as file:
        file.truncate(SIZE)
    subprocess.run([f"mkfs.{kind}", "-q", image], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["mount", "-o", "loop", image, point], check=True)
    image.unlink()  # the mount keeps it
    try:
        yield point
    finally:
        subprocess.run(["umount", point], check=True)


def measure(kind: str, pairs: list[tuple[Path, Path]], floor: Path | None) -> None:
    """Print the rows for *pairs*."""
    files = [os.fspath(path) for pair in pairs for path in pair]
    given = [(os.fspath(one), os.fspath(two)) for one, two in pairs]

    def ours() -> None:
        assert all(told.sharing is Sharing.REFLINK for told in compare_pairs(given))  # noqa: S101

    filefrag = in_batches(files, "filefrag", "-v")
    race(f"verdicts on 20,000 reflinked pairs, {kind}", ours, "filefrag -v", filefrag, 1.5)
    if floor is not None:
        alone = in_batches(files, floor)
        race(f"floor: a C program that judges, {kind}", alone, "filefrag -v", filefrag, 1.5)


def in_batches(files: list[str], *words: str | Path) -> Callable[[], None]:
    """Return a function that runs a command on *files*, of which it takes so many at a time."""
    batches = [
        command(*words, *files[start : start + BATCH]) for start in range(0, len(files), BATCH)
    ]

    def run() -> None:
        for batch in batches:
            batch()

    return run


if __name__ == "__main__":
    main()
