"""Where snapshots are kept, and how they are read and written."""

import hashlib
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
# Of the 255 bytes that a name may have; each cut one has 13 more, and two make a file's name.
_LONGEST = 150
LONGEST_OF_NAME = 60


def safe_name(text: str, longest: int = _LONGEST) -> str:
    """Return *text* as a file name: what not every system allows is escaped as in a URL.

    Of more characters than *longest* the end is replaced by a hash of it all.
    """
    safe = _UNSAFE.sub(lambda match: "".join(f"%{byte:02X}" for byte in _bytes(match[0])), text)
    if len(safe) <= longest:
        return safe
    return f"{safe[:longest]}-{hashlib.sha256(_bytes(text)).hexdigest()[:12]}"


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def folder_of(module: Path) -> Path:
    """Return where the snapshots of the tests in *module* lie."""
    return module.parent / FOLDER / module.stem


def read_snapshot(path: Path) -> str | None:
    """Return what is stored at *path*, `None` for nothing; raises `LinkcheckError`.

    What is no UTF-8 is no snapshot, and reads as none of any format.
    """
    try:
        return path.read_text("utf-8", "replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LinkcheckError(f"{show_name(path)} cannot be read: {error.strerror}") from None


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
    inside = [] if folder.parent.is_symlink() else list_folder(folder)
    return [path for path in inside if path.name.endswith(SUFFIX)]


def list_folder(folder: Path) -> list[Path]:
    """Return what is in *folder*; nothing where it cannot be read, or is a symlink.

    What is no longer used is removed, but not at the end of a link that a project came with.
    """
    try:
        return [] if folder.is_symlink() else sorted(folder.iterdir())
    except OSError:
        return []


def owner_of(path: Path) -> str:
    """Return which test the snapshot at *path* belongs to, by its safe name."""
    return path.name.removesuffix(SUFFIX).partition(NAMED)[0]
