"""Being another user for a while."""

import os
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


def open_way(folder: Path) -> None:
    """Let other users reach *folder*: pytest closes those it makes."""
    for one in (folder, *folder.parents):
        mode = one.stat().st_mode
        if not mode & 0o005:
            one.chmod(mode | 0o055)
