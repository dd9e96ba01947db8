"""Finding a path among known ones, however it is spelled."""

import os
from collections.abc import Container, Iterable
from pathlib import Path

from .resolution import directory_entry


def respell(path: Path, roots: Iterable[Path], known: Container[Path]) -> Path | None:
    """Return which of the *known* paths, all at or under *roots*, names the same as *path*.

    They may differ in the symlinked folders they pass; a symlink at the end of *path* is not
    followed. `None` where no known path names it.
    """
    if path in known:
        return path
    entry = directory_entry(path)
    for root in roots:
        if root in known and entry == directory_entry(root):
            return root
        real = os.path.realpath(root)
        if not entry.startswith(real.rstrip(os.sep) + os.sep):
            continue
        spelled = root / os.path.relpath(entry, real)
        if spelled in known:
            return spelled
    return None
