"""Making environments, against the same commands by hand and against pytest-virtualenv.

    pip install pytest-virtualenv; python benchmarks/environments.py

Takes a wheel of numpy from the package index once. Each row runs pytest on a file of tests that
want environments, less what pytest takes on a file of tests that want none.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from side_by_side import HEAD, Cost, command, cost_of, show_row

ROUNDS = 5
PLAIN = ("-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:cov", "-p", "no:shm", "-q")

NOTHING = "def test_nothing():\n    pass\n"
ONE = """
def test_one(venvs):
    venvs.{installer}({wheel!r})
"""
SHARED = """
import pytest
@pytest.mark.parametrize("number", range(30))
def test_shared(number, shared_venvs):
    one = shared_venvs.uv({wheel!r}, link_mode="hardlink")
    two = shared_venvs.uv({wheel!r}, link_mode="copy")
    three = shared_venvs.pip({wheel!r})
"""
THEIRS = """
import pytest
@pytest.mark.parametrize("number", range({count}))
def test_own(number):
    from pytest_virtualenv import VirtualEnv
    for _ in range(3):
        with VirtualEnv() as env:
            env.run(["pip", "install", "--no-index", "-q", {wheel!r}])
"""


def pytest_on(text: str, base: Path, *options: str) -> Cost:
    """Run pytest on a file of tests that reads *text*."""
    path = base / "test_benchmark.py"
    path.write_text(text, encoding="utf-8")
    run = command(sys.executable, "-m", "pytest", *PLAIN, *options, path)
    return cost_of(run)


def less(one: Cost, other: Cost) -> Cost:
    """Return what *one* took beyond *other*."""
    return Cost(one.clock - other.clock, one.processor - other.processor)


def by_hand(installer: str, wheel: str, base: Path, number: int) -> Cost:
    """Run the commands a user would type, with an empty cache, as a run of pytest starts with."""
    prefix, cache = base / f"hand-{installer}-{number}", base / f"cache-{number}"
    quiet = ("--no-index", "-q")
    if installer == "uv":
        os.environ["UV_CACHE_DIR"] = str(cache)
        steps = [command("uv", "venv", "-q", prefix),
                 command("uv", "pip", "install", *quiet, "-p", prefix, wheel)]  # fmt: skip
    else:
        pip = (prefix / "bin" / "python", "-m", "pip")
        steps = [command(sys.executable, "-m", "venv", prefix),
                 command(*pip, "install", *quiet, wheel)]  # fmt: skip
    return cost_of(lambda: [step() for step in steps])


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="linkcheck-benchmark-") as folder:
        base = Path(folder)
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", base, "numpy"],
            check=True,
        )
        wheel = os.fspath(next(base.glob("*.whl")))
        print(HEAD)
        for installer, hand, at_most in (
            ("uv", "uv venv, uv pip install", 1.15),
            ("pip", "python -m venv, pip install", 0.6),
        ):
            text = ONE.format(installer=installer, wheel=wheel)
            pairs = []
            for number in range(ROUNDS + 1):
                theirs = by_hand(installer, wheel, base, number)
                ours = less(pytest_on(text, base), pytest_on(NOTHING, base))
                pairs.append((theirs, ours))
            show_row(f'`venvs.{installer}("numpy")` from a wheel', hand, pairs[1:], at_most)
        shared(wheel, base)


def shared(wheel: str, base: Path) -> None:
    """Thirty tests that each want three environments; of theirs one test is run, times 30."""
    ours = pytest_on(SHARED.format(wheel=wheel), base)
    one = pytest_on(THEIRS.format(wheel=wheel, count=1), base)
    start = pytest_on(NOTHING, base)
    own = less(one, start)
    theirs = Cost(start.clock + 30 * own.clock, start.processor + 30 * own.processor)
    show_row(
        "30 tests that want the same three environments", "pytest-virtualenv (one test, times 30)",
        [(theirs, ours)], 0.05,
    )  # fmt: skip


if __name__ == "__main__":
    main()
