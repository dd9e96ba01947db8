"""Where PDM keeps the unpacked wheels that its symlinks lead to, read only."""

import os
import sys
from pathlib import Path


def pdm_packages() -> list[str]:
    """Return the real folder of PDM's unpacked wheels, if there is one.

    It is `packages` in `PDM_CACHE_DIR`, or where platformdirs has a user's caches. A place that
    only PDM's own configuration names is not looked for.
    """
    cache = os.environ.get("PDM_CACHE_DIR") or _default()
    folder = os.path.realpath(Path(cache, "packages"))
    # A symlink might lead anywhere: what may be read is the user's cache alone.
    is_own = folder == str(Path(os.path.realpath(cache), "packages"))
    return [folder] if is_own and os.path.isdir(folder) else []  # noqa: PTH112 - does not raise


def _default() -> str:
    if sys.platform == "darwin":
        return str(Path("~/Library/Caches/pdm").expanduser())
    caches = os.environ.get("XDG_CACHE_HOME") or str(Path("~/.cache").expanduser())
    return str(Path(caches, "pdm"))
