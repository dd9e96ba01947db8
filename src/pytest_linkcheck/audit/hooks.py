"""The hooks of the audit, registered only when `--linkcheck` is given."""

import os
import sys
from collections.abc import Generator
from dataclasses import astuple
from pathlib import Path
from typing import Any, Protocol

import pytest

from pytest_linkcheck.groups import group_mark
from pytest_linkcheck.installs import Layout
from pytest_linkcheck.links import Between, mount_of, read_facts, read_mounts
from pytest_linkcheck.links.content import lies_within
from pytest_linkcheck.links.host import Host, host
from pytest_linkcheck.links.show import show_home, show_name
from pytest_linkcheck.report.model import Row
from pytest_linkcheck.report.terminal import audit_lines, width_for
from pytest_linkcheck.report.travel import attach, unpack

from .context import ALWAYS_REFLINK, NEVER_REFLINK, Context
from .discover import Audited, Plan, find_environments
from .items import AuditedEnvironment, AuditItem, Contexts
from .patience import Patience, SilentError, patience_of

PREFIX = "linkcheck/"  # what the node ids of audit items begin with
EXPECTATIONS = ("auto", "linked", "hardlink", "symlink", "copy")
_PLAN, _HOST = "linkcheck", "linkcheck-host"  # what the controller tells xdist's workers


def register(config: pytest.Config) -> None:
    """Set up the audit in this process: the only one, a controller of xdist, or a worker.

    Raises `pytest.UsageError` for wrong option values.
    """
    expected = config.option.linkcheck_expect or "auto"
    if expected not in EXPECTATIONS:
        known = ", ".join(EXPECTATIONS)
        raise pytest.UsageError(f"--linkcheck-expect {show_name(expected)}: give one of {known}")
    patience = patience_of(config)
    selected = take_selection(config)
    worker = getattr(config, "workerinput", None)
    started_on = host()
    if worker is not None:
        started_on = Host(*worker[_HOST])
        plan = [(_unpack(*audited), names) for audited, names in worker[_PLAN]]
    elif selected or _is_audit_wanted(config):
        plan = find_environments(config, patience)
        plan = _select(plan, selected) if selected else plan
    else:
        plan = []
    config.pluginmanager.register(Audit(plan, expected, started_on, patience), "linkcheck-audit")
    if worker is None:
        config.pluginmanager.register(Summary(plan, patience), "linkcheck-summary")
        if config.pluginmanager.hasplugin("xdist"):
            config.pluginmanager.register(Distributed(plan), "linkcheck-distributed")


def _is_audit_wanted(config: pytest.Config) -> bool:
    """Return whether to audit: not where files of tests were named, and no environment was."""
    named = config.args_source is pytest.Config.ArgsSource.ARGS
    return not named or bool(config.option.linkcheck_env)


def take_selection(config: pytest.Config) -> list[str]:
    """Take the node ids of the audit out of the arguments: there are no such files to look for."""
    ids = {arg: told for arg in config.args if (told := _as_audit_id(config, arg))}
    config.args[:] = [arg for arg in config.args if arg not in ids]
    return list(ids.values())


def _as_audit_id(config: pytest.Config, arg: str) -> str:
    """Return the node id that *arg* spells, as it is or as seen from below the root folder."""
    path, parts, name = arg.partition("::")
    here = config.invocation_params.dir
    if os.path.lexists(here / path):
        return ""
    seen = os.path.relpath(here / path, config.rootpath)
    told = path if path.startswith(PREFIX) else Path(seen).as_posix()
    return f"{told}{parts}{name}" if told.startswith(PREFIX) else ""


def _select(plan: Plan, selected: list[str]) -> Plan:
    """Return what of *plan* has one of the ids *selected*; each must be met by something."""
    chosen: Plan = []
    met: set[str] = set()
    for audited, names in plan:
        whole = f"{PREFIX}{audited.label}"
        wanted = [name for name in names if {whole, f"{whole}::{name}"} & set(selected)]
        if wanted or whole in selected:
            chosen.append((audited, wanted))
        met |= {whole, *(f"{whole}::{name}" for name in names)}
    for one in selected:
        if one not in met:
            raise pytest.UsageError(f"no audited distribution has the id {show_name(one)}")
    return chosen


class Audit:
    """Adds the audit's items to those of the session."""

    def __init__(self, plan: Plan, expected: str, started_on: Host, patience: Patience) -> None:
        self._plan = plan
        self._patience = patience
        self._expected = expected
        self._started_on = started_on
        self._contexts = Contexts()
        self._silent = {audited.silent for audited, _ in plan}
        # What is of the running environment has a right to run.
        layouts = [audited.layout for audited, _ in plan
                   if audited.layout and audited.layout.prefix != Path(sys.prefix)]  # fmt: skip
        self._inspected = [bound for layout in layouts for bound in layout.bounds]
        self._installed = [os.path.realpath(layout.site_packages) for layout in layouts]

    @pytest.hookimpl(tryfirst=True)  # pytest itself asks whether it is an environment
    def pytest_ignore_collect(self, collection_path: Path, config: pytest.Config) -> bool | None:
        """Keep pytest from looking for tests in what is audited: nothing of it is to be run.

        pytest knows an environment by its `pyvenv.cfg` or its `activate`, and some have neither;
        and it looks into the one that it is started in. There what is installed is left out: a
        project may have its environment around it, and tests of its own beside `lib`.
        """
        if collection_path in self._silent:
            return True
        if config.option.collect_in_virtualenv:
            return None
        real = os.path.realpath(collection_path)
        leads_in = collection_path.is_symlink() and lies_within(real, self._inspected)
        is_installed = lies_within(real, self._installed)
        return True if real in self._inspected or leads_in or is_installed else None

    @pytest.hookimpl(tryfirst=True)  # before -k, -m, --lf and --deselect choose among the items
    def pytest_collection_modifyitems(
        self, session: pytest.Session, items: list[pytest.Item]
    ) -> None:
        """Append the items of the audit."""
        for audited, names in self._plan:
            items.extend(self._collect(session, audited, names))

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Add what an item has found to its report."""
        report = yield
        if isinstance(item, AuditItem) and (report.when == "call" or not report.passed):
            attach(item.take_row(report), item, report)
        if isinstance(item, AuditItem) and report.when == "teardown":
            item.row = None  # of thousands of items the reports hold what is known
        return report

    def _collect(
        self, session: pytest.Session, audited: Audited, names: list[str]
    ) -> list[pytest.Item]:
        collector: AuditedEnvironment = AuditedEnvironment.from_parent(
            session, name=audited.label, nodeid=f"{PREFIX}{audited.label}"
        )
        collector.audited = audited
        collector.names = names
        collector.expected = self._expected
        collector.started_on = self._started_on
        collector.patience = self._patience
        collector.contexts = self._contexts
        if getattr(session.config.option, "loadgroup", False):
            collector.add_marker(group_mark(audited.label))
        # genitems, not collect(): it tells the other plugins, so that the items are counted.
        return list(session.genitems(collector))


class Summary:
    """Header and table, in the process that writes to the terminal."""

    def __init__(self, plan: Plan, patience: Patience) -> None:
        self._plan = plan
        self._patience = patience
        self._rows: dict[str, Row] = {}

    def pytest_report_header(self, config: pytest.Config) -> list[str]:
        """Say what is audited, and where things lie."""
        lines = [line for audited, _ in self._plan for line in _header(audited, self._patience)]
        factory = getattr(config, "_tmp_path_factory", None)
        if isinstance(factory, pytest.TempPathFactory):
            base = factory.getbasetemp()
            mount = mount_of(read_facts(base), read_mounts())
            lines.append(f"linkcheck: temporary folders in {show_name(base)}, on {mount}")
        return lines

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the row that an item has found, wherever it ran."""
        for row in unpack(Row, report.user_properties):
            if row.examined:
                self._rows[row.nodeid] = row  # once more if its teardown fails

    def pytest_terminal_summary(self, terminalreporter: "pytest.TerminalReporter") -> None:
        """Write the table."""
        if self._rows:
            terminalreporter.write_sep("=", "linkcheck")
            # Workers of xdist report in any order.
            order = {audited.label: number for number, (audited, _) in enumerate(self._plan)}
            rows = sorted(self._rows.values(), key=lambda row: order[row.environment])
            width, verbosity = width_for(terminalreporter), terminalreporter.verbosity
            for line in audit_lines(rows, width, verbosity):
                terminalreporter.write_line(line)


def _header(audited: Audited, patience: Patience) -> list[str]:
    layout = audited.layout
    if layout is None:
        return [f"linkcheck: {audited.problem}"]
    try:
        return patience.read(audited.label, lambda: _describe(audited, Context(layout)))
    except SilentError as error:
        return [f"linkcheck: {audited.label}: {error}"]


def _describe(audited: Audited, context: Context) -> list[str]:
    caution = context.assumed
    cautions = [f"linkcheck: {audited.label}: {caution}"] if caution else []
    return [_places(audited, context), *cautions]


def _places(audited: Audited, context: Context) -> str:
    where = context.mount or "a mount that cannot be told"
    line = f"linkcheck: {audited.label} on {where}"
    cache = context.cache
    if not cache.exists:
        return f"{line} · no uv cache at {show_home(cache.path)}"
    between, reason = context.boundary
    if between is not Between.NOTHING:
        return f"{line} · uv cache {show_home(cache.path)}: {reason}"
    return f"{line} · uv cache {show_home(cache.path)}, same mount, reflinks {_reflinks(context)}"


def _reflinks(context: Context) -> str:
    """Return whether the filesystem has reflinks, as far as its type tells: nothing is written."""
    kind = context.mount.type if context.mount else ""
    if kind in NEVER_REFLINK:
        return "no"
    return "yes" if kind in ALWAYS_REFLINK else "not probed"


_Packed = tuple[str, str, str, tuple[str, str, tuple[str, ...]] | None]


def _pack(audited: Audited) -> _Packed:
    """Return *audited* as what xdist can send."""
    layout, silent = audited.layout, str(audited.silent or "")
    if layout is None:
        return audited.label, audited.problem, silent, None
    folders = str(layout.prefix), str(layout.site_packages), layout.bounds
    return audited.label, audited.problem, silent, folders


def _unpack(
    label: str, problem: str, silent: str, folders: tuple[str, str, tuple[str, ...]] | None
) -> Audited:
    layout = None
    if folders is not None:
        prefix, site_packages, bounds = folders
        layout = Layout(Path(prefix), Path(site_packages), bounds)
    return Audited(label, layout, problem, Path(silent) if silent else None)


class _Node(Protocol):
    """What is used of xdist's `WorkerController`, which has no types of its own."""

    workerinput: dict[str, Any]


class Distributed:
    """The controller's part under xdist: it decides what is audited, and tells the workers."""

    def __init__(self, plan: Plan) -> None:
        self._plan = [(_pack(audited), names) for audited, names in plan]

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: _Node) -> None:
        """Send the plan to a worker."""
        node.workerinput[_PLAN] = self._plan
        node.workerinput[_HOST] = list(astuple(host()))
