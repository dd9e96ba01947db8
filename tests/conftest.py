import shutil
import tempfile
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


FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(tryfirst=True)  # before pytest chooses where `tmp_path` lies
def pytest_configure(config: pytest.Config) -> None:
    """Register the markers of these tests, and give the run a folder for its temporary files."""
    for line in MARKERS:
        config.addinivalue_line("markers", line)
    if config.option.basetemp is None and not hasattr(config, "workerinput"):
        # Every pytest that starts closes the folder of pytest's choice to other users, as whom
        # some tests run: those of the next environment of tox would close it in the middle.
        config.option.basetemp = tempfile.mkdtemp(prefix="linkcheck-tests-")
        config.add_cleanup(lambda: _clear(config))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Keep what failed tests have left."""
    session.config.stash[FAILED] = exitstatus != pytest.ExitCode.OK


def _clear(config: pytest.Config) -> None:
    if not config.stash.get(FAILED, True):
        shutil.rmtree(config.option.basetemp, ignore_errors=True)


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
