"""What the process that writes reports makes of the reports of tests."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from report.samples import HOST, PYTHON, check, row

from pytest_linkcheck.report.collector import Collector
from pytest_linkcheck.report.failures import remedy_of
from pytest_linkcheck.report.model import PlainTest, Report, Result, Row
from pytest_linkcheck.report.runs import InstallerFacts, PlaceFacts
from pytest_linkcheck.report.travel import pack, worker_of
from pytest_linkcheck.report.where_run import Where, this_host, this_python

HERE = Where("", this_host(), this_python())


def told(
    record: Result | Row | PlainTest, where: Where = HERE, when: str = "call"
) -> pytest.TestReport:
    return pytest.TestReport(
        record.nodeid, ("a.py", 1, "a"), {}, "passed", None, when,  # type: ignore[arg-type]
        user_properties=[pack(record), pack(where)],
    )  # fmt: skip


@pytest.fixture
def collect(request: pytest.FixtureRequest) -> Callable[..., Report]:
    def collect_all(*reports: pytest.TestReport) -> Report:
        collector = Collector([])
        for one in reports:
            collector.pytest_runtest_logreport(one)
        return collector.build(request.session)

    return collect_all


def test_a_worker_of_another_host_or_python_is_told_apart(collect: Callable[..., Report]) -> None:
    facts = (InstallerFacts("uv", "99.0"),), (PlaceFacts("btrfs", "btrfs", reflinks=True),)
    far = Where("gw1", HOST, PYTHON, *facts)
    near = replace(HERE, worker="gw0")
    report = collect(
        told(check(), far), told(check("failed"), near), told(row(), far), told(row(), far)
    )
    (run,) = report.runs
    assert [(one.id, one.host, one.python) for one in run.workers] == [("gw1", HOST, PYTHON)]
    passed, failed = report.checks
    assert (passed.worker, failed.worker) == ("gw1", "gw0")
    assert report.ran_on(passed) == (HOST, PYTHON)
    assert report.ran_on(failed) == (this_host(), this_python())
    assert len(report.audits) == 1
    (uv,) = run.installers
    assert "is newer than" in uv.assumed
    assert run.filesystems == facts[1]
    assert Report.from_json(report.to_json(), "x") == report


def test_the_last_word_on_a_test_counts(collect: Callable[..., Report]) -> None:
    report = collect(told(check()), told(check("failed"), when="teardown"))
    assert [one.outcome for one in report.checks] == ["failed"]


def test_the_boot_id_itself_is_not_told() -> None:
    assert len(this_host().boot) == 16
    boot_id = Path("/proc/sys/kernel/random/boot_id")
    if boot_id.exists():
        assert this_host().boot not in boot_id.read_text("ascii").replace("-", "")


def test_the_worker_stands_in_the_properties() -> None:
    assert worker_of([pack(replace(HERE, worker="gw3"))]) == "gw3"
    assert worker_of([("other", 1)]) == ""


@pytest.mark.parametrize(
    ("reason", "remedy"),
    [
        ("uv is missing: install the package pytest-linkcheck[uv], or name a uv with --x uv=PATH",
         "install the package pytest-linkcheck[uv], or name a uv with --x uv=PATH"),
        ("no folder can be made in /x: Permission denied; choose another --basetemp",
         "choose another --basetemp"),
        ("no loop device for an image: none is free; or name a folder of your own: --x NAME=PATH",
         "name a folder of your own: --x NAME=PATH"),
        ("mounting btrfs is forbidden here: run as root, or name a folder",
         "run as root, or name a folder"),
        ("btrfs cannot be mounted: Input/output error", ""),
    ],
)  # fmt: skip
def test_a_skip_of_ours_has_its_remedy(reason: str, remedy: str) -> None:
    skipped = pytest.TestReport(
        "a", ("a.py", 1, "a"), {}, "skipped", ("a.py", 1, f"Skipped: {reason}"), "call"
    )
    assert remedy_of(skipped) == remedy
