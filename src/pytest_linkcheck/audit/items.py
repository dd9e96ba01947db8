"""The audit as pytest sees it: a collector for each environment, an item for each distribution."""

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
from _pytest._code.code import ExceptionInfo, TerminalRepr

from pytest_linkcheck.installs import Distribution, Layout
from pytest_linkcheck.links.host import Host, host
from pytest_linkcheck.links.show import show_count, show_name
from pytest_linkcheck.report.failures import evidence_of
from pytest_linkcheck.report.model import Row
from pytest_linkcheck.steps import step

from .context import Context
from .discover import BROKEN, Audited
from .examine import examine, make_row, problems
from .patience import Patience, SilentError
from .uv_cache import UvCache

if TYPE_CHECKING:
    from _pytest._code.code import TracebackStyle

_SHOWN = 10
_HELD = 2  # environments: what was read of one with 20,000 files takes some 30 MB
_LONGEST = 1500  # characters


class AuditError(Exception):
    """An item failed; the message is all there is to say."""


class Contexts:
    """What was read of the environments whose items ran last.

    Of hundreds two are held: items may come in any order, under xdist or where somebody shuffles
    them, and where those of two environments alternate neither is read again for each.
    """

    def __init__(self) -> None:
        """Hold none yet."""
        self._held: dict[Layout, Context] = {}
        self._caches: dict[tuple[Path, str | None], UvCache] = {}

    def of(self, layout: Layout) -> Context:
        """Return what is known of the environment at *layout*."""
        context = self._held.pop(layout, None) or Context(layout, self._caches)
        self._held[layout] = context  # as the latest
        if len(self._held) > _HELD:
            del self._held[next(iter(self._held))]
        return context


class AuditedEnvironment(pytest.Collector):
    """An environment; its items are its distributions, or the one thing that is wrong with it."""

    audited: Audited
    names: list[str]
    expected: str
    started_on: Host
    patience: Patience
    contexts: "Contexts"

    def collect(self) -> Iterable[pytest.Item]:
        """Yield an item for each distribution that the controller of the run has seen."""
        if self.audited.layout is None:
            yield BrokenEnvironment.from_parent(self, name=BROKEN)
            return
        for name in self.names:
            yield AuditedDistribution.make(self, name, self.audited.layout)


class AuditItem(pytest.Item):
    """What the items have in common: no traceback, no source file, a row of the record."""

    row: Row | None = None  # what was found, once it was looked at

    @property
    def environment(self) -> AuditedEnvironment:
        """The environment the item belongs to."""
        if not isinstance(self.parent, AuditedEnvironment):
            raise TypeError(f"{self.parent!r} collects no audit items")
        return self.parent

    def take_row(self, report: pytest.TestReport) -> Row:
        """Return the row of the record, with what *report* says became of it."""
        label = self.environment.audited.label
        found = self.row or Row.unexamined(label, "" if self.name == BROKEN else self.name)
        return replace(
            found,
            outcome=report.outcome,
            message=evidence_of(report),
            duration=report.duration,
            nodeid=report.nodeid,
        )

    def reportinfo(self) -> tuple[str, int, str]:
        """Return where the item stands in reports; pytest wants a line of what is skipped."""
        # Not the name alone: `-v` would take its dots for those of classes, and show an id that
        # cannot be selected.
        return (
            self.nodeid.partition("::")[0],
            0,
            f"{self.environment.audited.label}: {self.name}",
        )

    def repr_failure(
        self,
        excinfo: ExceptionInfo[BaseException],
        style: "TracebackStyle | None" = None,
    ) -> str | TerminalRepr:
        """Show the message of an audit alone: there is no code to point at."""
        if isinstance(excinfo.value, AuditError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)


class BrokenEnvironment(AuditItem):
    """Fails with what is wrong with an environment."""

    def runtest(self) -> None:
        """Fail."""
        raise AuditError(self.environment.audited.problem)


class AuditedDistribution(AuditItem):
    """Passes if the distribution is whole, unchanged, and shared as it should be."""

    layout: Layout

    @classmethod
    def make(cls, parent: AuditedEnvironment, name: str, layout: Layout) -> "AuditedDistribution":
        """Return the item for the distribution *name*."""
        item: AuditedDistribution = cls.from_parent(parent, name=name)
        item.layout = layout
        return item

    @property
    def context(self) -> Context:
        """What is known of the environment."""
        return self.environment.contexts.of(self.layout)

    def runtest(self) -> None:
        """Examine the distribution; keep its row for the table."""
        self._check_host()
        try:
            with _uncollected():
                told = self.environment.patience.read(self.environment.audited.label, self._examine)
        except SilentError as error:
            raise AuditError(str(error)) from None
        dist, self.row, wrong = told
        if self.row is None:
            self._skip(
                f"{show_name(str(dist))} has no RECORD, so its files cannot be told: its installer "
                "keeps track of them elsewhere (PEP 627)"
            )
        if wrong:
            raise AuditError("\n".join(self._tell(dist, wrong)))

    def _check_host(self) -> None:
        """Skip on another host than that of the run's start: what lies there is something else."""
        here, there = host(), self.environment.started_on
        if here.id != there.id:
            label = show_name(self.environment.audited.label)
            self._skip(
                f"{label} lies on {there}, where the run was started, and this worker runs on "
                f"{here}: audit it without --tx, or start the run there"
            )

    def _examine(self) -> tuple[Distribution, Row | None, list[str]]:
        """Return the distribution, what is seen of it if it has a RECORD, and what is wrong."""
        dist = replace(self._find())  # a copy, with which its thousands of files are forgotten
        if not dist.has_record and dist.is_folder:
            return dist, None, []
        with step(f"reading {dist}"):
            seen = examine(dist, self.context)
            row = make_row(self.environment.audited.label, dist, seen)
        return dist, row, list(problems(dist, seen, self.environment.expected))

    def _find(self) -> Distribution:
        if self.name not in self.context.named:
            raise AuditError(f"{self.name} is no longer installed")
        return self.context.named[self.name]

    def _skip(self, reason: str) -> NoReturn:
        if self.config.option.linkcheck_strict:
            raise AuditError(f"{reason} (a failure by --linkcheck-strict)")
        raise pytest.skip.Exception(reason, _use_item_location=True)

    def _tell(self, dist: Distribution, wrong: list[str]) -> Iterator[str]:
        name, site = show_name(str(dist)), show_name(self.context.layout.site_packages)
        if len(wrong) == 1:  # the short summary shows the first line alone
            yield from (f"{name}: {_cut(wrong[0])}", f"  in {site}")
            return
        yield from (f"{name}: {show_count(len(wrong), 'problem')}", f"  in {site}")
        for line in wrong[:_SHOWN]:
            yield f"  {_cut(line)}"
        if len(wrong) > _SHOWN:
            yield f"  and {len(wrong) - _SHOWN:,} more"


@contextmanager
def _uncollected() -> Iterator[None]:
    """Spare the search for reference cycles, of which an examination makes none.

    It goes through thousands of objects again and again, which are let go of at the end.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _cut(line: str) -> str:
    """Return *line* without its middle if it is longer than anybody reads."""
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST // 2]} … {line[-_LONGEST // 3 :]}"
