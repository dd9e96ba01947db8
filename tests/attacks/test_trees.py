"""Environments under attack: each is one clear line, and nothing outside is touched."""

import os
import re
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from attacks.conftest import SOURCES, TESTS, Audited, Scene, made_scene, require
from attacks.trees import ATTACKS, NEED_ROOT
from support.mounting import needs_root

_SHOWN = [
    pytest.param(name, marks=needs_root if name in NEED_ROOT else ()) for name in sorted(ATTACKS)
]


class Run:
    """One audit of all environments under attack, and of a sound one in their midst."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        chosen = [name for name in sorted(ATTACKS) if os.geteuid() == 0 or name not in NEED_ROOT]
        chosen.insert(len(chosen) // 2, "sound")
        self.told = {}
        for name in chosen:
            tree = self.scene.tree(name)
            self.told[name] = ATTACKS[name](tree) if name in ATTACKS else ""
        self.args = [f"--linkcheck-env={self.scene.folder / name}" for name in chosen]
        self.audited: Audited = self.scene.audit(*self.args)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with made_scene(tmp_path_factory.mktemp("attacks") / "scene") as scene:
        yield Run(scene)


@pytest.mark.parametrize("name", _SHOWN)
def test_an_attack_is_one_clear_line(run: Run, name: str) -> None:
    first, *_ = run.audited.failure(f"{run.scene.folder / name}".lstrip("/"))
    assert fnmatchcase(first, run.told[name]), first


def test_the_run_survives_and_passes_what_is_sound(run: Run) -> None:
    assert run.audited.status == pytest.ExitCode.TESTS_FAILED
    fifos = 3  # beside the FIFO, the socket and the device there is a sound distribution
    (summary,) = re.findall(r"=+ (\d+) failed, (\d+) passed in", run.audited.text)
    odd = sum(name.startswith("dist_info_is_a_") for name in run.told) - 1
    assert odd <= fifos
    assert summary == (str(len(run.told) - 1), str(1 + odd))


def test_no_line_is_long_and_none_commands_the_terminal(run: Run) -> None:
    assert all(line.isprintable() for line in run.audited.lines)
    assert max(map(len, run.audited.lines)) < 3000


def test_nothing_is_started(run: Run) -> None:
    assert run.audited.started() == []
    assert not run.scene.mark.exists()


def test_nothing_outside_is_opened_or_changed(run: Run) -> None:
    opened = run.audited.opened()
    assert any(path.is_relative_to(run.scene.folder / "sound") for path in opened)
    assert not [path for path in opened if path.is_relative_to(run.scene.outside)]
    assert _strangers(opened, run.scene) == []
    changed = [path for _, path in run.audited.changed()]
    own = (run.scene.folder / "base", Path("/dev"))
    assert [path for path in changed if not any(map(path.is_relative_to, own))] == []


def _strangers(paths: list[Path], scene: Scene) -> list[Path]:
    """Return those of *paths* that neither an audit nor Python has business with."""
    ours: list[str | Path] = [
        scene.folder, SOURCES, TESTS, *sys.path, sys.prefix, sys.base_prefix, sys.exec_prefix,
        "/proc", "/sys", "/dev/null", "/dev/tty", "/lib", "/lib64", "/usr/lib", "/usr/local/lib",
        "/usr/share", "/etc/ld.so.cache", "/etc/localtime", "/etc/nsswitch.conf", "/etc/uv",
    ]  # fmt: skip
    roots = [Path(os.path.realpath(one)) for one in ours if one]
    return [
        path
        for path in dict.fromkeys(paths)
        if not any(path.is_relative_to(root) for root in roots)
    ]


@pytest.mark.slow
def test_the_system_calls_say_the_same(scene: Scene, tmp_path: Path) -> None:
    """What C code does, an audit hook does not see: here every call that names a file is."""
    strace = require("strace")
    log = tmp_path / "strace.log"
    names = ["programs", "record_leads_out", "record_is_absolute",
             "record_goes_through_a_symlink", "dist_info_is_a_symlink", "a_symlink_out",
             "lib_leads_out", "bytecode_leads_out"]  # fmt: skip
    told = {name: ATTACKS[name](scene.tree(name)) for name in names}
    audited = scene.audit(
        *(f"--linkcheck-env={scene.folder / name}" for name in told),
        strace=[strace, "-f", "-qq", "-o", str(log), "-e", "trace=%file,execve,execveat"],
    )
    for name, line in told.items():
        assert fnmatchcase(audited.failure(f"{scene.folder / name}".lstrip("/"))[0], line)
    calls = log.read_text(errors="replace").splitlines()
    programs = [line for line in calls if " execve" in line]
    assert len(programs) == 1, programs  # Python itself
    assert sys.executable in programs[0]
    # That something is there is asked, and where symlinks lead; nothing is opened or changed.
    asks = re.compile(r" (l?stat|newfstatat|statx|readlink(at)?|faccessat2?|access)\(")
    outside = [line for line in calls if f'"{scene.outside}' in line and not asks.search(line)]
    assert outside == []
    assert any(f'openat(AT_FDCWD, "{scene.folder}/programs/' in line for line in calls)
