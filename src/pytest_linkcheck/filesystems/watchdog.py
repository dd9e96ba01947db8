"""A process that outlives this one and clears up after it.

Only for machines where a mount namespace cannot be had: there a mount does not end with the
process that made it. Started as `python -m pytest_linkcheck.filesystems.watchdog FOLDER`.
"""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

_GO = b"done\n"


class Watchdog:
    """Unmounts and removes *folder* when this process is gone."""

    def __init__(self, folder: Path) -> None:
        # In a session of its own: what ends our group, as Ctrl-C does, leaves it alone.
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",  # it must not keep a mount busy
            start_new_session=True,
        )

    def dismiss(self) -> None:
        """Let it go: there is nothing left to clear."""
        with suppress(OSError):
            self._process.communicate(_GO)


def watch() -> None:
    """Wait for a word or for the end of the process at the other end of the pipe."""
    from .claims import clear_leftovers  # noqa: PLC0415 - the waiting process stays small

    if sys.stdin.buffer.readline() != _GO:
        clear_leftovers()


if __name__ == "__main__":
    watch()
