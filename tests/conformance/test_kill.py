"""The program that kills an install: it kills all of it, and says whether it did."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_linkcheck.conformance import kill

pytestmark = pytest.mark.skipif(os.name != "posix", reason="processes are killed by group")
WRITES = """
import itertools, pathlib, sys
for number in itertools.count():
    pathlib.Path(sys.argv[1], f"{number % 99}").touch()
"""
# As `pip --python` does it: the files are written by a process below the one that is started.
STARTS = f"""
import subprocess, sys
subprocess.run([sys.executable, "-c", {WRITES!r}, sys.argv[1]])
"""


def run(folder: Path, code: str) -> int:
    program = (sys.executable, "-I", kill.__file__, folder, sys.executable, "-c", code, folder)
    # Its output ends when the last process ends that could write to it.
    return subprocess.run(program, check=False, capture_output=True, timeout=60).returncode


def test_what_is_run_below_the_command_is_killed_too(tmp_path: Path) -> None:
    assert run(tmp_path, STARTS) == kill.KILLED
    assert len(list(tmp_path.iterdir())) >= kill.ENOUGH


@pytest.mark.parametrize("status", [0, 3])
def test_a_command_that_ends_before_keeps_its_status(tmp_path: Path, status: int) -> None:
    assert run(tmp_path, f"raise SystemExit({status})") == status
