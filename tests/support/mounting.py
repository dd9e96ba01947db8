"""Mounts for tests: made where the machine allows it, always undone, and unseen by others.

The kernel ends them with the process, even one that was killed: they are made in its own namespace.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pytest_linkcheck.filesystems.namespace import enter_namespace

needs_root = pytest.mark.skipif(
    os.name != "posix" or os.geteuid() != 0,
    reason="mounts need root: run the tests with sudo or as root in a container",
)


def run(*command: str | os.PathLike[str], given: bytes | None = None) -> str:
    """Run *command*, hand it *given*, and return what it wrote.

    Raises `CalledProcessError` with its words if it fails.
    """
    done = subprocess.run(command, input=given, capture_output=True, check=False)
    if done.returncode:
        raise subprocess.CalledProcessError(
            done.returncode, command, done.stdout, os.fsdecode(done.stderr)
        )
    return os.fsdecode(done.stdout)


@contextmanager
def mounted(source: str | Path, point: Path, *options: str) -> Iterator[Path]:
    """Mount *source* on *point*, which may be a file for a bind mount, and unmount it at last.

    Raises `CalledProcessError` if the machine does not mount that.
    """
    enter_namespace()
    run("mount", *options, source, point)
    try:
        yield point
    finally:
        run("umount", point)


@contextmanager
def bound(source: Path, point: Path) -> Iterator[Path]:
    """Show the folder or file *source* a second time, at *point*."""
    with mounted(source, point, "--bind"):
        yield point
