"""Audits of environments that somebody made who means harm, watched as they run."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.handmade import SITE, install
from support.mounting import run

import pytest_linkcheck

TESTS = Path(__file__).parents[1]
SOURCES = Path(pytest_linkcheck.__file__).parents[1]
FILES = {"demo/__init__.py": b"", "demo/a.py": b"a = 1\n", "demo/b.py": b"b = 2\n"}
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


@dataclass(frozen=True)
class Audited:
    """What an audit said and did: its lines, and the events that the watcher noted."""

    status: int
    lines: list[str]
    events: list[tuple[str, int, list[str]]]

    @property
    def text(self) -> str:
        """All that was said."""
        return "\n".join(self.lines)

    def failure(self, label: str) -> list[str]:
        """Return the lines of the one failure in the environment *label*."""
        starts = [
            number
            for number, line in enumerate(self.lines)
            if line.startswith("___") and f" {label}: " in line
        ]
        assert len(starts) == 1, f"{len(starts)} failures of {label}\n{self.text}"
        (start,) = starts
        rest = self.lines[start + 1 :]
        stop = next(n for n, line in enumerate(rest) if line.startswith(("___", "===")))
        return rest[:stop]

    def opened(self) -> list[Path]:
        """Return the real paths of what was opened or listed."""
        names = {"open", "os.listdir", "os.scandir"}
        return [
            _real(path) if flags & os.O_NOFOLLOW else Path(os.path.realpath(path))
            for event, flags, paths in self.events
            if event in names
            for path in paths
        ]

    def started(self) -> list[str]:
        """Return the events that start a program or a process."""
        prefixes = ("os.exec", "os.posix_spawn", "os.spawn", "os.system", "os.fork", "subprocess")
        return [event for event, _, _ in self.events if event.startswith(prefixes)]

    def changed(self) -> list[tuple[str, Path]]:
        """Return the events that change files, with the real paths of those."""
        reads = {"open", "os.listdir", "os.scandir", "ctypes.dlopen", *self.started()}
        return [
            (event, _real(path))
            for event, flags, paths in self.events
            for path in paths
            if event not in reads or (event == "open" and flags & _WRITES)
        ]


def _real(path: str) -> Path:
    """Return *path* with its folders resolved; its last part is what an open would not follow."""
    return Path(os.path.realpath(os.path.dirname(path)), os.path.basename(path))  # noqa: PTH119, PTH120


@dataclass(frozen=True)
class Scene:
    """A folder with the environments under attack, and one of somebody else that is not theirs."""

    folder: Path

    @property
    def outside(self) -> Path:
        """Somebody else's folder: nothing in it may be read."""
        return self.folder / "outside"

    @property
    def work(self) -> Path:
        """The folder that pytest is run in."""
        return self.folder / "work"

    @property
    def mark(self) -> Path:
        """The file that code of an environment makes if it is run."""
        return self.folder / "mark"

    def tree(self, name: str, files: Mapping[str, bytes] = FILES) -> "Tree":
        """Make a sound environment *name*."""
        return Tree(self.folder / name, self, install(self.folder / name, files).dist_info)

    def audit(
        self,
        *args: str | os.PathLike[str],
        strace: Sequence[str] = (),
        timeout: float = 300,
        environ: Mapping[str, str] | None = None,
    ) -> Audited:
        """Run `pytest --linkcheck` in a process of its own, and watch it.

        *strace* are words to put before the program's.
        """
        work = self.work
        work.mkdir(exist_ok=True)
        watched = self.folder / "watched"
        watched.unlink(missing_ok=True)
        command = [
            *strace, sys.executable, "-m", "pytest", "-p", "attacks.watcher", "-p",
            "pytest_linkcheck.plugin", "-p", "no:cacheprovider",
            f"--basetemp={self.folder}/base/run", "--linkcheck", *args,
        ]  # fmt: skip
        done = subprocess.run(
            command,
            cwd=work,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.folder / "home"),
                "TMPDIR": str(self.folder / "base"),
                "LINKCHECK_WATCHED": str(watched),
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
                "PYTHONDONTWRITEBYTECODE": "1",
                "PYTHONPATH": f"{SOURCES}{os.pathsep}{TESTS}",
                "UV_CACHE_DIR": str(self.folder / "cache"),
                "UV_NO_CONFIG": "1",
                "COLUMNS": "500",  # titles with long paths are cut to it
                **(environ or {}),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
        text = (done.stdout + done.stderr).decode()
        assert "Traceback" not in text, text
        assert "INTERNALERROR" not in text, text
        events = [json.loads(line) for line in watched.read_text().splitlines()]
        return Audited(done.returncode, text.splitlines(), events)


@dataclass(frozen=True)
class Tree:
    """An environment under attack."""

    prefix: Path
    scene: Scene
    info: Path

    @property
    def site(self) -> Path:
        """Its site-packages."""
        return self.prefix / SITE

    @property
    def outside(self) -> Path:
        """Somebody else's folder."""
        return self.scene.outside

    def record(self, *rows: str | bytes) -> None:
        """Put *rows* in the place of RECORD's."""
        lines = [row if isinstance(row, bytes) else row.encode() for row in rows]
        (self.info / "RECORD").write_bytes(b"".join(line + b"\n" for line in lines))


@contextmanager
def made_scene(folder: Path) -> Iterator[Scene]:
    """Make an empty scene in *folder*, which is new, and remove it.

    By `rm`: a thousand folders in one another are too many for Python 3.11.
    """
    scene = Scene(folder)
    for name in ("outside", "home", "cache", "base"):
        (folder / name).mkdir(parents=True)
    (scene.outside / "canary").write_text("canary\n")
    try:
        yield scene
    finally:
        run("rm", "-rf", folder)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """An empty scene."""
    with made_scene(tmp_path / "scene") as made:
        yield made


def require(program: str) -> str:
    """Return the path of *program*; skips where it is missing."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} not found: install {program}")
    return found
