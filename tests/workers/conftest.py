"""Runs of pytest with workers, in processes of their own, and what they built."""

import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_linkcheck.once import LOG

Run = Callable[..., pytest.RunResult]
PLUGINS = ("-p", "linkcheck", "-p", "no:cacheprovider")


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """The folder for the temporary files of the runs within."""
    return tmp_path / "base"


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, base: Path) -> Run:
    """Run pytest in a process of its own, with our plugin alone; name xdist to have it."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("TMPDIR", raising=False)

    def run_pytest(*args: str | os.PathLike[str]) -> pytest.RunResult:
        return pytester.runpytest_subprocess(*PLUGINS, f"--basetemp={base}", *args)

    return run_pytest


def built(base: Path) -> Counter[tuple[str, str]]:
    """Return how often each thing was built that the processes below *base* share, by its kind."""
    logs = base.glob(f"linkcheck/*/*/{LOG}")
    told = [json.loads(line) for log in logs for line in log.read_text("utf-8").splitlines()]
    return Counter((one["kind"], one["name"]) for one in told)
