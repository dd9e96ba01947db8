from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from support.places import BASES, Place, all_places, require
from support.users import public_folder

# Here and not in pyproject.toml, where pytest 8 does not look.
MARKERS = (
    "network: needs a package index (deselect with -m 'not network')",
    "slow: run on one Python only (deselect with -m 'not slow')",
    "browser: needs chromium and Playwright (tox -e browser)",
    "matrix: many installers and releases from the index (tox -e installers)",
)


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers of these tests."""
    for line in MARKERS:
        config.addinivalue_line("markers", line)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Make a failure of any skip under `--linkcheck-strict`: the gate must not go quietly green."""
    report = yield
    # The option is missing where the plugin is switched off.
    if report.skipped and item.config.getoption("linkcheck_strict", default=False):
        report.outcome = "failed"
        report.longrepr = f"skipped, which --linkcheck-strict forbids: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def places() -> Iterator[dict[str, Place]]:
    """Return a real filesystem of each kind, mounted for this run."""
    require(*BASES)
    with all_places() as found:
        yield found


@pytest.fixture(name="public_folder")
def fixture_public_folder() -> Iterator[Path]:
    """Return a folder that other users may enter, as those of `tmp_path` are not."""
    with public_folder() as folder:
        yield folder
