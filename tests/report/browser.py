"""Pages in Debian's Chromium: what they ask for, say and do is watched."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_linkcheck.report.html import render_html
from pytest_linkcheck.report.model import Report

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

REMEDY = "install Debian's package chromium, and run `tox -e browser`"
_FLAGS = (
    "--no-sandbox",  # Chromium refuses to be root's in one
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def chromium() -> Iterator["Browser"]:
    """Start Chromium without a window, in a new folder; skip where it or its driver is missing."""
    driver = pytest.importorskip("playwright.sync_api", reason=f"no Playwright: {REMEDY}")
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    program = next(filter(None, found), None)
    if program is None:
        pytest.skip(f"no Chromium: {REMEDY}")
    with driver.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, headless=True, args=_FLAGS)
        yield browser
        browser.close()


class Visit:
    """Opens reports, and keeps what the pages did that they must not do."""

    def __init__(self, browser: "Browser", folder: Path) -> None:
        self._browser = browser
        self._file = folder / "report.html"
        self.wrong: list[str] = []

    def __call__(self, report: Report, fragment: str = "", **options: Any) -> "Page":  # noqa: ANN401
        """Write *report*, and open it as a user would: from the disk."""
        self._file.write_text(render_html(report), encoding="utf-8")
        address = self._file.as_uri()
        page = self._browser.new_context(**{"reduced_motion": "reduce", **options}).new_page()
        page.set_default_timeout(5000)
        page.on("console", lambda said: self.wrong.append(f"console: {said.text}"))
        page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        page.on("dialog", self._dismiss)
        page.on("request", lambda asked: self._judge(asked.url, address))
        page.goto(f"{address}{fragment}")
        return page

    def _dismiss(self, dialog: Any) -> None:  # noqa: ANN401 - Playwright's, where it is installed
        self.wrong.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _judge(self, asked: str, address: str) -> None:
        if asked.partition("#")[0] != address and not asked.startswith("data:"):
            self.wrong.append(f"request: {asked}")

    def close(self) -> None:
        """Close all pages."""
        for context in self._browser.contexts:
            context.close()


def overflow(page: "Page") -> int:
    """Return how many pixels of the page stick out to the right."""
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def unfold(page: "Page") -> None:
    """Open all that is folded."""
    page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true })")


_TEXTS = """() => {
  const found = [];
  for (const one of document.querySelectorAll("body *")) {
    const own = [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    const style = getComputedStyle(one);
    if (!own || !one.checkVisibility() || parseFloat(style.fontSize) === 0) continue;
    let behind = one, backs = [];
    while (behind && !backs.length) {
      const back = getComputedStyle(behind);
      backs = [back.backgroundColor, ...(back.backgroundImage.match(/rgba?\\([^)]*\\)/g) || [])]
        .filter((color) => !/^rgba\\(.*, 0(\\.\\d+)?\\)$/.test(color));
      behind = behind.parentElement;
    }
    found.push([`${one.tagName} ${one.className} ${one.textContent.trim().slice(0, 40)}`,
      style.color, backs]);
  }
  return found;
}"""


def poor_contrasts(page: "Page") -> list[str]:
    """Return the texts of a page whose contrast is below 4.5 to 1, what WCAG 2.2 AA asks for."""
    texts: list[tuple[str, str, list[str]]] = page.evaluate(_TEXTS)
    assert texts
    return [
        f"{ratio:.2f} {name} {ink} on {back}"
        for name, ink, backs in texts
        for back in backs
        if (ratio := _contrast(ink, back)) < 4.5
    ]


def _contrast(one: str, other: str) -> float:
    """Return the contrast of two colours (WCAG 2.2, "contrast ratio")."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    assert color.startswith("rgb"), color
    parts = [int(part) / 255 for part in re.findall(r"\d+", color)[:3]]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
