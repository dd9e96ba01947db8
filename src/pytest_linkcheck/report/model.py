"""The record of runs of pytest: what was found, where, and how each run ended.

A report holds runs, and results that name their run by its id. Nothing here knows pytest: reports
are written by one process, and read, merged, compared and shown by others. docs/reports.md
describes each field for those who read the JSON; `schema.json` is its schema.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.links.show import show_name

from .plain import from_plain, to_plain
from .runs import Host, Python, Run

_VERSION = re.compile(r"[0-9]{1,9}")
SCHEMA = "pytest-linkcheck-report"
VERSION = 1  # counts up when an old reader would misread a new report; fields may be added without

# What became of a check; those of other tests are pytest's: passed, failed, skipped, xfailed, ...
PASSED, FAILED, HAZARD, SKIPPED, KNOWN = "passed", "failed", "hazard", "skipped", "known"

# How each file is shared; `own`: an inode with no other name outside its environment, on a
# filesystem that cannot share blocks between inodes.
COLUMNS = ("hardlink", "reflink", "symlink", "own", "unknown")

_LONGEST = 4000  # characters of evidence that are kept of one failure


def bounded(text: str) -> str:
    """Return *text*, its middle cut out if it is longer than a report keeps of one failure."""
    if len(text) <= _LONGEST:
        return text
    half = _LONGEST // 2
    return f"{text[:half]}\n[{len(text) - 2 * half:,} characters left out]\n{text[-half:]}"


@dataclass(frozen=True, slots=True)
class Result:
    """One check, run for one installer, link mode and place; the latter two may be empty.

    Attributes:
        check: its name, with its module's where another one has such a check too.
        promise: what it checks, in a sentence.
        why: the address of what says why.
        installer: as it was chosen: `uv`, `uv==0.10.4`.
        version: what the installer says of itself; empty if it was never asked.
        link_mode: `clone`, `hardlink`, ..., or `default`: the installer's own choice.
        filesystem: the name of the place: `ext4`, `default`, ...
        case: what else the check was run for.
        outcome: `passed`, `failed`, `hazard`, `skipped`, or `known`: failed, and accepted by the
            configuration.
        reason: why, in one line.
        level: `must`, or `hazard`: whether a broken promise fails.
        filesystem_type: what the kernel calls the place's filesystem; empty if it was not made.
        cache_filesystem: the name of the cache's place; empty if it is that of the environment.
        evidence: all that the failure says, at most about 4,000 characters.
        remedy: what would make a skipped check run.
        duration: seconds of the check itself, its fixtures apart.
        nodeid: pytest's name of the test.
        run: the id of its run.
        worker: the worker of xdist that ran it; empty without xdist.
    """

    check: str
    promise: str
    why: str
    installer: str
    version: str
    link_mode: str
    filesystem: str
    case: str
    outcome: str
    reason: str = ""
    level: str = ""
    filesystem_type: str = ""
    cache_filesystem: str = ""
    evidence: str = ""
    remedy: str = ""
    duration: float = 0.0
    nodeid: str = ""
    run: str = ""
    worker: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as plain types."""
        return dict(to_plain(self))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Result":
        """Return the result that `to_json` made *data* of; raises `LinkcheckError` for others."""
        return from_plain(cls, data)

    @property
    def where(self) -> str:
        """The link mode and the place."""
        return " on ".join(filter(None, (self.link_mode, self.filesystem)))


@dataclass(frozen=True, slots=True)
class Reason:
    """Why *files* files are not shared, and what would change it, if anything would."""

    files: int
    why: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One audited distribution of one environment. Sizes in bytes, each inode counted once.

    Attributes:
        environment: the label of the environment: its path, as short as it can be told.
        name: of the distribution; empty if the environment itself cannot be audited.
        version: of the distribution.
        files: how many it has, bytecode apart.
        sharing: how many of them are shared how: `hardlink`, `reflink`, `symlink`, `own`,
            `unknown`.
        size: the bytes of all files, bytecode apart.
        shared: the bytes that hard links, reflinks and symlinks share.
        bytecode: how many files of bytecode it has.
        bytecode_size: their bytes.
        reasons: why files are not shared, the commonest first.
        unknown_size: the bytes of which it cannot be told; what is neither they nor `shared` is
            the environment's own.
        classes: `sharing` by the role of the file: `payload`, `metadata`, `generated`, ...
        examined: whether files were looked at; where not, all numbers are 0.
        outcome: `passed`, `failed` or `skipped`.
        message: what is wrong, or why it was skipped.
        duration: seconds.
        nodeid: pytest's name of the test.
        run: the id of its run.
        worker: the worker of xdist that ran it; empty without xdist.
    """

    environment: str
    name: str
    version: str
    files: int
    sharing: Mapping[str, int]
    size: int
    shared: int
    bytecode: int
    bytecode_size: int
    reasons: tuple[Reason, ...] = ()
    unknown_size: int = 0
    classes: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    examined: bool = True
    outcome: str = ""
    message: str = ""
    duration: float = 0.0
    nodeid: str = ""
    run: str = ""
    worker: str = ""

    @classmethod
    def unexamined(cls, environment: str, name: str) -> "Row":
        """Return the row of a distribution no file of which was looked at."""
        return cls(environment, name, "", 0, {}, 0, 0, 0, 0, examined=False)

    @property
    def own(self) -> int:
        """The bytes that are known to be shared with nothing."""
        return self.size - self.shared - self.unknown_size


@dataclass(frozen=True, slots=True)
class PlainTest:
    """An ordinary test that is marked `linkcheck...` or uses our fixtures.

    Attributes:
        nodeid: pytest's name of it.
        outcome: `passed`, `failed`, `skipped`, `xfailed` or `xpassed`.
        duration: seconds of the test itself, its fixtures apart.
        sharing: how many of the pairs of files that assertions compared are `hardlink`,
            `reflink`, `copy`, `unknown`, ...
        evidence: all that the failure says, at most about 4,000 characters; why it was skipped.
        run: the id of its run.
        worker: the worker of xdist that ran it; empty without xdist.
    """

    nodeid: str
    outcome: str
    duration: float = 0.0
    sharing: Mapping[str, int] = field(default_factory=dict)
    evidence: str = ""
    run: str = ""
    worker: str = ""


# Each kind of result, and what may become of it.
OUTCOMES: Mapping[type, tuple[str, ...]] = {
    Result: (PASSED, FAILED, HAZARD, SKIPPED, KNOWN),
    Row: (PASSED, FAILED, SKIPPED),
    PlainTest: (PASSED, FAILED, SKIPPED, "xfailed", "xpassed"),
}


@dataclass(frozen=True, slots=True)
class Report:
    """Runs and all their results."""

    runs: tuple[Run, ...] = ()
    checks: tuple[Result, ...] = ()
    audits: tuple[Row, ...] = ()
    tests: tuple[PlainTest, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as plain types, with the name and version of the schema."""
        return {"schema": f"{SCHEMA}/{VERSION}", **to_plain(self)}

    @classmethod
    def from_json(cls, data: object, name: object) -> "Report":
        """Return the report that `to_json` made *data* of; *name* is the file's, for messages.

        Raises `LinkcheckError` for what is no report, is incomplete, or was written by a later
        version that this one would misread.
        """
        shown = show_name(name)
        schema = data.get("schema") if isinstance(data, Mapping) else None
        kind, _, version = schema.partition("/") if isinstance(schema, str) else ("", "", "")
        if kind != SCHEMA or not _VERSION.fullmatch(version):
            raise LinkcheckError(f"{shown} is no report of pytest-linkcheck")
        if int(version) > VERSION:
            raise LinkcheckError(
                f"{shown} is a report of schema {version}, and this pytest-linkcheck reads "
                f"{VERSION}: upgrade it"
            )
        try:
            report = from_plain(cls, data)
            report.check()
        except LinkcheckError as error:
            raise LinkcheckError(f"{shown} is a damaged report: {show_name(error)}") from None
        return report

    def check(self) -> None:
        """Raise `LinkcheckError` for a result of an unknown run, or with an unknown outcome."""
        known = {run.id for run in self.runs}
        found: list[Result | Row | PlainTest] = [*self.checks, *self.audits, *self.tests]
        for one in found:
            if one.run not in known:
                raise LinkcheckError(f"{one.nodeid} is of a run that is not in it")
            if one.outcome not in OUTCOMES[type(one)]:
                raise LinkcheckError(f"{one.nodeid} has the outcome {one.outcome!r}, which is none")

    def ran_on(self, one: Result | Row | PlainTest) -> tuple[Host, Python]:
        """Return the host and the Python of a result of this report."""
        run = next(run for run in self.runs if run.id == one.run)
        worker = next((worker for worker in run.workers if worker.id == one.worker), None)
        return (worker.host, worker.python) if worker else (run.host, run.python)


Found = TypeVar("Found", bound=Result | Row | PlainTest)


def failed(one: Found, told: str) -> Found:
    """Return the result *one* as that of a test which has failed after all, as is *told*."""
    if isinstance(one, Result):
        return replace(one, outcome=FAILED, reason=told.partition("\n")[0], evidence=told)
    if isinstance(one, Row):
        return replace(one, outcome=FAILED, message=told)
    return replace(one, outcome=FAILED, evidence=told)


def name_run(one: Found, run: str, worker: str) -> Found:
    """Return the result *one* with the run and the worker that it is of."""
    return replace(one, run=run, worker=worker)
