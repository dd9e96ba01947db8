"""What each process adds to its test reports: where they come from, and ordinary tests of ours."""

from collections import Counter
from collections.abc import Generator, Iterator

import pytest

from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.evidence import counting
from pytest_linkcheck.filesystems.filesystem import Filesystem
from pytest_linkcheck.fixtures import MADE

from .failures import evidence_of
from .model import PlainTest
from .runs import InstallerFacts, PlaceFacts
from .travel import AUDIT, CHECK, TEST, attach, forget
from .where_run import Where, this_host, this_python

# All our fixtures rest on these; `installer` or `filesystem` alone may be somebody else's.
_FIXTURES = {"_linkcheck_toolbox", "filesystems", "other_device", "wheelhouse"}
_PLACES = ("filesystem", "cache_filesystem")

_SEEN = pytest.StashKey[Counter[str]]()
_TRIED = pytest.StashKey[tuple[PlaceFacts, ...]]()


class Recorder:
    """Adds to test reports, in every process that runs tests."""

    def __init__(self, config: pytest.Config) -> None:
        self._worker: str = getattr(config, "workerinput", {}).get("workerid", "")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Forget what a run of the test before this one came to: plugins run failed tests again."""
        forget(item)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Count the verdicts of the test's assertions."""
        with counting() as seen:
            item.stash[_SEEN] = seen
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Add what was found to the report of a test."""
        report = yield
        if call.when == "setup":
            item.stash[_TRIED] = tuple(_places(item))  # before the test fills or breaks the place
        names = {name for name, _ in report.user_properties}
        if not names & {CHECK, AUDIT} and _is_ours(item) and _is_an_end(report):
            attach(_tell(item, report), item, report)
            names.add(TEST)
        if names & {CHECK, AUDIT, TEST}:
            attach(self._where(item), item, report)
        return report

    def _where(self, item: pytest.Item) -> Where:
        return Where(
            worker=self._worker,
            host=this_host(),
            python=this_python(),
            installers=tuple(dict.fromkeys(_installers(item))),
            filesystems=item.stash.get(_TRIED, ()),
        )


def _is_an_end(report: pytest.TestReport) -> bool:
    return report.when == "call" or not report.passed


def _is_ours(item: pytest.Item) -> bool:
    """Whether *item* is marked by one of our markers, or uses one of our fixtures."""
    marked = any(mark.name.startswith("linkcheck") for mark in item.iter_markers())
    return marked or bool(_FIXTURES & set(getattr(item, "fixturenames", ())))


def _tell(item: pytest.Item, report: pytest.TestReport) -> PlainTest:
    outcome: str = report.outcome
    if hasattr(report, "wasxfail"):
        outcome = "xfailed" if report.skipped else "xpassed"
    seen = item.stash.get(_SEEN, None)
    return PlainTest(
        nodeid=report.nodeid,
        outcome=outcome,
        duration=report.duration,
        sharing=dict(seen or {}),
        evidence=evidence_of(report),
    )


def _places(item: pytest.Item) -> Iterator[PlaceFacts]:
    for name in _PLACES:
        place = getattr(item, "funcargs", {}).get(name)
        if isinstance(place, Filesystem):
            yield PlaceFacts(place.name, place.type, _has_reflinks(place))


def _has_reflinks(place: Filesystem) -> bool | None:
    try:
        answer = place.capabilities().reflink.can.value
    except (LinkcheckError, OSError):
        return None
    return {"yes": True, "no": False}.get(answer)


def _installers(item: pytest.Item) -> Iterator[InstallerFacts]:
    """Yield the installers that the test was given, or has made environments with."""
    given = getattr(item, "funcargs", {}).get("installer")
    made = [environment.installer for environment in item.stash.get(MADE, [])]
    for one in (*((given,) if given else ()), *made):
        name, version = getattr(one, "name", None), getattr(one, "version", None)
        if isinstance(name, str) and version is not None:
            yield InstallerFacts(name, str(version))
