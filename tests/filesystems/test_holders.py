import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.mounting import needs_root

from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.filesystems import Filesystems

pytestmark = needs_root


@contextmanager
def _sleeper(cwd: Path) -> Iterator[int]:
    """A process that lives in *cwd* until the block is left."""
    process = subprocess.Popen(
        [sys.executable, "-c", "print('ready', flush=True); input()"],
        cwd=cwd,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield process.pid
    finally:
        process.communicate(b"\n")


def test_a_busy_mount_names_the_process_that_holds_it(tmp_path: Path) -> None:
    made = Filesystems(tmp_path)
    folder = made.get("tmpfs").folder()
    with _sleeper(folder) as pid, pytest.raises(LinkcheckError) as caught:
        made.close()
    told = str(caught.value)
    assert told.startswith("tmpfs ")
    assert f"is busy (Device or resource busy): held by process {pid} (python" in told
    assert f"by its working folder {folder}" in told
    assert not list(tmp_path.iterdir())


def test_an_open_file_of_this_process_is_named(tmp_path: Path) -> None:
    made = Filesystems(tmp_path)
    path = made.get("ext4").folder() / "file"
    with path.open("w"), pytest.raises(LinkcheckError) as caught:
        made.close()
    assert f"process {os.getpid()} (" in str(caught.value)
    assert f"by its open file {path})" in str(caught.value)


def test_another_mount_of_one_filesystem_is_not_held(tmp_path: Path) -> None:
    made = Filesystems(tmp_path)
    folder = made.get("bind(tmpfs)").folder()
    with _sleeper(folder), pytest.raises(LinkcheckError) as caught:
        made.close()
    assert len(str(caught.value).splitlines()) == 1
