"""Which stored snapshots no test uses any more."""

import os
from collections.abc import Iterable, Iterator, Mapping
from glob import escape
from pathlib import Path
from typing import Any

import pytest

from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.links.show import show_count, show_name

from .files import FOLDER, list_folder, owner_of, remove_snapshot, stored

_SHOWN = 20


def summary_lines(
    records: Iterable[tuple[pytest.TestReport, Mapping[str, Any]]], *, update: bool
) -> Iterator[str]:
    """Yield what was written, and what is stale; with *update*, remove that.

    *records* are those of tests that used the fixture, each with the report it came with.
    """
    given = list(records)
    written = {Path(one["folder"], name) for _, one in given for name in one["written"]}
    if written:
        yield f"{show_count(len(written), 'snapshot')} written"
    stale = find_stale(given)
    if stale and not update:
        yield (
            f"{show_count(len(stale), 'snapshot')} not used by any test (--linkcheck-update "
            "removes them):"
        )
    for path in stale if update else stale[:_SHOWN]:
        if not update:
            yield f"  {show_name(os.path.relpath(path))}"
            continue
        try:
            remove_snapshot(path)
        except LinkcheckError as error:
            yield str(error)
        else:
            yield f"removed {show_name(os.path.relpath(path))}, which no test uses"
    if not update and len(stale) > _SHOWN:
        yield f"  and {len(stale) - _SHOWN:,} more"


def find_stale(records: Iterable[tuple[pytest.TestReport, Mapping[str, Any]]]) -> list[Path]:
    """Return the snapshots whose test is gone, or passed without using them.

    A test that was skipped, failed or left out keeps its own; of a module that was not collected
    whole, only tests that passed are judged.
    """
    tests: dict[Path, set[str]] = {}
    used: dict[Path, set[str]] = {}
    passed: dict[Path, set[str]] = {}
    for report, record in records:
        folder = Path(record["folder"])
        used.setdefault(folder, set()).update(record["used"])
        passed.setdefault(folder, set())
        if report.when == "call" and report.outcome == "passed":
            passed[folder].add(record["test"])
        if record["tests"] is not None:
            tests.setdefault(folder, set()).update(record["tests"])
    found = set()
    for folder, names in used.items():
        for path in stored(folder):
            owner = owner_of(path)
            gone = folder in tests and owner not in tests[folder]
            unused = owner in passed[folder] and path.name not in names
            if gone or unused:
                found.add(path)
    for home in {folder.parent for folder in used if folder.parent.name == FOLDER}:
        for folder in list_folder(home):
            # Tests in a text, as those of doctest, have another suffix.
            if not any(home.parent.glob(f"{escape(folder.name)}.*")):
                found |= set(stored(folder))
    return sorted(found)
