"""Verdicts on 20,000 pairs of reflinks against filefrag, on an xfs made on the spot; as root.

python benchmarks/reflinks.py
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from side_by_side import HEAD, command, race

from pytest_linkcheck.links import Sharing, compare_pairs
from pytest_linkcheck.links.clone import clone

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
    with tempfile.TemporaryDirectory(prefix="linkcheck-benchmark-") as folder:
        image, point = Path(folder, "image"), Path(folder, "point")
        point.mkdir()
        with image.open("wb") as file:
            file.truncate(SIZE)
        kind = sys.argv[1] if len(sys.argv) > 1 else "xfs"
        subprocess.run([f"mkfs.{kind}", "-q", image], check=True)
        subprocess.run(["mount", "-o", "loop", image, point], check=True)
        try:
            measure(kind, make(point))
        finally:
            subprocess.run(["umount", point], check=True)


def measure(kind: str, pairs: list[tuple[Path, Path]]) -> None:
    """Print the row for *pairs*."""
    files = [os.fspath(path) for pair in pairs for path in pair]
    batches = [command("filefrag", "-v", *files[at : at + BATCH])
               for at in range(0, len(files), BATCH)]  # fmt: skip
    given = [(os.fspath(one), os.fspath(two)) for one, two in pairs]

    def ours() -> None:
        assert all(told.sharing is Sharing.REFLINK for told in compare_pairs(given))  # noqa: S101

    def theirs() -> None:
        for batch in batches:
            batch()

    print(HEAD)
    race(f"verdicts on 20,000 reflinked pairs, {kind}", ours, "filefrag -v", theirs, 1.5)


if __name__ == "__main__":
    main()
