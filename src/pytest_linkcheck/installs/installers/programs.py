"""The uv and the pip that are here already: those of the packages beside pytest, or on `PATH`."""

import csv
import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from packaging.version import Version

_UV = ("bin/uv", "Scripts/uv.exe")


def find_uv_program() -> Path | None:
    """Return the uv of the package `uv`; without one that on `PATH`."""
    found = _packaged_uv() or shutil.which("uv")
    return Path(found) if found else None


def find_recorded_uv() -> tuple[Path, Version] | None:
    """Return the uv of the package `uv`, and its version, if RECORD tells both; no uv is run.

    `None` where the program has not the size that RECORD says: then it is another one. So it is
    where the package is not installed from a wheel, or twice.
    """
    found = list(_recorded_uvs())
    return found[0] if len(found) == 1 else None


def _recorded_uvs() -> Iterator[tuple[Path, Version]]:
    spec = importlib.util.find_spec("uv")
    for package in spec.submodule_search_locations or () if spec else ():
        site = Path(package).parent
        for info in site.glob("uv-*.dist-info"):
            try:
                version = Version(info.name.removeprefix("uv-").removesuffix(".dist-info"))
                with (info / "RECORD").open(encoding="utf-8", newline="") as record:
                    rows = [row for row in csv.reader(record) if row and row[0].endswith(_UV)]
                for name, _, size in rows:
                    program = Path(os.path.normpath(site / name))
                    if program.is_file() and program.stat().st_size == int(size):
                        yield program, version
            except (OSError, ValueError, csv.Error):  # no version is a ValueError too
                continue


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
