"""Runs of pytest within the tests: our plugin and xdist, no others unless a test asks for them."""

from collections.abc import Callable

import pytest

# Imported here once: pytester forgets what is imported in the runs within.
from pytest_linkcheck import expectation, markers, shared  # noqa: F401
from pytest_linkcheck.audit import hooks  # noqa: F401

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run pytest in this process."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")

    def run_pytest(*args: str) -> pytest.RunResult:
        return pytester.runpytest_inprocess("-p", "linkcheck", "-p", "xdist", *args)

    return run_pytest
