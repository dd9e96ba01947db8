"""Collects what a run found, in the process that ends it, and writes the reports."""

import sys
from collections.abc import Generator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.filesystems.expectations import assumed
from pytest_linkcheck.links.show import show_name

from .failures import evidence_of, is_crash
from .files import NO_JINJA, can_render_html, check_output, write_report
from .model import FAILED, PlainTest, Report, Result, Row, failed, name_run
from .names import tell_apart
from .runs import InstallerFacts, PlaceFacts, Run, Worker
from .travel import unpack
from .where_run import Where, this_host, this_python

_BEGUN = "it has not ended yet, or was killed"


def parse_outputs(config: pytest.Config) -> list[Path]:
    """Return the files that `--linkcheck-report` names.

    Raises `pytest.UsageError` where none can be written there.
    """
    found: dict[Path, None] = {}
    for value in config.option.linkcheck_report:
        path = config.invocation_params.dir / Path(value).expanduser()
        try:
            check_output(path)
        except LinkcheckError as error:
            raise pytest.UsageError(f"--linkcheck-report {error}") from None
        found[path] = None
    return list(found)


class Collector:
    """Keeps the results of a run, wherever they were found, and writes the reports at its end."""

    def __init__(self, outputs: list[Path]) -> None:
        self._outputs = outputs
        self._id = uuid4().hex
        self._started = _now()
        # A test whose teardown fails is told of again, so that the last word counts.
        self._found: dict[tuple[type, str, str], Result | Row | PlainTest] = {}
        self._workers: dict[str, Worker] = {}
        self._installers: dict[InstallerFacts, None] = {}
        self._filesystems: dict[PlaceFacts, None] = {}
        self._broken = ""  # why the run is not complete, whatever else ran
        self._interrupted = ""
        self._ended: list[str] = []  # the names of tests that ran to their end
        self._told: list[str] = []

    def pytest_report_header(self) -> list[str]:
        """Say at once if a report that was asked for cannot be written."""
        return [
            f"linkcheck: {show_name(path.name)}: {NO_JINJA}; {show_name(_json(path).name)} will be "
            "written in its place"
            for path in self._outputs
            if _needs_jinja(path)
        ]

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Write what is true if the run is killed: no report of another run must stand for it."""
        run = self._run(_BEGUN, int(pytest.ExitCode.INTERRUPTED))
        for path in self._outputs:
            with suppress(LinkcheckError):  # said at the end
                written = _json(path) if _needs_jinja(path) else path
                write_report(Report(runs=(replace(run, finished=""),)), written)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what the report of a test carries."""
        if is_crash(report):
            self._note_crash(report)
        where = next(iter(unpack(Where, report.user_properties)), None)
        if where is not None:
            self._note_where(where)
        worker = where.worker if where else ""
        found: list[Result | Row | PlainTest] = [
            *unpack(Result, report.user_properties),
            *unpack(Row, report.user_properties),
            *unpack(PlainTest, report.user_properties),
        ]
        for one in found:
            self._found[type(one), one.nodeid, worker] = name_run(one, self._id, worker)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Note that a test ran to its end."""
        self._ended.append(nodeid)

    def _note_crash(self, report: pytest.TestReport) -> None:
        """Note a test whose worker died: what it had reported by then was not the last word."""
        told = evidence_of(report)
        before = [key for key in self._found if key[1] == report.nodeid]
        for key in before:
            self._found[key] = failed(self._found[key], told)
        if not before:
            crashed = PlainTest(report.nodeid, FAILED, evidence=told, run=self._id)
            self._found[PlainTest, report.nodeid, ""] = crashed
        self._broken = self._broken or f"a worker crashed in {show_name(report.nodeid)}"

    def _note_where(self, where: Where) -> None:
        if (where.host, where.python) != (this_host(), this_python()):
            self._workers[where.worker] = Worker(where.worker, where.host, where.python)
        self._installers |= dict.fromkeys(where.installers)
        self._filesystems |= dict.fromkeys(where.filesystems)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Note why the run ends early: Ctrl-C, `pytest.exit`, `--maxfail` under xdist, ..."""
        plain = type(excinfo.value) is KeyboardInterrupt
        self._interrupted = "KeyboardInterrupt" if plain else _first_line(excinfo.value)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note what could not be collected: its tests did not run."""
        if report.failed:
            self._broken = f"an error while collecting {show_name(report.nodeid)}"

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Note that something in pytest or a plugin broke."""
        self._broken = f"an internal error: {_first_line(excinfo.value)}"

    @pytest.hookimpl(wrapper=True, trylast=True)  # after all who may still report or set the status
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, object, object]:
        """Write the reports."""
        try:
            return (yield)
        finally:
            self._write(session)

    def _write(self, session: pytest.Session) -> None:
        report = self.build(session)
        for path in self._outputs:
            try:
                write_report(report, path)
                self._told.append(f"linkcheck: report written to {show_name(path)}")
            except LinkcheckError as error:
                self._told.append(f"linkcheck: {error}")
                self._fail(session)
                if _needs_jinja(path):
                    self._write_json_instead(report, _json(path))

    def _write_json_instead(self, report: Report, path: Path) -> None:
        try:
            write_report(report, path)
            self._told.append(f"linkcheck: report written to {show_name(path)} in its place")
        except LinkcheckError as error:
            self._told.append(f"linkcheck: {error}")

    def _fail(self, session: pytest.Session) -> None:
        if session.exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def build(self, session: pytest.Session) -> Report:
        """Return the report of the run as it stands now."""
        stopped = self._broken or self._why_stopped(session)
        return Report(
            runs=(self._run(stopped, int(session.exitstatus)),),
            checks=tuple(
                tell_apart(one for one in self._found.values() if isinstance(one, Result))
            ),
            audits=tuple(one for one in self._found.values() if isinstance(one, Row)),
            tests=tuple(one for one in self._found.values() if isinstance(one, PlainTest)),
        )

    def _why_stopped(self, session: pytest.Session) -> str:
        """Return why not every test ran, if so: Ctrl-C, `-x`, `--maxfail`, ..."""
        if 0 < session.testscollected <= len(set(self._ended)):
            return ""  # -x stops after the last test too
        for told in (self._interrupted, session.shouldfail, session.shouldstop):
            if told:
                return show_name(told if isinstance(told, str) else "stopped early")
        # Not the names: a test may be there twice (--keep-duplicates).
        ran, chosen = len(self._ended), session.testscollected
        return f"{ran:,} of {chosen:,} tests ran" if ran < chosen else ""

    def _run(self, stopped: str, status: int) -> Run:
        return Run(
            id=self._id,
            host=this_host(),
            python=this_python(),
            plugin=_version(),
            pytest=pytest.__version__,
            started=self._started,
            finished=_now(),
            complete=not stopped,
            interrupted=stopped,
            exit_status=status,
            workers=tuple(self._workers.values()),
            installers=tuple(
                replace(one, assumed=assumed(one.name, one.version)) for one in self._installers
            ),
            filesystems=tuple(self._filesystems),
        )

    @pytest.hookimpl(trylast=True)  # below the tables that the reports are of
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:  # noqa: ANN401
        """Say where the reports are."""
        terminalreporter.ensure_newline()
        for line in self._told:
            terminalreporter.write_line(line)
        self._told.clear()

    def pytest_unconfigure(self) -> None:
        """Say it after an internal error too, when there is no summary."""
        for line in self._told:
            sys.stderr.write(f"{line}\n")


def _needs_jinja(path: Path) -> bool:
    return path.suffix == ".html" and not can_render_html()


def _json(path: Path) -> Path:
    return path.with_suffix(".json")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _version() -> str:
    try:
        return version("pytest-linkcheck")
    except PackageNotFoundError:
        return "unknown"


def _first_line(error: BaseException) -> str:
    told = str(getattr(error, "msg", "") or error).partition("\n")[0]
    return show_name(told) or type(error).__name__
