"""Whole trees against find: which names are one file, and what stat says of each.

    python benchmarks/scan.py [FOLDER]

makes two trees of 100,000 files in a temporary folder (or in FOLDER, which must be empty), and
prints three rows of the table in docs/performance.md, and what a C program needs that does the
system calls alone.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from side_by_side import HEAD, command, race
from trees import make_pair

from pytest_linkcheck.links import compare_trees, find_names, read_columns

FORM = "%D %i %n %s %p\\n"
ONE_IN = 3  # of the files of a tree one in so many is looked for


def main(base: Path) -> None:
    """Measure and print."""
    one, two = make_pair(base)
    wanted = [row.identity for number, row in enumerate(read_columns(two)) if number % ONE_IN == 0]
    find = command("find", one, "-printf", FORM)
    print(HEAD)
    race(
        "two trees of 100,000: the same inodes, name by name", lambda: compare_trees(one, two),
        "find over both", command("find", one, two, "-printf", FORM), 0.5,
    )  # fmt: skip
    race("device, inode, links, size of 100,000", lambda: read_columns(one), "find", find, 1.4)
    race(
        f"which of 100,000 are among {len(wanted):,} given ones", lambda: find_names(one, wanted),
        "find", find, 0.7,
    )  # fmt: skip
    if floor := build_floor(base):
        race("floor: a C program that lists", command(floor, "list", one), "find", find, 1)
        race("floor: a C program that looks", command(floor, "look", one), "find", find, 1)


def build_floor(base: Path) -> Path | None:
    """Compile the program that does the system calls alone; `None` without a compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    source = Path(__file__).with_name("floor.c")
    subprocess.run([compiler, "-O2", "-o", base / "floor", source], check=True)
    return base / "floor"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory(prefix="linkcheck-benchmark-") as made:
            main(Path(made))
