"""`pytest-linkcheck merge` and `compare`, as a user runs them."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from report.samples import HOST, check, report, row, run

from pytest_linkcheck.cli import main
from pytest_linkcheck.report.files import read_report, write_report
from pytest_linkcheck.report.model import Report
from pytest_linkcheck.report.runs import PlaceFacts, Python

Told = tuple[int, str, str]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Callable[..., Told]:
    def call(*args: str) -> Told:
        status = main(args)
        told = capsys.readouterr()
        return status, told.out, told.err

    return call


def one(number: int, *outcomes: str, **changes: object) -> Report:
    """Return a report of one run, with a check in each of two modes."""
    where = {"run": run(number).id}
    modes = zip(("copy", "hardlink"), outcomes, strict=False)
    found = tuple(check(told, link_mode=mode, **where, **changes) for mode, told in modes)
    return Report(runs=(run(number),), checks=found, audits=(row(**where),))


def on(number: int, outcome: str, filesystem: str, python: str) -> Report:
    ran = run(number, python=Python("CPython", python))
    found = check(outcome, filesystem=filesystem, filesystem_type=filesystem, run=ran.id)
    return Report(runs=(ran,), checks=(found,))


def save(name: str, made: Report) -> str:
    write_report(made, Path(name))
    return name


def test_merged_reports_have_the_results_of_all(cli: Callable[..., Told]) -> None:
    a, b = save("a.json", one(1, "passed")), save("b.json", one(2, "passed", filesystem="btrfs"))
    status, out, err = cli("merge", a, b, "--output", "all.json", "--output", "all.md")
    assert (status, out, err) == (0, "", "")
    merged = read_report(Path("all.json"))
    assert len(merged.runs) == len(merged.checks) == len(merged.audits) == 2
    assert "# linkcheck" in Path("all.md").read_text(encoding="utf-8")


def test_a_run_that_is_there_twice_counts_once(cli: Callable[..., Told]) -> None:
    a = save("a.json", one(1, "passed"))
    b = save("b.json", one(1, "passed"))
    status, out, err = cli("merge", a, b)
    assert status == 0
    assert "b.json has a run that a.json has: counted once" in err
    assert "1 check: 1 passed" in out


def test_two_tales_of_one_run_are_refused(cli: Callable[..., Told]) -> None:
    a, b = save("a.json", one(1, "passed")), save("b.json", one(1, "failed"))
    status, _, err = cli("merge", a, b)
    assert status == 2
    assert "a.json and b.json tell differently of one run" in err


def test_a_duplicate_is_said_and_a_conflict_fails(cli: Callable[..., Told]) -> None:
    a, b = save("a.json", one(1, "passed", "passed")), save("b.json", one(2, "passed", "failed"))
    status, out, err = cli("merge", a, b)
    assert status == 1
    assert "1 conflict:\n" in err
    assert "files_are_shared (uv 0.11.0, hardlink, ext4): 1 failed, 1 passed" in err
    assert "1 duplicate: one cell, the same outcome" in err
    assert "Conflicts: one cell, several outcomes: 1" in out


def test_what_was_skipped_contradicts_nothing(cli: Callable[..., Told]) -> None:
    a, b = save("a.json", one(1, "passed")), save("b.json", one(2, "skipped"))
    assert cli("merge", a, b)[0] == 0


def test_a_missing_cell_is_shown_as_missing(cli: Callable[..., Told]) -> None:
    names = [
        save("a.json", on(1, "passed", "ext4", "3.11.7")),
        save("b.json", on(2, "passed", "btrfs", "3.11.7")),
        save("c.json", on(3, "failed", "ext4", "3.13.0")),
    ]
    status, out, err = cli("merge", *names)
    assert status == 0
    assert "1 missing cell:" in err
    assert "uv 0.11.0 hardlink on btrfs, CPython 3.13" in err
    (line,) = (line for line in out.splitlines() if line.startswith("| uv"))
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[1:] == ["1 passed", "**missing**", "1 passed", "**1 failed**"]


def test_default_is_the_filesystem_that_it_was(cli: Callable[..., Told]) -> None:
    on_ext4 = check("passed", filesystem="default", run=run(1).id)
    on_btrfs = check("failed", filesystem="default", filesystem_type="btrfs", run=run(2).id)
    # A check that was skipped before its place was made has no type; the run knows it.
    skipped = replace(on_btrfs, outcome="skipped", filesystem_type="", check="another")
    second = run(2, filesystems=(PlaceFacts("default", "btrfs", reflinks=True),))
    a = save("a.json", Report(runs=(run(1),), checks=(on_ext4,)))
    b = save("b.json", Report(runs=(second,), checks=(on_btrfs, skipped)))
    status, out, _ = cli("merge", a, b)
    assert status == 0
    assert "default (btrfs) | default (ext4) |" in out


def test_an_interrupted_run_is_said(cli: Callable[..., Told]) -> None:
    made = replace(one(1, "passed"), runs=(run(1, complete=False, interrupted="enough"),))
    _, out, err = cli("merge", save("a.json", made))
    assert "was interrupted: enough" in err
    assert "**interrupted, not every test ran: enough**" in out


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "a.json cannot be read: No such file or directory"),
        ("", "a.json is no report: it is no JSON, or was cut off"),
        (json.dumps(report().to_json())[:-20], "a.json is no report: it is no JSON, or was cut"),
        ("[" * 100_000, "a.json is no report"),
        ('{"schema": "pytest-linkcheck-report/1", "x": NaN}', "NaN is no JSON"),
        ("{}", "a.json is no report of pytest-linkcheck"),
        ('{"schema": "pytest-linkcheck-report/9"}', "a.json is a report of schema 9, and this"),
        ('{"schema": "pytest-linkcheck-report/1", "runs": 1}', "a.json is a damaged report: runs"),
    ],
)
def test_what_is_no_report_is_one_clear_sentence(
    cli: Callable[..., Told], text: str | None, told: str
) -> None:
    if text is not None:
        Path("a.json").write_text(text, encoding="utf-8")
    for args in (("merge", "a.json"), ("compare", "a.json", "a.json")):
        status, out, err = cli(*args)
        assert (status, out) == (2, "")
        assert told in err
        assert err.count("\n") == 1


def test_an_output_of_no_known_format_is_refused_before_anything(cli: Callable[..., Told]) -> None:
    status, _, err = cli("merge", save("a.json", report()), "--output", "all.pdf")
    assert status == 2
    assert "all.pdf: the format goes by the suffix: give one of .json, .md, .html" in err


def compared(cli: Callable[..., Told], old: Report, new: Report, *args: str) -> tuple[int, str]:
    status, out, err = cli("compare", save("old.json", old), save("new.json", new), *args)
    assert err == ""
    return status, out


@pytest.mark.parametrize(
    ("before", "after", "status", "told"),
    [
        ("passed", "passed", 0, "0 worse, 0 better, 0 changed, 2 as before"),
        ("passed", "failed", 1, "worse:\n  files_are_shared: passed -> failed: 2 files are not\n"),
        ("passed", "hazard", 1, "passed -> hazard"),
        ("hazard", "failed", 1, "hazard -> failed"),
        ("passed", "known", 1, "passed -> known"),
        ("known", "failed", 1, "known -> failed"),
        ("passed", "skipped", 1, "no longer run:\n  files_are_shared: passed -> skipped\n"),
        ("failed", "skipped", 0, "no longer run:\n  files_are_shared: failed -> skipped\n"),
        ("failed", "passed", 0, "better:\n  files_are_shared: failed -> passed\n"),
        ("hazard", "passed", 0, "hazard -> passed"),
        ("skipped", "failed", 0, "new:\n  files_are_shared: skipped -> failed\n"),
    ],
)
def test_what_changed_is_told(
    cli: Callable[..., Told], before: str, after: str, status: int, told: str
) -> None:
    ended, out = compared(cli, one(1, before), one(2, after))
    assert (ended, told in out) == (status, True), out


def test_a_cell_that_is_gone_is_worse_and_a_new_one_is_not(cli: Callable[..., Told]) -> None:
    status, out = compared(cli, one(1, "passed", "passed"), one(2, "passed"))
    assert status == 1
    assert "no longer run:\n  files_are_shared: passed -> not run\n    uv hardlink on ext4" in out
    status, out = compared(cli, one(1, "passed"), one(2, "passed", "passed"))
    assert status == 0
    assert "new:\n  files_are_shared: not run -> passed" in out


def test_two_releases_of_an_installer_are_compared(cli: Callable[..., Told]) -> None:
    status, out = compared(cli, one(1, "passed"), one(2, "failed", version="0.12.0"))
    assert (status, "passed -> failed" in out) == (1, True)


def test_where_there_are_several_versions_each_is_compared_with_itself(
    cli: Callable[..., Told],
) -> None:
    def both(number: int, old: str, new: str) -> Report:
        two = [check(told, installer=f"uv=={version}", version=version, run=run(number).id)
               for version, told in (("0.10.4", old), ("0.11.0", new))]  # fmt: skip
        return Report(runs=(run(number),), checks=tuple(two))

    status, out = compared(cli, both(1, "failed", "passed"), both(2, "passed", "failed"))
    assert status == 1
    assert "failed -> passed\n    uv 0.10.4 hardlink on ext4" in out
    assert "\n    uv 0.11.0 hardlink on ext4" in out


@pytest.mark.parametrize(
    ("changes", "status", "told"),
    [
        ({}, 0, "1 as before"),
        (
            {"shared": 800},
            1,
            "worse:\n  numpy: 2.3.1 900 bytes of 1.0 kB shared -> 2.3.1 800",
        ),
        ({"shared": 1000}, 0, "better:\n  numpy: "),
        ({"shared": 800, "size": 900}, 0, "changed:\n  numpy: "),
        ({"outcome": "failed", "message": "a.py is missing\nx"}, 1, "passed -> failed: a.py is "),
    ],
)
def test_a_distribution_that_shares_less_is_worse(
    cli: Callable[..., Told], changes: dict[str, object], status: int, told: str
) -> None:
    old, new = (
        Report(runs=(run(),), audits=(row(),)),
        Report(runs=(run(),), audits=(row(**changes),)),
    )
    ended, out = compared(cli, old, new)
    assert (ended, told in out) == (status, True), out


def test_the_comparison_as_markdown_warns_of_a_run_that_was_interrupted(
    cli: Callable[..., Told],
) -> None:
    new = replace(one(2, "failed"), runs=(run(2, complete=False, interrupted="<b>`x`"),))
    status, out = compared(cli, one(1, "passed"), new, "--format", "markdown")
    assert status == 1
    assert "# linkcheck: 1 worse, " in out
    assert "**Warning:** NEW has a run that was interrupted (&lt;b&gt;\\`x\\`)" in out
    assert "- **files\\_are\\_shared**: passed -&gt; failed: 2 files are not" in out


def test_results_of_another_host_stand_apart(cli: Callable[..., Told]) -> None:
    other = run(2, host=replace(HOST, system="Darwin", machine="arm64"))
    second = Report(runs=(other,), checks=(check("failed", run=other.id),))
    status, out, _ = cli("merge", save("a.json", one(1, "passed")), save("b.json", second))
    assert status == 0
    assert "ext4, Darwin arm64 | ext4, Linux x86\\_64" in out


def test_a_check_that_was_not_run_in_a_cell_is_counted(cli: Callable[..., Told]) -> None:
    write_report(report(check(), check(filesystem="btrfs"), check(check="b")), Path("a.json"))
    _, _, err = cli("merge", "a.json")
    assert "1 cell in which not all of its row was run:" in err
    assert "  uv 0.11.0 hardlink on btrfs: 1 not run" in err


def test_of_two_runs_the_worse_says_how_a_distribution_is(cli: Callable[..., Told]) -> None:
    rows = (row(outcome="failed", message="a file is missing"), row(run=run(2).id))
    write_report(report(audits=(row(),)), Path("old.json"))
    write_report(report(runs=(*report().runs, run(2)), audits=rows), Path("new.json"))
    status, out, _ = cli("compare", "old.json", "new.json")
    assert status == 1
    assert "numpy: passed -> failed: a file is missing" in out
