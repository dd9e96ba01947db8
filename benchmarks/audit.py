"""The audit of an environment of 100 distributions, against checking it by hand.

    python benchmarks/audit.py [FOLDER]

Takes the distributions of benchmarks/distributions.txt from the package index, by uv and as hard
links from a cache of its own, into a temporary folder; or into FOLDER, where those of an earlier
run are taken. By hand are `uv pip check`, `pip check` and `sha256sum` over every file.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from side_by_side import HEAD, command, race

WANTED = Path(__file__).with_name("distributions.txt")
OURS = ("-p", "no:cacheprovider", "-p", "pytest_linkcheck.plugin", "-q", "--linkcheck")


def make(base: Path) -> Path:
    """Return the environment in *base*, made if it is not there."""
    os.environ |= {"UV_CACHE_DIR": str(base / "cache"), "UV_NO_CONFIG": "1"}
    prefix = base / "environment"
    if not prefix.exists():
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        half = base / "half"
        subprocess.run(["uv", "venv", "-q", "--clear", "-p", version, half], check=True)
        subprocess.run(
            ["uv", "pip", "install", "-q", "--no-deps", "--link-mode", "hardlink", "-p", half,
             "-r", WANTED],
            check=True,
        )  # fmt: skip
        half.rename(prefix)
    return prefix


def main(base: Path) -> None:
    """Measure and print."""
    prefix = make(base)
    python = prefix / "bin" / "python"
    by_hand = (
        command("uv", "pip", "check", "-p", prefix),
        command(python, "-m", "pip", "check"),
        command("find", prefix, "-type", "f", "-exec", "sha256sum", "{}", "+"),
    )
    ours = command(sys.executable, "-m", "pytest", *OURS, "--linkcheck-env", prefix)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # other plugins are not to be measured
    empty = base / "empty"  # pytest would run the tests that it finds where it is started
    empty.mkdir(exist_ok=True)
    os.chdir(empty)
    count = len(WANTED.read_text(encoding="utf-8").splitlines())
    print(HEAD)
    race(
        f"`pytest --linkcheck` on {count} distributions", ours,
        "`uv pip check`, `pip check` and `sha256sum`", lambda: [step() for step in by_hand], 1,
    )  # fmt: skip


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]).absolute())
    else:
        with tempfile.TemporaryDirectory(prefix="linkcheck-benchmark-") as made:
            main(Path(made))
