"""What processes that share a folder make once: under a lock, and noted when it is whole.

The locks are `filelock`'s, which are the kernel's: those of a killed process are free at once.
"""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

LOG = "builds.log"


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let no other process into the block, as long as it names the same *path*."""
    from filelock import FileLock  # noqa: PLC0415 - only where something is shared is it needed

    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path):
        yield


def read_json(path: Path) -> Any:  # noqa: ANN401 - what JSON holds
    """Return what *path* holds, `None` if it is not there."""
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None


def write_json(path: Path, value: object) -> None:
    """Let *path* hold *value*: all of it or, if this process is killed, what it held before."""
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(json.dumps(value), "utf-8")
    partial.replace(path)


@contextmanager
def noting(folder: Path, kind: str, name: str) -> Iterator[None]:
    """Add a line to the log in *folder* when the block has built the *kind* of thing *name*.

    A line is JSON: what was built, by which process and worker of xdist, in how many seconds.
    """
    start = time.monotonic()
    yield
    told = {
        "kind": kind,
        "name": name,
        "process": os.getpid(),
        "worker": os.environ.get("PYTEST_XDIST_WORKER", ""),
        "seconds": round(time.monotonic() - start, 3),
    }
    folder.mkdir(parents=True, exist_ok=True)
    # One write to a file opened for appending: lines of two processes do not mix.
    with (folder / LOG).open("a", encoding="utf-8") as log:
        log.write(f"{json.dumps(told)}\n")
