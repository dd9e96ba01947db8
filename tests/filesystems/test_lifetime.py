"""Whatever ends a process, nothing of it stays: no mount, no loop device, no file."""

import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.mounting import needs_root, run

import pytest_linkcheck
from pytest_linkcheck.filesystems.claims import clear_leftovers

pytestmark = [needs_root, pytest.mark.slow]
SOURCE = Path(pytest_linkcheck.__file__).parents[1]
TESTS = Path(__file__).parents[1]

# Says a word after each step, so that it can be killed at any of them.
PROGRAM = """
import sys
from pathlib import Path
from pytest_linkcheck.filesystems import Filesystems, kernel, namespace
if sys.argv[2] == "shared":
    def refuse(flags): raise PermissionError(1, "Operation not permitted")
    kernel.unshare = refuse
places = Filesystems(Path(sys.argv[1]))
for name in sys.argv[3:]:
    print("before", name, flush=True)
    (places.get(name).folder() / "file").write_text("x")
    print("after", name, flush=True)
input()
"""
NAMES = (
    "ext4", "xfs", "btrfs", "btrfs-subvolume", "tmpfs", "overlay(btrfs)", "bind(xfs)", "nolink"
)  # fmt: skip
STEPS = 2 * len(NAMES)
NEXT_START = """
import sys
from pathlib import Path
from pytest_linkcheck.filesystems import Filesystems
Filesystems(Path(sys.argv[1])).close()
"""

OURS = """
from support.places import all_places
with all_places() as places:
    print(places["xfs"].root.parent, flush=True)
    input()
"""


@pytest.fixture(params=range(10))
def attempt(request: pytest.FixtureRequest) -> int:
    """One of ten."""
    return int(request.param)


def _start(folder: Path, sort: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, folder, sort, *NAMES],
        env={**os.environ, "PYTHONPATH": str(SOURCE), "TMPDIR": str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def _wait_for_the_last_word(process: subprocess.Popen[bytes]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if line == b"after nolink\n":
            return
    raise AssertionError("it ended before")


def _wait_until(true: Callable[[], bool]) -> None:
    """Look until it is *true*: what the kernel ends with a process ends a moment later."""
    assert any(true() for _ in range(2000))


def _is_unmounted(folder: Path) -> bool:
    return str(folder) not in run("findmnt", "-n", "-r", "-o", "TARGET")


def _has_no_loop(folder: Path) -> bool:
    return str(folder) not in run("losetup", "-n", "-O", "BACK-FILE", "-a")


def _assert_clean(folder: Path) -> None:
    _wait_until(lambda: _has_no_loop(folder))
    _wait_until(lambda: _is_unmounted(folder))
    subprocess.run(
        [sys.executable, "-c", NEXT_START, folder],
        env={**os.environ, "PYTHONPATH": str(SOURCE), "TMPDIR": str(folder)},
        check=True,
    )
    (registry,) = folder.iterdir()
    assert list(registry.iterdir()) == []


@pytest.mark.usefixtures("attempt")
def test_kill_9_at_a_random_moment(tmp_path: Path) -> None:
    process = _start(tmp_path, "private")
    assert process.stdout is not None
    # Somewhere in the work that follows the word: the kill does not wait for the next one.
    for _ in range(random.randrange(1, STEPS + 1)):  # noqa: S311 - no secret
        process.stdout.readline()
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    _assert_clean(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_another_signal(tmp_path: Path, number: signal.Signals) -> None:
    process = _start(tmp_path, "private")
    _wait_for_the_last_word(process)
    process.send_signal(number)
    process.communicate()
    _assert_clean(tmp_path)


def test_without_a_namespace_a_watchdog_clears_up(tmp_path: Path) -> None:
    process = _start(tmp_path, "shared")
    _wait_for_the_last_word(process)
    assert not _is_unmounted(tmp_path)
    process.kill()
    process.communicate()
    _wait_until(lambda: _is_unmounted(tmp_path) and not list(tmp_path.glob("linkcheck-*")))
    _assert_clean(tmp_path)


def test_without_namespace_and_watchdog_the_next_start_clears_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = _start(tmp_path, "shared")
    _wait_for_the_last_word(process)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    process.send_signal(signal.SIGSTOP)
    for child in map(int, children):
        if b"clear_up" in Path(f"/proc/{child}/cmdline").read_bytes():
            os.kill(child, signal.SIGKILL)
    process.kill()
    process.communicate()
    assert not _is_unmounted(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    clear_leftovers()
    _assert_clean(tmp_path)


def test_an_end_without_close(tmp_path: Path) -> None:
    process = _start(tmp_path, "private")
    process.communicate(b"\n")
    assert process.returncode == 0
    _assert_clean(tmp_path)


def test_the_filesystems_of_tests_are_unseen_and_end_with_a_kill() -> None:
    """Those in `support.places`, which tests use that are not about the plugin's own."""
    process = subprocess.Popen(
        [sys.executable, "-c", OURS],
        env={**os.environ, "PYTHONPATH": f"{SOURCE}:{TESTS}"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    folder = Path(process.stdout.readline().decode().strip())
    assert str(folder) in Path(f"/proc/{process.pid}/mountinfo").read_text()
    assert _is_unmounted(folder)
    assert str(folder) not in Path("/proc/1/mountinfo").read_text()
    process.kill()
    process.communicate()
    _wait_until(lambda: _has_no_loop(folder))
    assert not [path for path in folder.rglob("*") if not path.is_dir()]
    shutil.rmtree(folder)
