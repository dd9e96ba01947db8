"""Run a command, and kill it as soon as files appear in a folder: of site-packages, or any.

A program of its own: it is run in the place of an installer's command.
"""

import os
import subprocess
import sys
from pathlib import Path

ENOUGH = 50


def main(folder: str, command: list[str]) -> int:
    """Return the status of *command*, killed in the middle if it is not too quick."""
    prefix = next(Path(word) for word in command if "bin/python" in word and word.startswith("/")
                  and (Path(word).parent.parent / "pyvenv.cfg").is_file()
                  and word != sys.executable)  # fmt: skip
    site = next((prefix.parent.parent / "lib").glob("python*/site-packages"))
    watched = site / folder  # an absolute folder is itself
    running = subprocess.Popen(command)
    while running.poll() is None:
        if _count(watched) >= ENOUGH:
            running.kill()
    return running.wait()


def _count(folder: Path) -> int:
    try:
        return sum(len(files) for _, _, files in os.walk(folder))
    except OSError:
        return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]) and 1)
