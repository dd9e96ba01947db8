"""Bytes shared and own, by distribution, of ten real environments and the cache under them.

    python benchmarks/account.py [FOLDER]

makes them with uv (from the package index) in a temporary folder, or in FOLDER, where those of an
earlier run are taken; and prints rows of the table in docs/performance.md.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from side_by_side import HEAD, command, race

from pytest_linkcheck.installs import Layout, find_layout, take_stock_of

PACKAGES = ("numpy", "pandas", "scipy", "django")
COUNT = 10


def make(base: Path) -> tuple[list[Layout], Path]:
    """Make the environments and their cache below *base*."""
    cache = base / "cache"
    environ = {**os.environ, "UV_CACHE_DIR": str(cache), "UV_NO_CONFIG": "1"}
    for number in range(COUNT):
        prefix = base / f"environment-{number}"
        if not prefix.exists():
            for words in (
                ("uv", "venv", "-q", prefix),
                ("uv", "pip", "install", "-q", "--link-mode", "hardlink", "-p", prefix, *PACKAGES),
            ):
                subprocess.run(words, env=environ, check=True)
    return [find_layout(base / f"environment-{number}") for number in range(COUNT)], cache


def main(base: Path) -> None:
    """Measure and print."""
    layouts, cache = make(base)
    folders = [*(layout.prefix for layout in layouts), cache]
    stock = take_stock_of(layouts, cache)
    print(f"{stock.total.names:,} names of {stock.total.files:,} files")
    for name, share in stock.groups.items():
        if name.startswith(f"{layouts[0].prefix}: "):
            print(f"  {name}: {share.shared:,} bytes shared, {share.own:,} own")
    print(HEAD)
    what = "ten environments and their cache: bytes shared, own, by distribution"

    def ours() -> None:
        take_stock_of(layouts, cache)

    race(what, ours, "du -s", command("du", "-s", *folders), 4)
    for program, *options in (
        ("rdfind", "-dryrun", "true", "-makeresultsfile", "false"),
        ("jdupes", "-r", "-H", "-m", "-q"),
        ("hardlink", "--dry-run"),
    ):
        if shutil.which(program):
            race(what, ours, program, command(program, *options, *folders), 0.5, rounds=5)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory(prefix="linkcheck-benchmark-") as made:
            main(Path(made))
