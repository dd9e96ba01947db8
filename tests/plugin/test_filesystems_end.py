"""However a run ends, nothing of it stays; and what runs as an ordinary user."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.mounting import needs_root, run
from support.users import NOBODY, public_folder

import pytest_linkcheck

SOURCE = Path(pytest_linkcheck.__file__).parents[1]
PACKAGES = Path(pytest.__file__).parents[1]
PLACES = ["ext4", "xfs", "btrfs", "btrfs-subvolume", "tmpfs", "overlay(btrfs)", "bind(xfs)"]
TESTS = f"""
import pytest

@pytest.mark.linkcheck_matrix(filesystems={PLACES})
@pytest.mark.parametrize("number", range(2))
def test_it(filesystem, number):
    print("before", flush=True)
    (filesystem.folder() / "file").write_text("x")

def test_wait():
    import sys
    print("before", flush=True)
    sys.stdin.readline()
"""
WITHOUT_ROOT = """
import pytest

@pytest.mark.linkcheck_matrix(filesystems=["default", "tmpfs", "overlay(tmpfs)", "bind"])
def test_can(filesystem, cache_filesystem):
    (filesystem.folder() / "file").write_text("x")

@pytest.mark.linkcheck_matrix(filesystems=["ext4", "overlay(btrfs)"])
def test_cannot(filesystem):
    raise AssertionError

@pytest.mark.linkcheck_requires("reflink")
def test_requires():
    raise AssertionError
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user can reach."""
    with public_folder() as made:
        made.chmod(0o777)
        yield made


def _environ(folder: Path) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    return {
        **plain,
        "PYTHONPATH": f"{SOURCE}:{PACKAGES}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "TMPDIR": str(folder),
    }


def _command(folder: Path, *args: str) -> list[str]:
    ours = ["-p", "pytest_linkcheck.plugin", "-p", "no:cacheprovider"]
    return ["-m", "pytest", *ours, f"--rootdir={folder}", "-c", os.devnull, *args]


def _wait_until(true: Callable[[], bool]) -> None:
    """Look until it is *true*: what the kernel ends with a process ends a moment later."""
    assert any(true() for _ in range(2000))


def _is_gone(folder: Path) -> bool:
    told = run("findmnt", "-n", "-r", "-o", "TARGET") + run(
        "losetup", "-n", "-O", "BACK-FILE", "-a"
    )
    return str(folder) not in told


@pytest.fixture(params=range(10))
def attempt(request: pytest.FixtureRequest) -> int:
    """One of ten, every second of them with xdist."""
    return int(request.param)


@needs_root
def test_kill_9_at_a_random_moment(folder: Path, attempt: int) -> None:
    (folder / "test_it.py").write_text(TESTS)
    distributed = ["-p", "xdist", "-n2", "-v"] if attempt % 2 else ["-s"]
    command = [sys.executable, *_command(folder, *distributed, str(folder / "test_it.py"))]
    process = subprocess.Popen(
        command, env=_environ(folder), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    words = (b"before", b"PASSED")
    for _ in range(random.randrange(1, 2 * len(PLACES))):  # noqa: S311 - no secret
        while (line := process.stdout.readline()) and not any(word in line for word in words):
            pass
    children = _children(process.pid)
    victims = [process.pid] if attempt % 3 else [*children, process.pid]
    for victim in victims:
        os.kill(victim, signal.SIGKILL)
    process.communicate()
    _wait_until(lambda: _is_gone(folder))
    _start_next(folder)
    registry = folder / f"pytest-linkcheck-of-{os.getuid()}"
    assert list(registry.iterdir()) == []
    assert not list(folder.glob("pytest-of-*/pytest-*/**/linkcheck-*"))


def _children(pid: int) -> list[int]:
    told = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(child) for child in told.split()]


def _start_next(folder: Path) -> None:
    """Run a test that uses a place, until no worker of the dead run is left."""
    (folder / "test_next.py").write_text("def test_it(filesystem): pass")
    command = [sys.executable, *_command(folder, str(folder / "test_next.py"))]
    registry = folder / f"pytest-linkcheck-of-{os.getuid()}"

    def is_clean() -> bool:
        subprocess.run(command, env=_environ(folder), check=True, stdout=subprocess.DEVNULL)
        return not list(registry.iterdir())

    assert any(is_clean() for _ in range(10))


def _python() -> str:
    """Return a Python that every user may start."""
    ours = Path(sys.executable).resolve()
    if all(above.stat().st_mode & 0o001 for above in ours.parents):
        return sys.executable
    return "/usr/bin/python3"


def _as_user(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    drop = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    (folder / "test_it.py").write_text(WITHOUT_ROOT)
    return subprocess.run(
        [*(drop if os.geteuid() == 0 else []), _python(),
         *_command(folder, "-rs", *args, str(folder / "test_it.py"))],
        env=_environ(folder), cwd=folder, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip


def test_without_root_what_can_run_runs_and_the_rest_says_why(folder: Path) -> None:
    told = _as_user(folder).stdout
    if "the kernel forbids it" in told:
        pytest.skip("this kernel gives users no namespaces: run the tests as root, or allow them")
    assert "4 passed, 3 skipped" in told
    assert "ext4 needs a loop device, and only root has those: run as root, or name a" in told
    assert "requires reflink: " in told
    assert "choose btrfs or xfs: run as root with --linkcheck-filesystem btrfs" in told


def test_without_root_and_strictly_the_rest_fails(folder: Path) -> None:
    told = _as_user(folder, "--linkcheck-strict").stdout
    assert "skipped" not in told.splitlines()[-1]
    assert "3 errors" in told
    assert "--linkcheck-filesystem ext4=PATH (a failure by --linkcheck-strict)" in told


def test_without_root_workers_mount_if_the_places_are_named_beforehand(folder: Path) -> None:
    unprepared = _as_user(folder, "-p", "xdist", "-n2", "-k", "can and not cannot").stdout
    if "the kernel forbids it" in unprepared:
        pytest.skip("this kernel gives users no namespaces: run the tests as root, or allow them")
    assert "1 passed, 3 skipped" in unprepared
    assert "name the places by --linkcheck-filesystem so that they are prepared" in unprepared
    places = "--linkcheck-filesystem=default,tmpfs,overlay(tmpfs),bind"
    prepared = _as_user(folder, "-p", "xdist", "-n2", "-k", "can and not cannot", places).stdout
    assert "4 passed" in prepared
