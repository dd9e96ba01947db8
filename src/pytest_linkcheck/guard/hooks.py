"""The hooks of the guard, registered only when `--linkcheck-guard` is given."""

import time
from collections.abc import Generator
from typing import Any

import pytest

from pytest_linkcheck.links.show import show_count, show_home, show_name

from .judge import Finding, judge_all
from .known import find_known
from .looks import look_at_all
from .report import guard_lines
from .targets import Target, find_targets
from .tracker import Tracker

PROPERTY = "linkcheck-guard"  # its name among a report's user_properties


def register(config: pytest.Config) -> None:
    """Take the first look, in the process that reports; with `-v` track tests where they run.

    Raises `pytest.UsageError` for wrong option values.
    """
    targets = find_targets(config)
    is_worker = hasattr(config, "workerinput")
    is_verbose = getattr(config.option, "verbose", 0) > 0  # not there with -p no:terminal
    guard = None
    if not is_worker:
        guard = Guard(targets, names_tests=is_verbose)
        config.pluginmanager.register(guard, "linkcheck-guard")
    if is_verbose:
        tracker = Tracker(guard.survey if guard else look_at_all(targets))
        if guard:
            guard.problem = tracker.problem
        if guard and getattr(config.option, "tx", None):
            tracker.close()  # tests run elsewhere: this one only told whether they can be tracked
        else:
            config.add_cleanup(tracker.close)
            config.pluginmanager.register(Track(tracker), "linkcheck-guard-tests")


class Guard:
    """Looks before the first test and after the last, and tells what was changed."""

    def __init__(self, targets: list[Target], *, names_tests: bool) -> None:
        self._targets = targets
        self._tests: dict[str, list[str]] | None = {} if names_tests else None
        self._running: dict[str, None] = {}
        self._findings: list[Finding] = []
        self._is_told = False
        self.survey = look_at_all(targets)
        self.problem = ""
        self._known = find_known(self.survey)

    def pytest_report_header(self) -> list[str]:
        """Say what is watched."""
        lines = []
        for target in self._targets:
            count = sum(target.holds(path) for path in self.survey.looks)
            told = f"{target.kind.value} {show_home(target.root)}, {show_count(count, 'file')}"
            lines.append(f"linkcheck guard: {told}")
        lines += [f"linkcheck guard: not watched: {one}" for one in self.survey.problems]
        if self.problem:
            lines.append(
                f"linkcheck guard: every file is looked at after each test, {self.problem}"
            )
        return lines

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Note which tests run: of one that does not end no report tells what was changed."""
        self._running[nodeid] = None

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Note which tests have ended."""
        self._running.pop(nodeid, None)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep which paths were changed while a test ran, wherever it ran."""
        if self._tests is None:
            return
        properties: list[tuple[str, Any]] = report.user_properties
        for name, paths in properties:
            if name == PROPERTY:
                for path in paths:  # as `show_name` has them
                    self._tests.setdefault(path, []).append(report.nodeid)

    # Innermost, so that it is known before the terminal's summary is written.
    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, object, object]:
        """Take the second look, and fail the session if anything was changed."""
        try:
            return (yield)
        finally:
            self._findings = judge_all(self.survey, self._known, self._targets)
            passed = {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}
            if self._findings and session.exitstatus in passed:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: "pytest.TerminalReporter") -> None:
        """Write what was changed."""
        self._is_told = True
        terminalreporter.write_sep("=", "linkcheck guard")
        if not self._findings:
            count = show_count(len(self.survey.looks), "watched file")
            terminalreporter.write_line(f"nothing was changed: {count}")
            return
        for line in guard_lines(self._findings, self._tests, list(self._running)):
            terminalreporter.write_line(line)

    def pytest_unconfigure(self, config: pytest.Config) -> None:
        """Write what was changed where a run ends without a summary, as by an error of pytest."""
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        if self._findings and not self._is_told and reporter is not None:
            self.pytest_terminal_summary(reporter)


class Track:
    """Tells with each test's report which paths were changed while it ran."""

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        self._since = 0

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self) -> Generator[None, object, object]:
        """Leave out what was changed before this test."""
        self._tracker.changed()
        self._since = time.time_ns()
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note what was changed by the end of the test's teardown."""
        report = yield
        if call.when == "teardown" and (paths := self._tracker.changed(self._since)):
            # xdist can send no name that is no UTF-8.
            report.user_properties.append((PROPERTY, [show_name(path) for path in paths]))
        return report
