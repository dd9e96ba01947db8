"""The audit of many environments over one cache: time for each, and memory.

    python benchmarks/fleet.py [FOLDER [COUNT]]

makes 200 environments (or COUNT) by uv, as hard links to one cache, with ten small distributions
each, of wheels made on the spot. In a temporary folder, or in FOLDER, where those of an earlier run
are taken. Then audits 25, 50, 100 and all of them, in one process and in two workers of xdist.
Each figure is the median of runs of their own: what an environment takes beyond the first 25, which
pay for the start as well. Memory is that of the largest process.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from pytest_linkcheck.installs import Wheelhouse

COUNT, DISTRIBUTIONS, MODULES, ROUNDS = 200, 10, 20, 3
WAYS = (("one process", ()), ("two workers", ("-p", "xdist", "-n", "2")))
OURS = ("-p", "no:cacheprovider", "-p", "pytest_linkcheck.plugin", "-q", "--linkcheck")
# In a process of its own, as a process counts the largest of all that it has waited for.
ASK = """
import json, resource, subprocess, sys, time
start = time.perf_counter()
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
took = time.perf_counter() - start
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([took, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))
"""


def make(base: Path, count: int) -> None:
    """Make those of the environments in *base* that are not there."""
    wheelhouse = Wheelhouse(base / "wheels")
    wheels = [wheelhouse.build(f"part-{number}", "1.0", files) for number, files in _contents()]
    os.environ |= {"UV_CACHE_DIR": str(base / "cache"), "UV_NO_CONFIG": "1", "UV_OFFLINE": "1"}
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    for folder in _folders(base, count):
        if not folder.exists():
            half = base / "half"
            prefix = str(half / ".venv")
            subprocess.run(["uv", "venv", "-q", "--clear", "-p", version, prefix], check=True)
            options = ("-q", "--link-mode", "hardlink", "-p", prefix)
            paths = (wheel.path for wheel in wheels)
            subprocess.run(["uv", "pip", "install", *options, *paths], check=True)
            folder.parent.mkdir(exist_ok=True)
            half.rename(folder)


def _contents() -> list[tuple[int, dict[str, bytes]]]:
    return [
        (number, {f"part_{number}/module_{at:02}.py": b"# %d %d\n" % (number, at) * (1 + at * 40)
                  for at in range(MODULES)})
        for number in range(DISTRIBUTIONS)
    ]  # fmt: skip


def _folders(base: Path, count: int) -> list[Path]:
    """Return the folders of the environments, in groups that begin with the first of each step."""
    return [base / f"from_{_group(number, count):04}" / f"project_{number:04}"
            for number in range(count)]  # fmt: skip


def steps(count: int) -> list[int]:
    """Return how many environments are audited: an eighth, a quarter, half, all."""
    return sorted({max(1, count // part) for part in (8, 4, 2, 1)})


def _group(number: int, count: int) -> int:
    return max((step for step in [0, *steps(count)] if step <= number), default=0)


def ask(base: Path, count: int, step: int, options: tuple[str, ...]) -> list[float]:
    """Audit the first *step* of *count*; return seconds, of the processors too, and MB."""
    groups = sorted({path.parent for path in _folders(base, count)[:step]})
    named = [word for group in groups for word in ("--linkcheck-env", str(group / "**" / ".venv"))]
    words = [sys.executable, "-c", ASK, sys.executable, "-m", "pytest", *OURS, *options, *named]
    environ = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    empty = base / "empty"  # pytest would run the tests that it finds where it is started
    empty.mkdir(exist_ok=True)
    told = subprocess.run(words, cwd=empty, env=environ, stdout=subprocess.PIPE, check=True).stdout
    figures: list[float] = json.loads(told)
    return figures


def main(base: Path, count: int = COUNT) -> None:
    """Measure and print."""
    make(base, count)
    print("| environments | in | clock | each more: clock | processors | memory |")
    print("|---|---|---|---|---|---|")
    for way, options in WAYS:
        first, least = 0, [0.0, 0.0, 0.0]
        for step in steps(count):
            told = [ask(base, count, step, options) for _ in range(ROUNDS)]
            now = [statistics.median(column) for column in zip(*told, strict=True)]
            clock, processor, memory = (
                (one - few) / (step - first) for one, few in zip(now, least, strict=True)
            )
            more = f"{1000 * clock:.1f} ms | {1000 * processor:.1f} ms | {now[2]:.1f} MB"
            grown = f", {1000 * memory:.0f} kB each more" if first else ""
            print(f"| {step} | {way} | {now[0]:.1f} s | {more}{grown} |", flush=True)
            if not first:  # with what the start takes
                first, least = step, now


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]).absolute(), *map(int, sys.argv[2:3]))
    else:
        with tempfile.TemporaryDirectory(prefix="linkcheck-benchmark-") as made:
            main(Path(made))
