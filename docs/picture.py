"""Draw the README's picture: a real audit of an environment that uv makes for it.

    uv run --group docs docs/picture.py

Needs uv on PATH and a package index. The cache is uv's own of this user, as in a real audit.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

PICTURE = Path(__file__).with_name("audit.svg")
PACKAGES = ("numpy", "requests", "rich")
COLUMNS = 100


def main() -> None:
    """Make the environment, audit it, and write the picture."""
    with tempfile.TemporaryDirectory(prefix="project-") as folder:
        for command in (
            ["uv", "venv", "--quiet"],
            ["uv", "pip", "install", "--quiet", *PACKAGES],
        ):
            subprocess.run(command, cwd=folder, check=True)
        shown = ["pytest", "--linkcheck"]
        # Neither this machine's other plugins nor its folders belong into the picture.
        plugins = ["-p", "linkcheck", "-p", "no:cacheprovider"]
        hidden = ["-m", "pytest", "--color=yes", *plugins]
        done = subprocess.run(
            [sys.executable, *hidden, *shown[1:]],
            cwd=folder,
            check=False,
            capture_output=True,
            text=True,
            env={
                "COLUMNS": str(COLUMNS),
                "HOME": str(Path.home()),
                "PATH": os.defpath,
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            },
        )
    console = Console(record=True, width=COLUMNS, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    console.print(Text(f"$ {' '.join(shown)}", style="bold"))
    unwanted = ("plugins:", "rootdir:", "linkcheck: temporary")
    lines = [line for line in done.stdout.splitlines() if not line.startswith(unwanted)]
    console.print(Text.from_ansi("\n".join(lines)))
    PICTURE.write_text(console.export_svg(title="pytest-linkcheck"), encoding="utf-8")


if __name__ == "__main__":
    main()
