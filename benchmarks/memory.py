"""Memory and time for 1,000,000 files, against 100,000.

    python benchmarks/memory.py [FOLDER]

makes two trees in a temporary folder, or in FOLDER, where those of an earlier run are taken: one
with hard links to the other. Each figure comes from a process of its own.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from trees import make_pair

ROUNDS = 5
ASK = """
import json, resource, sys, time
from pytest_linkcheck.links import compare_trees, find_names, read_columns, take_stock
ways = {
    "compare_trees": lambda: compare_trees(*sys.argv[2:]),
    "read_columns": lambda: read_columns(sys.argv[2]),
    "take_stock": lambda: take_stock(sys.argv[2:3]),
}
start = time.process_time()
found = ways[sys.argv[1]]()
took = time.process_time() - start
print(json.dumps([took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""


def ask(way: str, pair: tuple[Path, Path]) -> tuple[float, float]:
    """Return the seconds of processor time and the MB that *way* takes on a pair of trees."""
    words = [sys.executable, "-c", ASK, way, *map(str, pair)]
    seconds, peak = json.loads(subprocess.run(words, capture_output=True, check=True).stdout)
    return seconds, peak


def main(base: Path) -> None:
    """Measure and print."""
    pairs = {}
    for files in (100_000, 1_000_000):
        folder = base / str(files)
        made = folder.exists()
        pairs[files] = (folder / "a", folder / "b") if made else make_pair(folder, files)
    print("| what | memory for 1,000,000 | time per file, against 100,000 | at most |")
    print("|---|---|---|---|")
    for way in ("compare_trees", "read_columns", "take_stock"):
        told = [(ask(way, pairs[100_000]), ask(way, pairs[1_000_000])) for _ in range(ROUNDS)]
        peak = statistics.median(large[1] for _, large in told)
        ratio = statistics.median(large[0] / small[0] / 10 for small, large in told)
        print(f"| `{way}` | {peak:.0f} MB | {ratio:.2f} | 300 MB, 1.15 |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Makes 2,200,000 files, and measures.")
    parser.add_argument("folder", nargs="?", type=Path, help="where; default: a temporary folder")
    if folder := parser.parse_args().folder:
        main(folder)
    else:
        with tempfile.TemporaryDirectory(prefix="linkcheck-benchmark-") as made_here:
            main(Path(made_here))
