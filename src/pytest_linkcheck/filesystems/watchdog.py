"""Processes that outlive this one, to end what the kernel does not end with it.

One clears up where a mount namespace cannot be had: there a mount does not end with the process
that made it. Another serves a FUSE filesystem.
"""

import os
import select
import subprocess
import sys
from contextlib import suppress

from . import kernel


class Helper:
    """A Python of its own that runs a function of this module; it is told when we end."""

    def __init__(self, function: str, *arguments: str) -> None:
        """Start *function* with *arguments*."""
        # Not `-m`: that would import this module twice. The folder is one that is no mount of ours.
        program = f"import sys; from {__name__} import {function}; {function}(*sys.argv[1:])"
        path = os.pathsep.join(os.path.abspath(folder) for folder in sys.path)  # noqa: PTH100 - text
        self._process = subprocess.Popen(
            [sys.executable, "-c", program, *arguments],
            cwd="/",
            env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # What ends our group, as Ctrl-C does, must leave it alone.
            start_new_session=True,
        )

    def has_ended(self, wait: float) -> bool:
        """Return whether it ends within *wait* seconds."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(wait)
        return self._process.returncode is not None

    def dismiss(self) -> None:
        """Let it go: there is nothing left for it to do."""
        with suppress(OSError):
            self._process.communicate()


def clear_up(entry: str) -> None:
    """Wait until nobody has the claim *entry* any more; then clear up."""
    from .claims import clear_leftovers, wait_for_end  # noqa: PLC0415 - it waits without

    wait_for_end(entry)
    clear_leftovers()


def serve(server: str, device: str, point: str) -> None:
    """Run the FUSE *server* until its filesystem is unmounted, or unmount it if we are alone.

    A server must not be killed in the namespace in which its filesystem is mounted: as the last
    one there it would be asked to end the filesystem, and wait for its own answer for ever.
    """
    process = subprocess.Popen([server, "-d", device, point], stdin=subprocess.DEVNULL)
    ended = os.pidfd_open(process.pid)
    ready, _, _ = select.select([sys.stdin.fileno(), ended], [], [])
    if ended not in ready:
        with suppress(OSError):
            kernel.unmount(point, detach=True)
    process.wait()
