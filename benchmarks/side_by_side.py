"""What the benchmarks have in common: two ways in turn, medians, and a row of a table.

Ours and the other way run one after the other, again and again, so that whatever else the machine
does falls on both. The ratio of each round is taken, and the median of the rounds is what counts:
once by the clock, once by the time of the processors (user and system), which hardly depends on
the load. The first round warms the caches and is left out.
"""

import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROUNDS = 7
HEAD = (
    "| what | against | clock | ratio | ratio of processor time | at most |\n"
    "|---|---|---|---|---|---|"
)


@dataclass(frozen=True)
class Cost:
    """What one run took, in seconds."""

    clock: float
    processor: float


def cost_of(run: Callable[[], object]) -> Cost:
    """Run once."""
    before, start = _processor(), time.perf_counter()
    run()
    return Cost(time.perf_counter() - start, _processor() - before)


def _processor() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def command(*words: str | os.PathLike[str], okay: Sequence[int] = (0,)) -> Callable[[], None]:
    """Return a function that runs a command, whose output nobody reads."""

    def run() -> None:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            check=False,
        )  # fmt: skip
        if done.returncode not in okay:
            sys.exit(f"{words[0]}: {os.fsdecode(done.stderr)}")

    return run


def compiled(source: Path, folder: Path) -> Path | None:
    """Return the program of a file in C, made in *folder*; `None` without a compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    subprocess.run([compiler, "-O2", "-o", folder / source.stem, source], check=True)
    return folder / source.stem


def race(  # noqa: PLR0913 - the parts of one row
    what: str,
    ours: Callable[[], object],
    against: str,
    theirs: Callable[[], object],
    at_most: float,
    *,
    rounds: int = ROUNDS,
) -> None:
    """Run *ours* and *theirs* in turn, and print the row."""
    cost_of(theirs)
    cost_of(ours)
    pairs = [(cost_of(theirs), cost_of(ours)) for _ in range(rounds)]
    show_row(what, against, pairs, at_most)


def show_row(what: str, against: str, pairs: list[tuple[Cost, Cost]], at_most: float) -> None:
    """Print the row for rounds of theirs and ours."""
    clock = statistics.median(our.clock / their.clock for their, our in pairs)
    processor = statistics.median(our.processor / their.processor for their, our in pairs)
    theirs_took, ours_took = (statistics.median(pair[n].clock for pair in pairs) for n in (0, 1))
    missed = "" if clock <= at_most else ", missed"
    print(
        f"| {what} | {against} | {_show(ours_took)} : {_show(theirs_took)} "
        f"| {clock:.2f} | {processor:.2f} | {at_most:g}{missed} |",
        flush=True,
    )


def _show(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 0.1 else f"{seconds * 1000:.1f} ms"
