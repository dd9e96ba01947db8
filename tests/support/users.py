"""Being another user for a while."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534


@contextmanager
def nobody() -> Iterator[None]:
    """Drop root's rights in the block; where the tests run as a user, nothing needs dropping."""
    if os.geteuid() != 0:
        yield
        return
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@contextmanager
def public_folder() -> Iterator[Path]:
    """Make a folder that every user may enter, and remove it.

    Not among those of pytest: each new run of pytest closes the folder above them all.
    """
    top = Path("/dev/shm")  # noqa: S108 - in memory, and open to all
    with tempfile.TemporaryDirectory(
        prefix="linkcheck-", dir=top if os.access(top, os.W_OK) else None
    ) as name:
        folder = Path(name)
        open_way(folder)
        yield folder


def open_way(folder: Path) -> None:
    """Let other users reach *folder*: pytest closes those it makes."""
    for one in (folder, *folder.parents):
        mode = one.stat().st_mode
        if not mode & 0o005:
            one.chmod(mode | 0o055)
