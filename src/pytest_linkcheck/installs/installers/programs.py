"""The uv and the pip that are here already: those of the packages beside pytest, or on `PATH`."""

import importlib.util
import shutil
import sys
from pathlib import Path


def find_uv_program() -> Path | None:
    """Return the uv of the package `uv`; without one that on `PATH`."""
    found = _packaged_uv() or shutil.which("uv")
    return Path(found) if found else None


def find_pip_program() -> tuple[str, ...] | None:
    """Return how to start the pip of this Python; without one that on `PATH`."""
    if importlib.util.find_spec("pip") is not None:
        return (sys.executable, "-m", "pip")
    found = shutil.which("pip")
    return (found,) if found else None


def _packaged_uv() -> str | None:
    if importlib.util.find_spec("uv") is None:
        return None
    import uv  # noqa: PLC0415 - an extra

    try:
        return str(uv.find_uv_bin())
    except (FileNotFoundError, AttributeError):  # a folder that is called uv is a package too
        return None
