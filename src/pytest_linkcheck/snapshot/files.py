"""Where snapshots are kept, and how they are read and written."""

import hashlib
import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path

from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.links.show import show_name

FOLDER = "__linkcheck__"
SUFFIX = ".txt"
NAMED = "~"  # between a test and the name of one of its snapshots
_UNSAFE = re.compile(r"[^A-Za-z0-9_.,=+@\[\]-]")
_LONGEST = 150  # of the 255 bytes that a name may have


def safe_name(text: str) -> str:
    """Return *text* as a file name: what not every system allows is escaped as in a URL."""
    safe = _UNSAFE.sub(lambda match: "".join(f"%{byte:02X}" for byte in _bytes(match[0])), text)
    if len(safe) <= _LONGEST:
        return safe
    return f"{safe[:_LONGEST]}-{hashlib.sha256(_bytes(text)).hexdigest()[:12]}"


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def folder_of(module: Path) -> Path:
    """Return where the snapshots of the tests in *module* lie."""
    return module.parent / FOLDER / module.stem


def read_snapshot(path: Path) -> str | None:
    """Return what is stored at *path*, `None` for nothing; raises `LinkcheckError`."""
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise LinkcheckError(f"{show_name(path)} cannot be read: {error}") from None


def write_snapshot(path: Path, text: str) -> None:
    """Write *text* to *path* whole or not at all; raises `LinkcheckError`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", newline="\n", dir=path.parent, prefix=".", delete=False
        ) as file:
            made = Path(file.name)
            try:
                file.write(text)
                file.close()
                made.chmod(0o644)  # a temporary file is its owner's alone
                made.replace(path)
            except BaseException:
                made.unlink()
                raise
    except OSError as error:
        raise LinkcheckError(f"{show_name(path)} cannot be written: {error.strerror}") from None


def remove_snapshot(path: Path) -> None:
    """Remove a snapshot, and its folder with the last one; raises `LinkcheckError`."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise LinkcheckError(f"{show_name(path)} cannot be removed: {error.strerror}") from None
    with suppress(OSError):  # not empty
        path.parent.rmdir()
        path.parent.parent.rmdir()


def stored(folder: Path) -> list[Path]:
    """Return the snapshots in *folder*, none if it is not there."""
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208
    except OSError:
        return []
    return [folder / name for name in names if name.endswith(SUFFIX)]


def owner_of(path: Path) -> str:
    """Return which test the snapshot at *path* belongs to, by its safe name."""
    return path.name.removesuffix(SUFFIX).partition(NAMED)[0]
