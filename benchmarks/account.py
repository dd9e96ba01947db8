"""Bytes shared and own, by distribution, of ten real environments and the cache under them.

    python benchmarks/account.py [FOLDER]

makes them with uv (from the package index) in a temporary folder, or in FOLDER, where those of an
earlier run are taken: once by hard links, and once by copies, as pip makes them, which takes 3 GB.
Prints rows of the table in docs/performance.md, and what a C program needs that does the least
that any account must: read all folders, and ask stat once for each inode.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from scan import build_floor
from side_by_side import HEAD, command, race

from pytest_linkcheck.installs import Layout, find_layout, take_stock_of

PACKAGES = ("numpy", "pandas", "scipy", "django")
COUNT = 10


def make(base: Path, link_mode: str) -> list[Layout]:
    """Make the environments below *base*, and the cache they are filled from."""
    environ = {**os.environ, "UV_CACHE_DIR": str(base / "cache"), "UV_NO_CONFIG": "1"}
    layouts = []
    for number in range(COUNT):
        prefix = base / link_mode / f"environment-{number}"
        if not prefix.exists():
            for words in (
                ("uv", "venv", "-q", prefix),
                ("uv", "pip", "install", "-q", "--link-mode", link_mode, "-p", prefix, *PACKAGES),
            ):
                subprocess.run(words, env=environ, check=True)
        layouts.append(find_layout(prefix))
    return layouts


def show(layouts: list[Layout], cache: Path) -> None:
    """Print what ours says of one environment."""
    stock = take_stock_of(layouts, cache)
    print(f"{stock.total.names:,} names of {stock.total.files:,} files")
    for name, share in stock.groups.items():
        if name.startswith(f"{layouts[0].prefix}: "):
            print(f"  {name}: {share.shared:,} bytes shared, {share.own:,} own")


def main(base: Path) -> None:
    """Measure and print."""
    cache = base / "cache"
    floor = build_floor(base)
    for link_mode, how, rounds in (("hardlink", "by hard links", 5), ("copy", "by copies", 3)):
        layouts = make(base, link_mode)
        folders = [*(layout.prefix for layout in layouts), cache]
        show(layouts, cache)
        print(HEAD)
        what = f"ten environments made {how} and their cache: bytes shared, own, by distribution"

        def ours(layouts: list[Layout] = layouts) -> None:
            take_stock_of(layouts, cache)

        du = command("du", "-s", *folders)
        race(what, ours, "du -s", du, 4)
        if floor:
            race(f"floor, {how}: a C program", command(floor, "first", *folders), "du -s", du, 1)
        for program, *options in (
            ("rdfind", "-dryrun", "true", "-makeresultsfile", "false"),
            ("jdupes", "-r", "-H", "-m", "-q"),
            ("hardlink", "--dry-run"),
        ):
            if shutil.which(program):
                theirs = command(program, *options, *folders)
                race(what, ours, program, theirs, 0.5, rounds=rounds)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory(prefix="linkcheck-benchmark-") as made:
            main(Path(made))
