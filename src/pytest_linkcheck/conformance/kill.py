"""Run a command, and kill it as soon as files appear in a folder.

A program of its own: it is run in the place of an installer's command.
"""

import os
import signal
import subprocess
import sys
from contextlib import suppress

ENOUGH = 50
KILLED = 113  # the status where it was killed; else it is the command's own


def main(folder: str, command: list[str]) -> int:
    """Return the status of *command*, `KILLED` if it was killed before it had ended."""
    # A group of its own: `pip --python` does its work in a process below the one that is started.
    running = subprocess.Popen(command, start_new_session=True)
    try:
        while running.poll() is None and _count(folder) < ENOUGH:
            pass
    finally:
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
    status = running.wait()
    return KILLED if status == -signal.SIGKILL else status


def _count(folder: str) -> int:
    return sum(len(files) for _, _, files in os.walk(folder))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
