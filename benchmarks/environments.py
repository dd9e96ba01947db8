"""Making environments, against the same commands by hand and against pytest-virtualenv.

    python benchmarks/environments.py [uv] [pip] [shared]

Takes a wheel of numpy, and for the last row pytest-virtualenv into an environment of its own, from
the package index. Each row runs pytest on a file of tests that want environments, less what pytest
takes on a file of tests that want none. All start with empty caches of the installers, and from
the same Python; nothing that a run leaves is removed while another is measured.
"""

import itertools
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from side_by_side import HEAD, Cost, command, cost_of, show_row

from pytest_linkcheck.installs.installers.programs import find_uv_program

ROUNDS = 5
SHARED_ROUNDS = 3
TESTS = 30
THEIR_TESTS = 3  # of the 30; each takes many seconds, and as long as the one before
PYTEST = ("-m", "pytest", "-p", "no:cacheprovider", "-q", "-p")

NOTHING = "def test_nothing():\n    pass\n"
ONE = """
def test_one(venvs):
    venvs.{installer}({wheel!r}{options})
"""
SHARED = """
import pytest
@pytest.mark.parametrize("number", range({count}))
def test_shared(number, shared_venvs):
    one = shared_venvs.uv({wheel!r}, link_mode="hardlink")
    two = shared_venvs.uv({wheel!r}, link_mode="copy")
    three = shared_venvs.pip({wheel!r})
"""
THEIRS = """
import pytest
from pytest_virtualenv import VirtualEnv
@pytest.mark.parametrize("number", range({count}))
def test_own(number):
    for _ in range(3):
        with VirtualEnv() as env:
            env.install_package({wheel!r})
"""


def main(*wanted: str) -> None:
    """Measure and print the rows *wanted*, all if there are none."""
    # As where a plugin is installed: it is not compiled anew at each start, nor are other plugins
    # and the way a checkout is imported measured.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    with tempfile.TemporaryDirectory(prefix="linkcheck-benchmark-") as folder:
        base = Path(folder)
        download: list[str | Path]
        download = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", base, "numpy"]
        need(download, "numpy cannot be fetched: connect to a package index, and install pip")
        wheel = os.fspath(next(base.glob("*.whl")))
        print(HEAD)
        for name, row in (("uv", uv_row), ("pip", pip_row), ("shared", shared_row)):
            if not wanted or name in wanted:
                row(wheel, base)


def need(args: list[str | Path], otherwise: str) -> None:
    """Run a command; if it fails, end with the sentence *otherwise* and what it said."""
    done = subprocess.run(args, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{otherwise}\n{done.stdout}{done.stderr}")


_NUMBERS = itertools.count()


@contextmanager
def fresh(base: Path) -> Iterator[Path]:
    """Yield a new folder, which is the user's home too: the installers' caches there are empty."""
    folder = base / f"run-{next(_NUMBERS)}"
    folder.mkdir()
    kept = {name: os.environ.get(name) for name in ("HOME", "XDG_CACHE_HOME", "UV_CACHE_DIR")}
    os.environ["HOME"] = str(folder)
    for name in ("XDG_CACHE_HOME", "UV_CACHE_DIR"):
        os.environ.pop(name, None)
    yield folder
    os.environ.update({name: value for name, value in kept.items() if value is not None})


def pytest_on(text: str, base: Path, plugin: str, python: str | Path = sys.executable) -> Cost:
    """Run pytest on a file of tests that reads *text*."""
    with fresh(base) as folder:
        path = folder / "test_benchmark.py"
        path.write_text(text, encoding="utf-8")
        run = command(python, *PYTEST, plugin, f"--basetemp={folder / 'tmp'}", path)
        return cost_of(run)


def ours_on(text: str, base: Path) -> Cost:
    """Run pytest with our plugin on *text*, less what it takes on nothing."""
    plugin = "pytest_linkcheck.plugin"
    return less(pytest_on(text, base, plugin), pytest_on(NOTHING, base, plugin))


def less(one: Cost, other: Cost) -> Cost:
    """Return what *one* took beyond *other*."""
    return Cost(one.clock - other.clock, one.processor - other.processor)


def by_hand(base: Path, *steps: Callable[[Path], tuple[str | Path, ...]]) -> Cost:
    """Run the commands a user would type, in a new folder."""
    with fresh(base) as folder:
        commands = [command(*step(folder / "venv")) for step in steps]
        return cost_of(lambda: [run() for run in commands])


def uv_row(wheel: str, base: Path) -> None:
    """`venvs.uv` against uv by hand."""
    uv = find_uv_program()
    if uv is None:
        sys.exit("uv is missing: pip install uv")
    hand = (
        lambda prefix: (uv, "venv", "-q", "-p", sys.executable, prefix),
        lambda prefix: (uv, "pip", "install", "-q", "--no-index", "-p", prefix, wheel),
    )
    one_row("uv", "uv venv, uv pip install", hand, 1.15, wheel, base)


def pip_row(wheel: str, base: Path) -> None:
    """`venvs.pip` against pip by hand."""
    hand = (
        lambda prefix: (sys.executable, "-m", "venv", prefix),
        lambda prefix: (prefix / "bin/python", "-m", "pip", "install", "-q", "--no-index", wheel),
    )
    told = "python -m venv, pip install"
    one_row("pip", told, hand, 0.6, wheel, base)
    one_row("pip", told, hand, 0.6, wheel, base, ', bytecode="compiled"')


def one_row(  # noqa: PLR0913, PLR0917 - the parts of one row
    installer: str,
    told: str,
    hand: tuple[Callable[[Path], tuple[str | Path, ...]], ...],
    at_most: float,
    wheel: str,
    base: Path,
    options: str = "",
) -> None:
    """Make one environment by the fixture and one by hand, in turn."""
    text = ONE.format(installer=installer, wheel=wheel, options=options)
    pairs = [(by_hand(base, *hand), ours_on(text, base)) for _ in range(ROUNDS + 1)]
    show_row(f'`venvs.{installer}("numpy"{options})` from a wheel', told, pairs[1:], at_most)


def shared_row(wheel: str, base: Path) -> None:
    """Thirty tests that each want three environments; of theirs three are run, times ten."""
    python = base / "theirs" / "bin" / "python"
    need([sys.executable, "-m", "venv", base / "theirs"], "no environment for pytest-virtualenv")
    need(
        [python, "-m", "pip", "install", "-q", "pytest", "pytest-virtualenv"],
        "pytest-virtualenv cannot be fetched: connect to a package index",
    )
    ours, theirs = (
        SHARED.format(count=TESTS, wheel=wheel),
        THEIRS.format(count=THEIR_TESTS, wheel=wheel),
    )

    def their_tests() -> Cost:
        start = pytest_on(NOTHING, base, "pytest_virtualenv", python)
        some = less(pytest_on(theirs, base, "pytest_virtualenv", python), start)
        factor = TESTS / THEIR_TESTS
        return Cost(start.clock + factor * some.clock, start.processor + factor * some.processor)

    pairs = [
        (their_tests(), pytest_on(ours, base, "pytest_linkcheck.plugin"))
        for _ in range(SHARED_ROUNDS)
    ]
    show_row(
        f"{TESTS} tests that want the same three environments",
        f"pytest-virtualenv ({THEIR_TESTS} tests, times {TESTS // THEIR_TESTS})",
        pairs,
        0.05,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
