"""A report as Markdown: what stands in it, and that nothing in it is markup but ours."""

import re
from dataclasses import replace

import pytest
from report.samples import check, report, row, run

from pytest_linkcheck.report.markdown import escape, render_markdown
from pytest_linkcheck.report.model import PlainTest, Row
from pytest_linkcheck.report.runs import InstallerFacts

HOSTILE = [
    "<script>alert(1)</script>",
    "\x1b[31mred\x1b[0m",
    "one\ntwo | three",
    "\udcff\udcfe",
    "`a` *b* [c](javascript:d) ![e](f)",
    "</pre></details><img src=x onerror=alert(1)>",
    "\u202eback\u2028line",
    "&lt;b&gt;",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_name_is_markup(text: str) -> None:
    fields = dict.fromkeys(("check", "promise", "installer", "version", "link_mode", "filesystem",
                            "case", "reason", "evidence", "remedy", "why"), text)  # fmt: skip
    checks = [check(outcome, **fields) for outcome in ("failed", "hazard", "known", "skipped")]
    made = report(
        *checks,
        audits=(row(environment=text, name=text, version=text, outcome="failed", message=text),),
        tests=(PlainTest(text, "failed", evidence=text, run=run().id),),
        runs=(run(complete=False, interrupted=text, installers=(InstallerFacts("u", "1", text),)),),
    )
    told = render_markdown(made)
    assert all(one.isprintable() or one == "\n" for one in told)
    tags = set(re.findall(r"<[^>]*>", told))
    assert tags <= {"<details>", "<summary>", "</summary>", "</details>", "<pre>", "</pre>"}
    outside = re.sub(r"<(pre|summary)>.*?</\1>", "", told, flags=re.DOTALL)
    assert not re.search(r"(?<!\\)[`\[]", outside)
    columns = 0
    for line in outside.splitlines():
        bars = len(re.findall(r"(?<!\\)\|", line))
        assert bars in {0, columns} or not columns, line
        columns = bars if line.startswith("|") else 0


def test_what_is_escaped_reads_as_it_was() -> None:
    assert escape("a_b | <c>\n") == r"a\_b \| &lt;c&gt;\\n"
    assert [escape(one) for one in ("# a", "- b-c", "1. d", "2026-11-22", "e")] == [
        r"\# a", r"\- b-c", r"1\. d", r"2026\-11-22", "e",
    ]  # fmt: skip


def test_all_there_is_to_say_is_said() -> None:
    told = render_markdown(
        report(
            check(),
            check("failed", link_mode="copy"),
            check("hazard", link_mode="clone"),
            check("skipped", filesystem="btrfs", reason="no btrfs", remedy="run as root"),
            check("known", filesystem="btrfs", link_mode="copy", reason="it is known"),
        )
    )
    assert "| uv 0.11.0 clone | **missing** | **1 hazard** |" in told
    assert "| uv 0.11.0 copy | 1 known | **1 failed** |" in told
    assert "| uv 0.11.0 hardlink | 1 skipped | 1 passed |" in told
    assert "<pre>2 files are not\n  a.py: copy</pre>" in told
    assert "- why: <https://example.org/1>" in told
    assert "| 1 | no btrfs | run as root |" in told
    assert "it is known" in told
    assert "| numpy 2.3.1 | 10 | 7 | 0 | 0 | 3 | 0 | 900 bytes | 100 bytes | 50 bytes |" in told
    assert "<summary>test_a.py::test_it</summary>" in told


def test_what_was_not_run_is_said() -> None:
    elsewhere = check(check="another", filesystem="btrfs")
    told = render_markdown(report(check(), check(filesystem="btrfs"), elsewhere))
    assert "| uv 0.11.0 hardlink | 2 passed | 1 passed, **1 not run** |" in told


def test_a_skipped_audit_is_said() -> None:
    skipped = Row.unexamined(".venv", "numpy")
    audits = (row(), replace(skipped, outcome="skipped", message="not now", run=run().id))
    told = render_markdown(report(audits=audits))
    assert "## Skipped audits" in told
    assert "<summary>.venv: numpy</summary>" in told
    assert "not now" in told


def test_only_addresses_of_the_web_become_links() -> None:
    told = render_markdown(report(check("failed", why="javascript:alert(1)")))
    assert "- why: javascript:alert(1)" in told
    told = render_markdown(report(check("failed", why="https://example.org/<b> c")))
    assert "- why: <https://example.org/%3Cb%3E%20c>" in told


def test_it_fits_into_a_summary_page() -> None:
    evidence = "ü" * 3000
    checks = [check("failed", check=f"check_{n:04}", evidence=evidence) for n in range(1000)]
    told = render_markdown(report(*checks))
    assert len(told.encode()) < 1024 * 1024
    assert re.search(r"\*\*Cut here:\*\* [\d,]+ more lines would not fit", told)
    assert "| uv 0.11.0 hardlink | **1,000 failed** |" in told
    assert told.count("<details>") == told.count("</details>")
