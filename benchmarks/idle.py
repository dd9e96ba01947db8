"""What the plugin costs where nobody uses it: the start of pytest with it and without.

python benchmarks/idle.py
"""

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from side_by_side import command, cost_of

ROUNDS = 50  # single starts differ by several ms
PLAIN = (sys.executable, "-m", "pytest", "--co", "-q", "-p", "no:cacheprovider")
OURS = ("-p", "pytest_linkcheck.plugin")
# A plugin that does nothing: for any `-p` pytest reads what is installed, and with all plugins
# loaded, as usual, it has done so anyway.
NOTHING = ("-p", "does_nothing")
ENTRY = """
import time, pytest, argparse, pathlib, os
clock, processor = time.perf_counter(), time.process_time()
import pytest_linkcheck.plugin
print(time.perf_counter() - clock, time.process_time() - processor)
"""


def main() -> None:
    """Measure and print."""
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # other plugins are not to be measured
    # As where the plugin is installed: it is compiled once, and not at each start.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory(prefix="linkcheck-benchmark-") as folder:
        path = Path(folder, "test_one.py")
        path.write_text("def test_one():\n    pass\n", encoding="utf-8")
        Path(folder, "does_nothing.py").touch()
        os.environ["PYTHONPATH"] = folder
        without, with_it = command(*PLAIN, *NOTHING, path), command(*PLAIN, *OURS, path)
        pairs = [(cost_of(without), cost_of(with_it)) for _ in range(ROUNDS + 1)][1:]
    clock = statistics.median(ours.clock - theirs.clock for theirs, ours in pairs)
    processor = statistics.median(ours.processor - theirs.processor for theirs, ours in pairs)
    print("| what | clock | processor | at most |\n|---|---|---|---|")
    print(f"| start of pytest, plugin unused: more | {clock * 1000:.1f} ms "
          f"| {processor * 1000:.1f} ms | 5 ms |")  # fmt: skip
    runs = [import_once() for _ in range(ROUNDS + 1)][1:]
    clock, processor = (statistics.median(run[n] for run in runs) for n in (0, 1))
    print(
        f"| import of the entry module | {clock * 1000:.1f} ms | {processor * 1000:.1f} ms | 2 ms |"
    )


def import_once() -> tuple[float, float]:
    """Return how long the import of the entry module takes, by clock and by processor."""
    run = subprocess.run([sys.executable, "-c", ENTRY], capture_output=True, check=True)
    clock, processor = map(float, run.stdout.split())
    return clock, processor


if __name__ == "__main__":
    main()
