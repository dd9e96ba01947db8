"""What a test report says of a failure or a skip, without the code around it."""

import re

import pytest

from .model import bounded

# How our own skips put it: what is missing, then a colon or semicolon, then what to do about it.
_REMEDY = re.compile(
    r"[:;,] ((?:or )?(?:ask|choose|connect|give|install|load|mount|name|pass|put|remove|run|set|"
    r"upgrade|use) .+)"
)


def is_crash(report: pytest.TestReport) -> bool:
    """Return whether it is xdist that reports a test, as the worker died that ran it.

    Such a report carries nothing of what the worker knew.
    """
    return report.when not in {"setup", "call", "teardown"}


def evidence_of(report: pytest.TestReport) -> str:
    """Return all that the failure says, or why the test was skipped; empty for one that passed."""
    if report.longrepr is None:
        return ""
    if isinstance(report.longrepr, tuple):  # a skip: file, line, reason
        return bounded(str(report.longrepr[2]).removeprefix("Skipped: "))
    crash = getattr(report.longrepr, "reprcrash", None)
    told = crash.message if crash else str(report.longrepr)
    return bounded(str(told).removeprefix("AssertionError: "))


def reason_of(report: pytest.TestReport) -> str:
    """Return the first line of what `evidence_of` returns."""
    return evidence_of(report).partition("\n")[0]


def remedy_of(report: pytest.TestReport) -> str:
    """Return what a skip says would make the test run; empty if it says nothing of the kind."""
    found = _REMEDY.search(reason_of(report)) if report.skipped else None
    return found[1].removeprefix("or ") if found else ""
