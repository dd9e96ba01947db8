"""Folders of this process, and clearing away those of processes that are dead.

A claim is a lock on a small file, which holds the path of the folder and a token that stands in
the folder too. The kernel drops the lock when the process ends, however it ends: a claim that can
be locked is one that nobody has. (A process number proves less: numbers are used again, and mean
nothing in another container with the same temporary folder.)
"""

import json
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pytest_linkcheck.errors import UnavailableError
from pytest_linkcheck.links.mounts import Mount, read_mounts
from pytest_linkcheck.links.show import show_name

from . import kernel
from .namespace import rights

MARKER = ".pytest-linkcheck"
_SUFFIX = ".json"


class Claim:
    """A new folder of this process, which the next run removes if this one cannot."""

    def __init__(self, parent: Path, name: str) -> None:
        """Make the folder in *parent*; raises `OSError` if that cannot be."""
        token = secrets.token_hex(8)
        folder = Path(os.path.realpath(parent)) / f"{name}-{os.getpid()}-{token[:4]}"
        self._make(folder, token, shared=False)

    def _make(self, folder: Path, token: str, *, shared: bool) -> None:
        registry = _registry()
        self.folder = folder
        self.entry = registry / f"{token}{_SUFFIX}"
        # Locked before it gets the name by which others find it: it is never seen without an owner.
        fresh = registry / f".{token}"
        self._lock = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        kernel.lock(self._lock, wait=True, shared=shared)
        told = {"folder": str(self.folder), "token": token, "pid": os.getpid()}
        os.write(self._lock, json.dumps(told).encode())
        fresh.rename(self.entry)
        try:
            self.folder.mkdir(parents=True)
            (self.folder / MARKER).write_text(token, encoding="ascii")
        except OSError:
            self._forget()
            raise

    def release(self) -> None:
        """Remove the folder, all that was mounted below it being gone."""
        if not mounts_below(self.folder):
            shutil.rmtree(self.folder, ignore_errors=True)
        if not self.folder.exists():
            self._forget()

    def _forget(self) -> None:
        self.entry.unlink(missing_ok=True)
        with suppress(OSError):
            os.close(self._lock)


class SharedClaim(Claim):
    """A folder of several processes, each with a lock; the last of them removes it."""

    def __init__(self, folder: Path) -> None:
        """Make *folder*, or join those that have it; raises `OSError` if that cannot be."""
        with _joining():
            if not self._join(folder):
                if folder.exists():  # all that had it are dead
                    clear_leftovers()
                self._make(folder, secrets.token_hex(8), shared=True)

    def _join(self, folder: Path) -> bool:
        try:
            token = (folder / MARKER).read_text(encoding="ascii")
            self.entry = _registry() / f"{token}{_SUFFIX}"
            self._lock = os.open(self.entry, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return False
        # Nobody's claim is left to be cleared away: it may hold what is half-made.
        if kernel.lock(self._lock, wait=False) or not kernel.lock(
            self._lock, wait=False, shared=True
        ):
            os.close(self._lock)
            return False
        self.folder = folder
        return True

    def leave(self, last: Callable[[], None] = lambda: None) -> None:
        """Let the folder go; whoever is the last to have it calls *last*, and removes it."""
        with _joining():
            if kernel.lock(self._lock, wait=False):
                last()
                self.release()
            else:
                with suppress(OSError):
                    os.close(self._lock)


@contextmanager
def _joining() -> Iterator[None]:
    """Let no two processes join, make or leave a folder at one time."""
    # The lock is on the folder itself: a file for it would be left behind.
    descriptor = os.open(_registry(), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        kernel.lock(descriptor, wait=True)
        yield
    finally:
        os.close(descriptor)


def clear_leftovers() -> list[Path]:
    """Remove the folders of processes that are dead, with the mounts in them; return which."""
    registry = _registry()
    # The name that a claim has before it is locked lives for microseconds, unless its process dies.
    for entry in registry.glob(".[0-9a-f]*"):
        with _unowned(entry) as descriptor:
            if descriptor is not None:
                entry.unlink(missing_ok=True)
    cleared = []
    for entry in registry.glob(f"*{_SUFFIX}"):
        with _unowned(entry) as descriptor:
            if descriptor is None:
                continue
            folder = _read_folder(descriptor)
            if folder is None or clear_folder(folder):
                entry.unlink(missing_ok=True)
                cleared += [folder] if folder else []
    return cleared


def wait_for_end(entry: str) -> None:
    """Wait until the owner of a claim has released it, or is dead."""
    with suppress(FileNotFoundError):
        descriptor = os.open(entry, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        kernel.lock(descriptor, wait=True)
        os.close(descriptor)


def clear_folder(folder: Path) -> bool:
    """Unmount all below *folder* and remove it; return whether it is gone."""
    with rights():
        for mount in reversed(mounts_below(folder)):
            with suppress(OSError):
                kernel.unmount(mount.point, detach=True)
    # Never through a mount: what lies behind one that stayed may not be ours.
    if not mounts_below(folder):
        shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


def mounts_below(folder: Path) -> list[Mount]:
    """Return the mounts on *folder* and below it, oldest first."""
    above = f"{folder}{os.sep}"
    return [mount for mount in read_mounts() if f"{mount.point}{os.sep}".startswith(above)]


def _registry() -> Path:
    """Return the folder of this user's claims. It is nobody else's, or it proves nothing."""
    user = os.getuid() if hasattr(os, "getuid") else 0
    folder = Path(tempfile.gettempdir()) / f"pytest-linkcheck-of-{user}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        told = folder.lstat()
    except OSError as error:
        raise UnavailableError(
            f"{show_name(folder)} cannot be made: {error.strerror}; set TMPDIR to a folder that "
            "takes writes"
        ) from None
    if not stat.S_ISDIR(told.st_mode) or told.st_uid != user or told.st_mode & 0o022:
        raise UnavailableError(
            f"{show_name(folder)} is not a folder of this user alone: remove it, or set TMPDIR"
        )
    return folder


@contextmanager
def _unowned(entry: Path) -> Iterator[int | None]:
    """Yield the open file *entry* if its owner is dead, else `None`."""
    try:
        descriptor = os.open(entry, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        yield None
        return
    try:
        yield descriptor if kernel.lock(descriptor, wait=False) else None
    finally:
        os.close(descriptor)


def _read_folder(descriptor: int) -> Path | None:
    """Return the folder of a claim, `None` if there is none that bears its token."""
    try:
        told = json.loads(os.read(descriptor, 65536))
        folder = Path(told["folder"])
        user = os.getuid()
        ours = stat.S_ISDIR(folder.lstat().st_mode) and folder.lstat().st_uid == user
        marked = (folder / MARKER).read_text(encoding="ascii") == told["token"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return folder if ours and marked else None
