"""The page of a report, as text; `test_html_browser.py` opens it."""

import base64
import hashlib
import json
import re
import sys
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report.pages import HOSTILE, RUNS, every_outcome, hostile, large
from report.samples import check, report, row, run

from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.report.audited import environments
from pytest_linkcheck.report.files import read_report
from pytest_linkcheck.report.findings import find
from pytest_linkcheck.report.grid import make_grid
from pytest_linkcheck.report.html import render_html
from pytest_linkcheck.report.model import Report
from pytest_linkcheck.report.safe import web_address
from pytest_linkcheck.report.treemap import Rectangle, squarify

pytest.importorskip("jinja2", reason="Jinja2 is missing: pip install 'pytest-linkcheck[report]'")


class Reader(HTMLParser):
    """Reads a page: its elements, and what stands in scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self._in = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._in = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        del tag
        self._in = ""

    def handle_data(self, data: str) -> None:
        if self._in == "script":
            self.scripts[-1] += data

    @property
    def data(self) -> dict[str, Any]:
        """What the page's script reads."""
        return dict(json.loads(self.scripts[0]))


def headline(page: str) -> str:
    found = re.search("<h1>(.*)</h1>", page)
    assert found is not None
    return found[1]


def test_5000_checks_are_less_than_500_kilobytes() -> None:
    page = render_html(large())
    assert len(page.encode()) < 500_000
    results = [row for cell in Reader(page).data["cells"].values() for row in cell[2]]
    assert len(results) == 5000


def test_the_same_report_gives_the_same_page() -> None:
    assert render_html(every_outcome()) == render_html(every_outcome())


def test_without_jinja_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(LinkcheckError, match=re.escape("pip install 'pytest-linkcheck[report]'")):
        render_html(report())


def test_only_its_own_script_may_run_and_nothing_is_loaded() -> None:
    page = Reader(render_html(every_outcome()))
    (policy,) = (
        attributes["content"] or ""
        for tag, attributes in page.elements
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    digest = base64.b64encode(hashlib.sha256(page.scripts[1].encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; script-src 'sha256-{digest}'; ")
    addresses = [
        (tag, value)
        for tag, attributes in page.elements
        for name, value in attributes.items()
        if value and name in {"src", "href", "srcset", "data", "action", "poster"}
    ]
    assert ("link", "data:,") in addresses
    assert {tag for tag, value in addresses if not value.startswith("#")} == {"link", "a"}
    outside = [
        attributes
        for tag, attributes in page.elements
        if tag == "a" and not str(attributes["href"]).startswith("#")
    ]
    assert outside
    assert all(attributes["rel"] == "noreferrer" for attributes in outside)
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_a_hostile_text_adds_no_element_and_no_raw_character(text: str) -> None:
    page, plain = render_html(hostile(text)), render_html(hostile("plain"))
    assert [tag for tag, _ in Reader(page).elements] == [tag for tag, _ in Reader(plain).elements]
    assert all(char.isprintable() or char == "\n" for char in page)
    page.encode()
    assert Reader(page).data["cells"]


def test_every_fragment_leads_somewhere_and_ids_are_unique() -> None:
    for made in (every_outcome(), hostile(*HOSTILE)):
        page = Reader(render_html(made))
        ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
        assert len(ids) == len(set(ids))
        targets = {
            str(attributes["href"])[1:]
            for _, attributes in page.elements
            if str(attributes.get("href")).startswith("#")
        }
        assert targets <= set(ids)


def test_the_headline_says_what_is_worst() -> None:
    assert headline(render_html(every_outcome())) == (
        "1 check failed, 2 distributions failed, 1 test failed, 1 hazard"
    )
    assert headline(render_html(Report((run(),), (check(),)))) == "Nothing failed"
    assert headline(render_html(Report((run(),), (check("skipped"),)))) == "Nothing ran"
    assert headline(render_html(Report())) == "Nothing ran"
    less = Report((run(),), (check(), check(check="other"), check(filesystem="btrfs")))
    assert headline(render_html(less)) == "Nothing failed, 1 not run"


def test_a_run_that_was_broken_off_says_so_first() -> None:
    made = Report((run(complete=False, interrupted="by Ctrl+C"),), (check(),))
    page = render_html(made)
    assert headline(page) == "Nothing failed, 1 run broken off"
    assert "was broken off: by Ctrl+C." in page.partition("matrix-title")[0]


def test_an_assumption_about_an_installer_is_told() -> None:
    from pytest_linkcheck.report.runs import InstallerFacts  # noqa: PLC0415

    facts = InstallerFacts("uv", "9.9", "nobody has measured uv 9.9")
    assert "nobody has measured uv 9.9" in render_html(Report((run(installers=(facts,)),)))


def test_runs_that_contradict_each_other_are_told() -> None:
    made = Report(
        (run(1), run(2)),
        (check(), check("failed", run=run(2).id), check(check="other"), check(check="other")),
    )
    page = render_html(made)
    assert "1 check came out differently in two runs" in page
    assert "1 check ran more than once in one cell" in page
    (cell,) = make_grid(made).cells.values()
    assert cell.words == ["1 failed", "1 passed", "1 conflict"]


def test_what_was_not_run_is_never_a_pass() -> None:
    made = Report(
        (run(),),
        (
            check(),
            check(check="other"),
            check(filesystem="btrfs"),
            check(link_mode="copy"),
        ),
    )
    told = {
        (cell.line.link_mode, cell.column.filesystem): cell
        for cell in make_grid(made).cells.values()
    }
    assert told["hardlink", "ext4"].outcome == "passed"
    assert told["hardlink", "btrfs"].outcome == "partial"
    assert told["hardlink", "btrfs"].words == ["1 passed", "1 not run"]
    assert told["copy", "btrfs"].outcome == "missing"
    assert [one.check for one in told["copy", "btrfs"].absent] == ["files_are_shared"]


def test_newer_versions_and_the_plain_link_modes_come_first() -> None:
    versions = [("0.9.30", "copy"), ("0.10.4", "copy"), ("0.10.4", "default"), ("0.10.4", "odd")]
    checks = tuple(check(version=version, link_mode=mode) for version, mode in versions)
    lines = make_grid(Report((run(),), checks)).lines
    assert [(line.installer, line.link_mode) for line in lines] == [
        ("uv 0.10.4", "default"),
        ("uv 0.10.4", "copy"),
        ("uv 0.10.4", "odd"),
        ("uv 0.9.30", "copy"),
    ]


def test_the_longest_evidence_is_cut_and_says_so() -> None:
    checks = [check("failed", check=f"check_{n}", evidence="x" * n) for n in (10, 400, 900)]
    grid = make_grid(Report((run(),), tuple(checks)))
    found = find(grid, 600)["failed"]
    told = {one.check.check: next(iter(one.seen.values()))[0].evidence for one in found}
    assert told["check_10"] == "x" * 10
    assert told["check_400"] == "x" * 295 + "\n[105 more characters are in the JSON report]"
    assert told["check_900"].endswith("\n[605 more characters are in the JSON report]")


def test_evidence_that_only_repeats_the_reason_is_left_out() -> None:
    one = check("failed", reason="not so", evidence="AssertionError: not so\n")
    assert 'id="evidence-' not in render_html(Report((run(),), (one,)))


def test_each_kind_of_finding_has_its_section() -> None:
    page = render_html(every_outcome())
    for words in ("Broken promises", "Hazards", "Known deviations", "choose btrfs", "torn/a.py"):
        assert words in page


@pytest.mark.parametrize(
    ("text", "linked"),
    [
        ("https://example.org/1", True),
        ("http://example.org", True),
        ("HTTPS://example.org", True),
        ("javascript:alert(1)", False),
        ("java\nscript:alert(1)", False),
        ("//example.org", False),
        ("https:example.org", False),
        ("https://example.org/a b", False),
        ("https://[", False),
        ("docs/findings.md", False),
        ("", False),
    ],
)
def test_only_whole_addresses_of_the_web_are_links(text: str, linked: bool) -> None:  # noqa: FBT001
    assert web_address(text) == (text if linked else "")


def test_bytes_of_a_distribution_are_told_in_parts() -> None:
    made = Report((run(),), (), (row(size=1000, shared=900, unknown_size=40, bytecode_size=1000),))
    assert "900 bytes shared (45 %), 60 bytes own, 1.0 kB bytecode, 40 bytes cannot be told" in (
        render_html(made)
    )


def test_small_distributions_share_a_tile() -> None:
    rows = (row(size=1_000_000), *(row(name=f"s{n}", size=50, bytecode_size=0) for n in range(9)))
    (found,) = environments(Report((run(),), (), rows))
    assert [(tile.size, tile.rest) for tile in found.tiles] == [(1_000_050, 0), (450, 9)]
    assert found.tiles[0].step == 1


@pytest.mark.parametrize(
    ("shared", "step"), [(0, 0), (1, 1), (49, 1), (50, 2), (80, 3), (95, 4), (100, 4)]
)
def test_a_tile_is_the_darker_the_more_is_shared(shared: int, step: int) -> None:
    (found,) = environments(Report((run(),), (), (row(size=100, shared=shared, bytecode_size=0),)))
    assert found.tiles[0].step == step


@given(
    st.lists(st.integers(1, 10**9), min_size=1, max_size=40),
    st.floats(1, 1000),
    st.floats(1, 1000),
)
def test_areas_are_as_the_sizes_and_lie_side_by_side(
    sizes: list[int], width: float, height: float
) -> None:
    sizes.sort(reverse=True)
    found = squarify(sizes, Rectangle(0, 0, width, height))
    whole = width * height
    for size, one in zip(sizes, found, strict=True):
        assert one.width * one.height == pytest.approx(whole * size / sum(sizes), rel=1e-6)
        assert one.left >= 0
        assert one.top >= 0
        assert one.left + one.width <= width * (1 + 1e-9)
        assert one.top + one.height <= height * (1 + 1e-9)
    for number, one in enumerate(found):
        for other in found[:number]:
            wide = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
            high = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
            assert min(wide, 0) == 0 or wide <= 1e-6 * width or high <= 1e-6 * height


def test_equal_sizes_become_squares() -> None:
    assert squarify([1, 1, 1, 1], Rectangle(0, 0, 10, 10)) == [
        Rectangle(0, 0, 5, 5),
        Rectangle(0, 5, 5, 5),
        Rectangle(5, 0, 5, 5),
        Rectangle(5, 5, 5, 5),
    ]
    assert squarify([], Rectangle(0, 0, 1, 1)) == []


def test_columns_differ_by_python_only_where_it_differs() -> None:
    one = Report((RUNS[0],), (check(),))
    both = Report(RUNS, (check(), check(run=RUNS[1].id)))
    assert [column.variant for column in make_grid(one).columns] == [""]
    assert [column.variant for column in make_grid(both).columns] == [
        "CPython 3.11",
        "CPython 3.13",
    ]


def test_a_run_writes_its_page(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    file = pytester.makepyfile("""
        from pytest_linkcheck.conformance import check

        @check("must", why="https://example.org/1")
        def test_it_breaks():
            "It does not break."
            assert False, "it broke"
    """)
    written = ("--linkcheck-report", "out.html", "--linkcheck-report", "out.json")
    done = pytester.runpytest_inprocess("-p", "linkcheck", "--linkcheck", file, *written)
    done.assert_outcomes(failed=1)
    page = pytester.path.joinpath("out.html").read_text(encoding="utf-8")
    assert headline(page) == "1 check failed"
    assert page == render_html(read_report(pytester.path / "out.json"))


def test_a_result_has_its_check_and_outcome_even_if_it_is_the_first() -> None:
    page = render_html(report(check("failed", reason="", evidence="", duration=0.0)))
    ((_, _, rows),) = Reader(page).data["cells"].values()
    assert rows == [[0, 0]]
