"""How much faster two workers are, and that they build nothing twice.

    python benchmarks/xdist.py [ARGUMENT ...]

runs the conformance suite with `-n 0` and with `-n 2`, and prints both times, their ratio, and how
often each environment, wheel and filesystem was built. Without arguments the suite is run as it is
without options: for uv and pip, in each link mode, where pytest keeps temporary files. Arguments
are handed to pytest: `--linkcheck-installer uv -k sharing`. The processor time of both runs is
printed too: on a machine that is busy with other things it says more than the clock.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

AT_MOST = 0.65
SUITE = ("--linkcheck", "--pyargs", "pytest_linkcheck.conformance")
# Neither what else is installed beside pytest nor the order of tests is to be measured.
PLAIN = ("-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:cov", "-p", "no:shm", "-q")


@dataclass(frozen=True)
class Measured:
    """One run: seconds by the clock and of the processors, its last line, what it built."""

    clock: float
    processor: float
    outcome: str
    built: Counter[tuple[str, str]]


def measure(workers: int, args: list[str]) -> Measured:
    """Run the suite with so many *workers*."""
    with tempfile.TemporaryDirectory(prefix="linkcheck-benchmark-") as folder:
        base = Path(folder) / "base"
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *PLAIN, f"-n{workers}", f"--basetemp={base}",
             *SUITE, *args],
            cwd=folder, stdout=subprocess.PIPE, encoding="utf-8", check=False,
            env={name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"},
        )  # fmt: skip
        clock = time.perf_counter() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode not in {0, 1}:
            sys.exit(done.stdout)
        processor = sum(
            getattr(after, name) - getattr(before, name) for name in ("ru_utime", "ru_stime")
        )
        return Measured(clock, processor, done.stdout.splitlines()[-1], read_builds(base))


def read_builds(base: Path) -> Counter[tuple[str, str]]:
    """Return how often each thing was built, from the logs that the processes of a run write."""
    logs = (base / "linkcheck").glob("**/builds.log")
    told = [json.loads(line) for log in logs for line in log.read_text("utf-8").splitlines()]
    return Counter((one["kind"], one["name"]) for one in told)


def main() -> None:
    """Measure and print."""
    args = sys.argv[1:]
    runs = {workers: measure(workers, args) for workers in (0, 2)}
    for workers, run in runs.items():
        print(f"-n {workers}: {run.clock:.1f} s, {run.processor:.1f} s of processor: {run.outcome}")
        for kind in sorted({kind for kind, _ in run.built}):
            times = [count for (of, _), count in run.built.items() if of == kind]
            twice = sum(count > 1 for count in times)
            print(f"  {len(times)} of kind {kind}: each built once, but for {twice}")
    ratio = runs[2].clock / runs[0].clock
    verdict = "as wanted" if ratio <= AT_MOST else "too slow"
    print(f"ratio {ratio:.2f}, at most {AT_MOST}: {verdict}")


if __name__ == "__main__":
    main()
