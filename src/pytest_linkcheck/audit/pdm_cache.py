"""Where PDM keeps the unpacked wheels that its symlinks lead to, read only."""

import os
import sys
from pathlib import Path

from pytest_linkcheck.links.resolution import real_path
from pytest_linkcheck.steps import look_at


def pdm_packages() -> list[str]:
    """Return the real folder of PDM's unpacked wheels, if there is one.

    It is `packages` in `PDM_CACHE_DIR`, or where platformdirs has a user's caches. A place that
    only PDM's own configuration names is not looked for.
    """
    cache = os.environ.get("PDM_CACHE_DIR") or _default()
    look_at(cache)
    try:
        folder = real_path(Path(cache, "packages"))
        # A symlink might lead anywhere: what may be read is the user's cache alone.
        is_own = folder == str(Path(real_path(cache), "packages"))
    except OSError:
        return []
    return [folder] if is_own and os.path.isdir(folder) else []  # noqa: PTH112 - does not raise


def _default() -> str:
    if sys.platform == "darwin":
        return _home("~/Library/Caches/pdm")
    caches = os.environ.get("XDG_CACHE_HOME") or _home("~/.cache")
    return str(Path(caches, "pdm"))


def _home(path: str) -> str:
    return os.path.expanduser(path)  # noqa: PTH111 - Path's raises where there is no home
