"""The page of a report in a real browser: `tox -e browser`."""

import pytest
from report.browser import Visit, overflow, poor_contrasts, unfold
from report.pages import EVIDENCE, HOSTILE, every_outcome, hostile, large

from pytest_linkcheck.links.show import show_name

pytestmark = pytest.mark.browser

FAILED = "cell-uv-0.11.0-hardlink-ext4-CPython-3.11"
FAILED_LINK = f"[id='{FAILED}'] a"
NARROW = {"width": 400, "height": 800}


def test_a_click_shows_the_evidence(visit: Visit) -> None:
    page = visit(every_outcome())
    panel = page.locator("#panel")
    assert not panel.is_visible()

    page.locator(FAILED_LINK).click()

    assert panel.locator("h2").inner_text().startswith("uv 0.11.0, hardlink, on ext4")
    assert panel.locator("pre").inner_text() == EVIDENCE
    assert "Every file of the wheel is shared." in panel.inner_text()
    assert "1 failed" in panel.inner_text()
    assert panel.get_by_role("link", name="https://example.org/1").count() == 2
    assert page.url.endswith(f"#{FAILED}")


def test_an_address_leads_to_a_cell_and_back(visit: Visit) -> None:
    page = visit(every_outcome(), f"#{FAILED}")
    panel = page.locator("#panel")
    assert panel.is_visible()
    page.keyboard.press("Escape")
    assert not panel.is_visible()
    assert "#" not in page.url

    page.locator("#skipped .chip").first.click()
    assert panel.is_visible()
    page.go_back()
    panel.wait_for(state="hidden")
    page.go_forward()
    panel.wait_for(state="visible")


def test_an_address_of_nothing_is_harmless(visit: Visit) -> None:
    page = visit(every_outcome(), "#cell-none")
    for fragment in ("#%ff", "#__proto__", "#matrix", "#"):
        assert page.locator("#matrix").is_visible()
        assert not page.locator("#panel").is_visible()
        page.evaluate("to => { location.hash = to }", fragment)
    page.locator(FAILED_LINK).click()
    assert page.locator("#panel").is_visible()


def test_the_keyboard_is_enough(visit: Visit) -> None:
    page = visit(every_outcome())
    cells = page.locator(".matrix td a")
    focused = page.locator(".matrix td a:focus")
    for _ in range(30):
        page.keyboard.press("Tab")
        if focused.count():
            break
    first = focused.get_attribute("href")
    assert first == cells.first.get_attribute("href")

    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    here = focused.get_attribute("href")
    assert here not in {None, first}
    page.keyboard.press("Enter")
    assert page.locator("#panel").is_visible()
    assert page.url.endswith(str(here))
    page.keyboard.press("Escape")
    assert focused.get_attribute("href") == here

    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert focused.get_attribute("href") == first


def test_roles_and_names_say_what_is_what(visit: Visit) -> None:
    page = visit(every_outcome())
    grid = page.get_by_role("grid", name="Installers and filesystems")
    link = grid.get_by_role("gridcell").get_by_role("link", name="uv 0.11.0, hardlink, on ext4, ")
    assert link.count() == 2
    assert grid.get_by_role("rowheader", name="hardlink", exact=True).count() == 1
    assert grid.get_by_role("columnheader", name="ext4", exact=True).count() == 1
    link.first.click()
    assert page.get_by_role(
        "dialog", name="uv 0.11.0, hardlink, on ext4, CPython 3.11"
    ).is_visible()
    assert page.get_by_role("button", name="Close").is_visible()
    plain = visit(every_outcome(), java_script_enabled=False)
    assert plain.get_by_role("table", name="Installers and filesystems").count() == 1


def test_focus_stays_in_the_panel_and_returns_to_what_opened_it(visit: Visit) -> None:
    page = visit(every_outcome())
    chip = page.locator("#skipped .chip").first
    chip.focus()
    page.keyboard.press("Enter")
    for _ in range(12):
        page.keyboard.press("Tab")
        inside = (
            "document.activeElement === document.body || !!document.activeElement.closest('#panel')"
        )
        assert page.evaluate(inside)
    page.locator("#panel-close").click()
    assert chip.evaluate("one => one === document.activeElement")


def test_a_missing_cell_says_so_and_what_was_not_run(visit: Visit) -> None:
    page = visit(every_outcome())
    cell = page.locator("[id='cell-pip-26.1-copy-btrfs-CPython-3.11'] a")
    assert cell.inner_text().split() == ["?", "missing"]
    cell.click()
    assert "2 not run" in page.locator("#panel").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_it_can_be_read(visit: Visit, scheme: str, width: int) -> None:
    size = {"width": width, "height": 900}
    page = visit(every_outcome(), color_scheme=scheme, viewport=size)
    unfold(page)
    assert poor_contrasts(page) == []
    page.locator(FAILED_LINK).click()
    assert poor_contrasts(page) == []


def test_light_and_dark_follow_the_system_and_the_button(visit: Visit) -> None:
    page = visit(every_outcome(), color_scheme="dark")
    back = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(back)
    page.get_by_role("button", name="Light").click()
    light = page.evaluate(back)
    assert light != dark
    page.get_by_role("button", name="Dark").click()
    assert page.evaluate(back) == dark
    assert visit(every_outcome(), color_scheme="light").evaluate(back) == light


@pytest.mark.parametrize(
    "outcome", ["failed", "hazard", "known", "passed", "partial", "skipped", "missing"]
)
def test_an_outcome_is_told_by_more_than_colour(visit: Visit, outcome: str) -> None:
    page = visit(every_outcome())
    cell = page.locator(f".matrix td.o-{outcome}").first
    sign, words = cell.locator(".sign").inner_text(), cell.inner_text()
    others = page.locator(f".matrix td:not(.o-{outcome}):not(.void) .sign").all_inner_texts()
    assert sign not in others
    assert any(char.isalpha() for char in words)
    assert words.split()[-1] in str(cell.locator("a").get_attribute("aria-label"))


def test_nothing_sticks_out_at_400_pixels(visit: Visit) -> None:
    for report in (every_outcome(), hostile(*("x" * 300 + text for text in HOSTILE))):
        page = visit(report, viewport=NARROW)
        unfold(page)
        assert overflow(page) <= 0
        page.locator(".matrix td a").first.click()
        assert overflow(page) <= 0
        assert page.locator("#panel").evaluate("one => one.scrollWidth - one.clientWidth") <= 0


def test_link_modes_stay_in_sight_where_the_matrix_is_scrolled(visit: Visit) -> None:
    page = visit(large(), viewport=NARROW)
    head = page.locator(".matrix tbody th.first").first
    before = head.bounding_box()
    page.locator(".matrix").evaluate("one => { one.parentElement.scrollLeft = 200 }")
    assert page.evaluate("document.querySelector('.matrix').parentElement.scrollLeft") == 200
    assert before is not None
    after = head.bounding_box()
    assert after is not None
    assert abs(after["x"] - before["x"]) < 5


def test_hostile_names_are_only_shown(visit: Visit) -> None:
    page = visit(hostile(*HOSTILE))
    headings = page.locator("#failed h3").all_inner_texts()
    assert sorted(headings) == sorted(map(show_name, HOSTILE))
    cells = page.locator(".matrix td:not(.o-missing) a")
    assert cells.count() == len(HOSTILE)
    panel, shown = page.locator("#panel"), []
    for cell in cells.all():
        cell.click()
        shown.append(panel.locator(".check p").first.inner_text())
        evidence = panel.locator("pre").first.inner_text()
        assert evidence.replace("\n", "\\n") == f"evidence: {shown[-1]}"
        assert panel.locator("script, img, b").count() == 0
        page.keyboard.press("Escape")
    assert sorted(shown) == sorted(headings)
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 2


def test_only_addresses_of_the_web_are_links(visit: Visit) -> None:
    page = visit(
        hostile("javascript:alert(1)", "data:text/html,x", "file:///etc", " https://e.org", "W")
    )
    links = "all => all.map((one) => one.getAttribute('href'))"
    for cell in page.locator(".matrix td:not(.o-missing) a").all():
        cell.click()
        found = page.locator("a").evaluate_all(links)
        assert [link for link in found if not link.startswith("#")] == []
        page.keyboard.press("Escape")


def test_paper_is_light_and_shows_all_evidence(visit: Visit) -> None:
    page = visit(every_outcome(), color_scheme="dark")
    hidden = page.locator("#failed pre, #hazard pre, #tests pre")
    assert not hidden.first.is_visible()
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.locator("#theme").is_visible()
    for one in hidden.all():
        box = one.bounding_box()
        assert box is not None
        assert box["height"] > 20
    assert poor_contrasts(page) == []
    assert len(page.pdf()) > 50_000  # white pages are 7,000


def test_without_script_it_can_still_be_read(visit: Visit) -> None:
    page = visit(every_outcome(), java_script_enabled=False)
    assert "1 failed" in page.locator(FAILED_LINK).inner_text()
    evidence = page.locator("#failed pre").first
    assert not evidence.is_visible()
    page.locator("#failed summary").first.click()
    assert evidence.inner_text() == EVIDENCE
    assert not page.locator("#theme").is_visible()
    assert not page.get_by_text("arrow keys").is_visible()


def test_the_map_leads_to_the_bars(visit: Visit) -> None:
    page = visit(every_outcome())
    tiles = page.locator(".env-tiles").first.locator("a")
    tiles.first.focus()
    page.keyboard.press("ArrowRight")
    assert tiles.nth(1).evaluate("one => one === document.activeElement")
    tiles.last.focus()
    page.keyboard.press("Enter")
    name = page.locator(".bars li:target .bar-name")
    assert name.is_visible()
    assert name.inner_text().split()[0] == str(tiles.last.get_attribute("title")).split()[0]


def test_a_large_page_opens_its_cells(visit: Visit) -> None:
    page = visit(large())
    for number in (0, 57, 99):
        page.locator(".matrix td a").nth(number).click()
        assert page.locator("#panel .check").count() == 50
        page.keyboard.press("Escape")
