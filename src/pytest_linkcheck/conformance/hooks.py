"""The hooks of the suite, registered only when tests marked `linkcheck` run."""

import re
from collections.abc import Generator
from dataclasses import replace
from typing import Any

import pytest

from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.fixtures import all_finders, chosen_installers
from pytest_linkcheck.report.failures import evidence_of, is_crash, reason_of, remedy_of
from pytest_linkcheck.report.model import PlainTest, failed
from pytest_linkcheck.report.names import tell_apart
from pytest_linkcheck.report.terminal import width_for
from pytest_linkcheck.report.travel import attach, pack, unpack, worker_of
from pytest_linkcheck.where import chosen

from . import fixtures
from .checks import MARKER, Check, Level, read_check
from .deviations import INI, Deviation, gone, parse_deviations
from .results import FAILED, HAZARD, KNOWN, PASSED, SKIPPED, Result
from .terminal import conformance_lines

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
DEFAULT_INSTALLERS = ("uv", "pip")


def register(config: pytest.Config) -> None:
    """Set the suite up in this process: the only one, a controller of xdist, or a worker.

    Raises `pytest.UsageError` for a known deviation that cannot be read.
    """
    try:
        deviations = parse_deviations(config.getini(INI))
    except LinkcheckError as error:
        raise pytest.UsageError(str(error)) from None
    config.pluginmanager.register(Checks(deviations), "linkcheck-checks")
    config.pluginmanager.register(fixtures, "linkcheck-check-fixtures")
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Summary(deviations), "linkcheck-conformance")


class Checks:
    """Gives checks their installers, modes and places, and judges what became of them."""

    def __init__(self, deviations: list[Deviation]) -> None:
        self._deviations = deviations

    @pytest.hookimpl(tryfirst=True)  # before the plugin's own, which reads the marker added here
    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run a check for each installer, link mode and place that the options choose."""
        definition = metafunc.definition
        if definition.get_closest_marker(MARKER) is None:
            return
        wanted = _wanted(metafunc.config)
        used = {
            name: values for name, values in wanted.items() if name[:-1] in metafunc.fixturenames
        }
        if used and definition.get_closest_marker("linkcheck_matrix") is None:
            definition.add_marker(pytest.mark.linkcheck_matrix(**used))

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Accept what is known, pass what is but a hazard, and note the result."""
        report = yield
        check = read_check(item)
        if check is None or (report.when != "call" and report.passed):
            return report
        result = _judge(check, item, report)
        if result.outcome == FAILED and report.when == "call":
            # First: a hazard too may be accepted, and then it is looked for.
            if accepted := next((one for one in self._deviations if one.fits(result)), None):
                result = replace(result, outcome=KNOWN, reason=accepted.reason)
                report.outcome = "skipped"
                report.wasxfail = accepted.reason
            elif _is_hazard(check, item, call):
                result = replace(result, outcome=HAZARD)
                report.outcome, report.longrepr = "passed", None
        attach(result, item, report)
        return report


def _wanted(config: pytest.Config) -> dict[str, list[str]]:
    finders = all_finders(config)
    names = [one.name for one in chosen_installers(config)] or list(DEFAULT_INSTALLERS)
    installers = list(dict.fromkeys(names))
    modes = dict.fromkeys(mode for name in installers for mode in finders[name].link_modes)
    asked = [mode for text in config.option.linkcheck_link_mode for mode in text.split(",")]
    places = [place.name for place in chosen(config)] or ["default"]
    return {"installers": installers, "link_modes": asked or list(modes), "filesystems": places}


def _is_hazard(check: Check, item: pytest.Item, call: pytest.CallInfo[None]) -> bool:
    """Whether an assertion failed that is but a hazard with the sharing expected in this run."""
    if call.excinfo is None or not isinstance(call.excinfo.value, AssertionError):
        return False
    expected = getattr(item, "funcargs", {}).get("expected")
    return check.level is Level.HAZARD or expected in check.hazard_if


def _judge(check: Check, item: pytest.Item, report: pytest.TestReport) -> Result:
    params: dict[str, Any] = getattr(getattr(item, "callspec", None), "params", {})
    funcargs: dict[str, Any] = getattr(item, "funcargs", {})
    made = funcargs.get("installer")
    ours = {"installer", "link_mode", "filesystem", "cache_filesystem"}
    outcome = SKIPPED if report.skipped else FAILED if report.failed else PASSED
    return Result(
        check=check.name,
        promise=check.promise,
        why=check.why,
        installer=str(params.get("installer", "")),
        version=str(made.version) if made else "",
        link_mode=params.get("link_mode") or "",
        filesystem=params.get("filesystem") or "",
        case=_tell_case(item, [value for name, value in params.items() if name not in ours]),
        outcome=outcome,
        reason=reason_of(report),
        level=check.level.value,
        filesystem_type=getattr(funcargs.get("filesystem"), "type", ""),
        cache_filesystem=params.get("cache_filesystem") or "",
        evidence=evidence_of(report),
        remedy=remedy_of(report),
        duration=report.duration,
        nodeid=report.nodeid,
    )


def _tell_case(item: pytest.Item, values: list[object]) -> str:
    """Return what else the check is run for, in words that are the same in every run."""
    told = [getattr(value, "__name__", None) or str(value) for value in values]
    if any(_ADDRESS.search(str(one)) for one in told):  # an object that has no name of its own
        return str(getattr(item, "callspec").id)  # noqa: B009 - of functions alone
    return ", ".join(map(str, told))


class Summary:
    """Collects the results in the process that writes to the terminal."""

    def __init__(self, deviations: list[Deviation]) -> None:
        self._deviations = deviations
        self._results: dict[tuple[str, str], Result] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the result of a check, wherever it ran."""
        for result in unpack(Result, report.user_properties):
            self._results[result.nodeid, worker_of(report.user_properties)] = result
        if is_crash(report):
            for key, result in self._results.items():
                if key[0] == report.nodeid:  # what it had reported by then was not the last word
                    self._results[key] = failed(result, evidence_of(report))

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(
        self, report: pytest.TestReport
    ) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
        """Show a hazard as one."""
        found = unpack(Result, report.user_properties) if report.when == "call" else []
        if any(one.outcome == HAZARD for one in found):
            return "hazard", "H", ("HAZARD", {"yellow": True})
        return None

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail for each known deviation that no longer occurs, as a strict xfail does."""
        for one in gone(self._deviations, self._results.values()):
            nodeid = f"{INI}::{one.check} {one.installer}"
            told = f"a known deviation no longer occurs: {one}\nremedy: take it out of {INI}"
            report = pytest.TestReport(
                nodeid=nodeid,
                location=(INI, None, f"{one.check} {one.installer}"),
                keywords={},
                outcome="failed",
                longrepr=told,
                when="call",
                user_properties=[pack(PlainTest(nodeid, FAILED, evidence=told))],
            )
            session.config.hook.pytest_runtest_logreport(report=report)
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: "pytest.TerminalReporter") -> None:
        """Write a block for each installer."""
        if self._results:
            terminalreporter.write_sep("=", "linkcheck conformance")
            width, verbosity = width_for(terminalreporter), terminalreporter.verbosity
            for line in conformance_lines(tell_apart(self._results.values()), width, verbosity):
                terminalreporter.write_line(line)
