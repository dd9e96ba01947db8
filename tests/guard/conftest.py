"""A real environment that shares files with a cache and a second environment, and runs beside."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_linkcheck import Environment, Venvs, Wheelhouse
from pytest_linkcheck.guard import hooks  # noqa: F401 - pytester forgets what its runs import

NAMES = """
import os, subprocess, sys
from pathlib import Path

PREFIX = Path({prefix!r})
FILE = Path({file!r})
OTHER = Path({other!r})
CACHED = Path({cached!r})
CACHE = Path({cache!r})
UV = {uv!r}


def append(path):
    with open(path, "a") as file:
        file.write("#")

"""
MODULE = """
{names}
def test_before():
    FILE.read_bytes()

def test_it(tmp_path):
    {code}

def test_after():
    assert FILE.parent.exists()
"""


@dataclass(frozen=True)
class Bench:
    """An environment `one` to be watched, and `two`, which has hard links to the same files."""

    pytester: pytest.Pytester
    one: Environment
    two: Environment

    @property
    def file(self) -> Path:
        return self.one / "sample/large.py"

    @property
    def names(self) -> str:
        (cached,) = self.one.cache.glob("archive-v*/*/sample/large.py")
        return NAMES.format(
            prefix=str(self.one.prefix),
            file=str(self.file),
            other=str(self.two / "sample/large.py"),
            cached=str(cached),
            cache=str(self.one.cache),
            uv=str(getattr(self.one.installer, "path", "")),
        )

    def write(self, code: str) -> None:
        """Write three tests, of which the second runs *code*."""
        indented = "\n    ".join(code.strip().splitlines())
        self.pytester.makepyfile(test_inner=MODULE.format(names=self.names, code=indented))

    def run(self, *args: str) -> pytest.RunResult:
        """Run what was written, watching `one` and its cache."""
        watched = [f"--linkcheck-guard={path}" for path in (self.one.prefix, self.one.cache)]
        return self.pytester.runpytest_inprocess(
            "-p", "linkcheck", "-p", "xdist", "-p", "no:cacheprovider", *watched, *args
        )


def guarded(pytester: pytest.Pytester, code: str, *watched: Path) -> pytest.RunResult:
    """Run a module of tests, *code*, watching folders."""
    pytester.makepyfile(test_inner=code)
    options = [f"--linkcheck-guard={path}" for path in watched]
    return pytester.runpytest_inprocess("-p", "linkcheck", "-p", "no:cacheprovider", *options)


@pytest.fixture
def bench(
    pytester: pytest.Pytester,
    venvs: Venvs,
    wheelhouse: Wheelhouse,
    monkeypatch: pytest.MonkeyPatch,
) -> Bench:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    one, two = (venvs.uv(wheelhouse.sample, link_mode="hardlink") for _ in range(2))
    return Bench(pytester, one, two)
