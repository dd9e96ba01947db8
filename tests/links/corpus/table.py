"""The corpus as a table: each case on each filesystem, our verdict and the oracle's.

As a script, from the folder `tests`: `python -m links.corpus.table [WORD ...]`, as root; words
choose the cases whose names hold them. Where the oracle says another word than we do, both stand
in the cell: `unknown/reflink`.
"""

import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from support.places import KINDS, Place, all_places

from pytest_linkcheck.links import compare

from . import cases_btrfs, cases_clones, cases_copies, cases_names, cases_overlay
from .case import CASES, NOT_HERE, Case, sites
from .oracle import oracle_verdict

MODULES = (cases_names, cases_copies, cases_clones, cases_btrfs, cases_overlay)


@dataclass(frozen=True, slots=True)
class Row:
    """What one case gave on one filesystem."""

    case: str
    kind: str
    verdict: str
    reason: str
    oracle: str


def run_case(case: Case, place: Place) -> Row:
    """Make the paths of *case*, ask for the verdict and ask the oracle, and undo its mounts."""
    with ExitStack() as stack:
        try:
            a, b = case.make(sites(place, case.name, stack))
        except (OSError, subprocess.CalledProcessError) as error:
            return Row(case.name, place.kind, NOT_HERE, str(error), NOT_HERE)
        verdict, back = compare(a, b), compare(b, a)
        assert verdict.sharing is back.sharing, "the order of two paths must not matter"
        assert verdict.shared_bytes == back.shared_bytes
        oracle = oracle_verdict(a, b, place)
        return Row(case.name, place.kind, verdict.sharing.value, verdict.reason, oracle)


def rows(chosen: Iterable[Case], place: Place) -> Iterator[Row]:
    """Yield the rows of the *chosen* cases on one place."""
    for case in chosen:
        yield run_case(case, place)


def _table(words: list[str]) -> None:
    chosen = [case for case in CASES if all(word in case.name for word in words)]
    width = max(len(case.name) for case in chosen)
    _write(" " * width, *(f"{kind:14}" for kind in KINDS))
    with all_places() as places:
        for case in chosen:
            cells = []
            for kind in KINDS:
                row = run_case(case, places[kind])
                told = row.verdict if row.verdict == row.oracle else f"{row.verdict}/{row.oracle}"
                cells.append(f"{told:14}")
            _write(f"{case.name:{width}}", *cells)


def _write(*cells: str) -> None:
    sys.stdout.write(" ".join(cells).rstrip() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _table(sys.argv[1:])
