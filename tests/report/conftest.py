from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from report.browser import Visit, chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    with chromium() as started:
        yield started


@pytest.fixture
def visit(browser: "Browser", tmp_path: Path) -> Iterator[Visit]:
    """Open reports in a browser; nothing that they did may be wrong."""
    made = Visit(browser, tmp_path)
    yield made
    made.close()
    assert made.wrong == []
