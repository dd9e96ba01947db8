"""Holding files open, where nothing else keeps their inode numbers from being given out again."""

import os
import sys
import weakref
from collections.abc import Mapping
from pathlib import Path

from .content import READ_FLAGS
from .facts import Identity, Kind
from .state import State

_MANY = 1 << 16


class Pins:
    """Descriptors held on files that have no handle, so that their numbers are not reused."""

    def __init__(self, states: Mapping[Path, State]) -> None:
        self._descriptors: dict[Path, int] = {}
        self._finalizer = weakref.finalize(self, _close, self._descriptors)
        left = _descriptor_share()
        for path, state in states.items():
            if len(self._descriptors) >= left:
                break
            if state.facts is None or state.handle is not None:
                continue
            if state.facts.kind not in {Kind.FILE, Kind.DIRECTORY}:
                continue  # opening a FIFO or a device would do something to it
            try:
                descriptor = os.open(path, READ_FLAGS)
            except OSError:
                continue
            now = os.fstat(descriptor)
            # With ctime: another file may have got the name and the number since the look.
            if (_identity(now), now.st_ctime_ns) == (state.facts.identity, state.facts.ctime_ns):
                self._descriptors[path] = descriptor
            else:
                os.close(descriptor)

    def hold(self, path: Path, identity: Identity) -> bool:
        """Return whether *identity* is that of the file held for *path*, alive all the while."""
        descriptor = self._descriptors.get(path)
        if descriptor is None:
            return False
        return _identity(os.fstat(descriptor)) == identity

    def close(self) -> None:
        """Let go of all files; a second time does nothing."""
        self._finalizer()


def _identity(told: os.stat_result) -> Identity:
    return Identity(told.st_dev, told.st_ino)


def _close(descriptors: dict[Path, int]) -> None:
    while descriptors:
        os.close(descriptors.popitem()[1])


def _descriptor_share() -> int:
    """Return how many descriptors may be held: a quarter of what the process may open."""
    if sys.platform == "win32":
        return 0
    try:
        from resource import RLIM_INFINITY, RLIMIT_NOFILE, getrlimit  # noqa: PLC0415 - not everywhere
    except ImportError:
        return 0
    soft = getrlimit(RLIMIT_NOFILE)[0]
    return _MANY if soft == RLIM_INFINITY else soft // 4
