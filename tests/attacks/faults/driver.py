"""Runs one task again and again, each time with another call of it failing; see test_faults.py.

`python driver.py TASK FOLDER ERRNO,... STEP FIRST` writes a line of JSON for each time: what failed
with what, and what came of it. The first line is of an undisturbed run. Of each error every
STEP-th call fails, for each from another on; FIRST is how many to leave out for the first error.
"""

import ctypes
import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path

from pytest_linkcheck.audit.context import Context
from pytest_linkcheck.audit.discover import find_bounded
from pytest_linkcheck.audit.examine import examine, make_row, problems
from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.links import (
    compare,
    compare_pairs,
    compare_trees,
    measure,
    probe_boundary,
    scan,
    take_stock,
)

_C = ctypes.CDLL(None)
_C.arm.argtypes = (ctypes.c_long, ctypes.c_int)
_C.fired.restype = ctypes.c_char_p

Told = Mapping[str, object]


def _compare(folder: Path) -> Told:
    return {
        name: compare(folder / a, folder / b, content=True).sharing.value
        for name, (a, b) in _pairs(str(folder)).items()
    }


@cache
def _pairs(folder: str) -> dict[str, tuple[str, str]]:
    pairs: dict[str, tuple[str, str]] = json.loads(Path(folder, "pairs.json").read_bytes())
    return pairs


def _scan(folder: Path) -> Told:
    try:
        told = scan(folder / "pairs")
    except OSError as error:  # of the root itself
        return {"error": str(error)}
    entries = {str(one.facts.path): str(one.facts) for one in told.entries}
    return {"entries": entries, "problems": list(map(str, told.problems))}


def _measure(folder: Path) -> Told:
    try:
        told = measure(folder / "pairs")
    except OSError as error:
        return {"error": str(error)}
    groups = [sorted(str(path) for path in inode.names) for inode in told.linked]
    notes = {"problems": list(map(str, told.problems)), "notes": list(told.total.notes)}
    return {"linked": groups, "text": str(told.total), **notes}


def _pairwise(folder: Path) -> Told:
    """The verdicts as `compare_pairs` has them: fast where two files are plainly reflinks."""
    named = _pairs(str(folder))
    told = compare_pairs((folder / a, folder / b) for a, b in named.values())
    return {name: one.sharing.value for name, one in zip(named, told, strict=True)}


def _trees(folder: Path) -> Told:
    try:
        told = compare_trees(folder / "pairs", folder / "twin")
    except OSError as error:
        return {"error": str(error)}
    lists = {"different": told.different, "first": told.only_first, "second": told.only_second}
    problems = [*map(str, told.problems), *told.unknown.values()]
    return {"same": told.same, **lists, "problems": problems}


def _stock(folder: Path) -> Told:
    try:
        told = take_stock([folder / "pairs", folder / "twin"])
    except OSError as error:
        return {"error": str(error)}
    shares = {os.path.basename(root): asdict(share) for root, share in told.roots.items()}  # noqa: PTH119
    return {"shares": shares, "problems": [*map(str, told.problems), *told.notes]}


def _probe(folder: Path) -> Told:
    try:
        told = probe_boundary(folder / "pairs", folder / "env")
    except OSError as error:
        return {"error": str(error)}
    return {"linkable": told.linkable.value, "reflinkable": told.reflinkable.value}


def _audit(folder: Path) -> Told:
    try:
        context = Context(find_bounded(folder / "env"))
        found: dict[str, object] = {}
        for name, dist in context.named.items():
            if not dist.has_record and dist.is_folder:
                found[name] = "skipped"
                continue
            seen = examine(dist, context)
            make_row("env", dist, seen)
            found[name] = {
                "files": {one.file.name: one.sharing for one in seen},
                "why": {one.file.name: one.why for one in seen},
                "problems": list(problems(dist, seen, "auto")),
            }
    except LinkcheckError as error:
        return {"error": str(error)}
    return {"found": found}


_TASKS: dict[str, Callable[[Path], Told]] = {
    "compare": _compare, "scan": _scan, "measure": _measure, "probe": _probe, "audit": _audit,
    "pairs": _pairwise, "trees": _trees, "stock": _stock,
}  # fmt: skip


def _once(task: Callable[[Path], Told], folder: Path, number: int, error: int) -> dict[str, object]:
    """Run *task* in a child, where call *number* fails with *error*; 0 for no failure."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(out)
        _C.arm(number, error)
        try:
            told = dict(task(folder))
        except BaseException:  # noqa: BLE001 - told to the test
            told = {"traceback": traceback.format_exc()}
        _C.disarm()
        answer = {"call": _C.fired().decode(), "told": told}
        with os.fdopen(into, "w") as stream:
            json.dump(answer, stream)
        os._exit(0)
    os.close(into)
    with os.fdopen(out) as stream:
        text = stream.read()
    _, status = os.waitpid(child, 0)
    answer = json.loads(text) if text else {"call": "?", "told": {"traceback": f"status {status}"}}
    return {"number": number, "error": error, **answer}


def _say(told: Mapping[str, object]) -> None:
    sys.stdout.write(f"{json.dumps(told)}\n")


def main(name: str, folder: str, errors: str, step: str, first: str) -> None:
    task, root = _TASKS[name], Path(folder)
    task(root)  # imports what is imported late, before anything fails
    _say(_once(task, root, 0, 0))
    for index, error in enumerate(filter(None, errors.split(",")), int(first)):
        number = 1 + index % int(step)
        while True:
            told = _once(task, root, number, int(error))
            if not told["call"]:
                break
            _say(told)
            number += int(step)


main(*sys.argv[1:])
