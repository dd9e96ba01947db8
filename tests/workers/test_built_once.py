"""What processes share is built once, by whichever comes first, and is whole or not there."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from support.mounting import needs_root
from support.mounting import run as run_program
from workers.conftest import PLUGINS, Run, built

READ = """
    import pytest
    from pytest_linkcheck import assert_link_count, assert_same_inode

    @pytest.mark.parametrize("number", range(3))
    def test_read(shared_venvs, wheelhouse, number):
        wheel = wheelhouse.build("large", "1.0", {f"m{n}.py": b"x = 1" for n in range(100)})
        alone = shared_venvs.uv(wheel, link_mode="hardlink", bytecode="none")
        assert_link_count(alone / "m1.py", 2)
        assert shared_venvs.uv(wheel, link_mode="hardlink") is alone
        one, two = (
            shared_venvs.uv(wheelhouse.sample, link_mode="hardlink", label=label)
            for label in ("one", "two")
        )
        assert_same_inode(one / "sample/tiny.py", two / "sample/tiny.py")
        assert_link_count(one / "sample/tiny.py", 3)
        assert one.log.stdout is not None
        assert one.run("python", "-c", "import sample").returncode == 0
"""
AT = """
    import os
    from pathlib import Path

    def test_at(shared_venvs, wheelhouse, filesystems):
        for name in ("tmpfs", "overlay(ext4)"):
            place = filesystems.get(name)
            env = shared_venvs.uv(wheelhouse.sample, at=place)
            assert (env / "sample/tiny.py").stat().st_dev == place.path.stat().st_dev
        assert os.getcwd() != "/"
        # None is done before the other has them: what nobody uses any more would be undone.
        writes = os.getenv("PYTEST_XDIST_WORKER") == "gw0"
        open(Path(__file__).with_name("pipe"), "w" if writes else "r").close()
        assert not FAILS
"""


@pytest.mark.parametrize(
    "args",
    [
        "-p xdist -n2",
        "-p xdist -n2 --dist each",
        pytest.param("-p xdist -n0", marks=pytest.mark.slow),
        pytest.param("-p no:xdist", marks=pytest.mark.slow),
    ],
)
def test_equal_requests_are_built_once(
    pytester: pytest.Pytester, run: Run, base: Path, args: str
) -> None:
    pytester.makepyfile(READ)
    result = run(*args.split())
    result.assert_outcomes(passed=6 if "each" in args else 3)
    times = built(base)
    assert set(times.values()) == {1}, times
    assert Counter(kind for kind, _ in times) == {"shared environment": 3, "wheel": 2}


@needs_root
@pytest.mark.parametrize(("fails", "args"), [(False, ""), (True, "-x"), (True, "--maxfail=2")])
def test_a_filesystem_is_made_once_and_undone_at_last(
    pytester: pytest.Pytester, run: Run, base: Path, *, fails: bool, args: str
) -> None:
    os.mkfifo(pytester.path / "pipe")
    pytester.makepyfile(AT.replace("FAILS", str(fails)))
    result = run("-p", "xdist", "-n2", "--dist", "each", *args.split())
    assert result.ret != 0 if fails else result.parseoutcomes() == {"passed": 2}
    times = built(base)
    assert set(times.values()) == {1}, times
    assert Counter(kind for kind, _ in times) == {
        "shared environment": 2, "wheel": 1, "filesystem": 3
    }  # fmt: skip
    assert str(base) not in run_program("losetup", "-n", "-O", "BACK-FILE", "-a")
    assert not list(base.glob("linkcheck/*/places/linkcheck-*"))


# Its first install is killed in the middle, together with the worker that has started it.
KILLED = """
    import os, signal, sys
    from dataclasses import dataclass
    from pathlib import Path
    from textwrap import dedent
    from pytest_linkcheck.installs.installers import Command, Pip
    from pytest_linkcheck.installs.installers.pip import find_pip

    WORD = Path(__file__).with_name("killed")
    PROGRAM = '''
    import os, pathlib, signal, subprocess, sys
    word, worker, *command = sys.argv[1:]
    done = subprocess.run(command)
    if not os.path.exists(word):
        pathlib.Path(word).touch()
        os.kill(int(worker), signal.SIGKILL)
    sys.exit(done.returncode)
    '''

    class Fragile(Pip):
        def install(self, target, requirements):
            done = super().install(target, requirements)
            head = (sys.executable, "-c", dedent(PROGRAM), str(WORD), str(os.getpid()))
            return Command((*head, *done.args), done.environ, done.online, done.files)

    def find(choice, tools):
        found = find_pip(choice, tools)
        return Fragile(found.command, found.version, package=found.package)
    find.link_modes = ("copy",)

    def pytest_linkcheck_installers():
        return {"fragile": find}
"""


def test_what_a_killed_worker_left_half_made_is_built_anew(
    pytester: pytest.Pytester, run: Run, base: Path
) -> None:
    pytester.makeconftest(KILLED)
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("number", range(4))
        def test_it(shared_venvs, wheelhouse, number):
            env = shared_venvs.create("fragile", wheelhouse.sample)
            assert env["sample"].problems == ()
            assert (env / "sample/tiny.py").read_text()
        """
    )
    result = run("-p", "xdist", "-n2")
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["*worker 'gw?' crashed while running *test_it*"])
    assert (pytester.path / "killed").exists()
    (kept,) = base.glob("linkcheck/*/shared/request-*/*-1")
    assert (kept / "pyvenv.cfg").exists()
    assert [kind for kind, _ in built(base).elements()].count("shared environment") == 1


def _start(folder: Path, base: Path, *args: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", *PLUGINS, "-p", "xdist", "-n1", "-rP",
         f"--basetemp={base}", *args],
        cwd=folder, stdout=subprocess.PIPE, encoding="utf-8",
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )  # fmt: skip


@pytest.mark.parametrize("args", [["--testrunuid=nightly"], []])
def test_two_runs_share_if_they_are_told_to(
    pytester: pytest.Pytester, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: list[str]
) -> None:
    monkeypatch.delenv("PYTEST_XDIST_TESTRUNUID", raising=False)
    pytester.makepyfile(
        """
        import os
        from pathlib import Path

        def test_it(shared_venvs, wheelhouse):
            print("MADE", shared_venvs.uv(wheelhouse.sample).prefix)
            # Each waits for the other here: both have it at one time.
            pipe = Path(__file__).parent
            first, second = ("one", "two") if "one" in os.getenv("NAME") else ("two", "one")
            for name in ("one", "two"):
                open(pipe / name, "w" if name == first else "r").close()
        """
    )
    for name in ("one", "two"):
        os.mkfifo(pytester.path / name)
    (tmp_path / "both").mkdir()
    runs = []
    for name in ("one", "two"):
        monkeypatch.setenv("NAME", name)
        runs.append(_start(pytester.path, tmp_path / "both" / name, *args))
    told = [process.communicate(timeout=300)[0] for process in runs]
    assert all("1 passed" in text for text in told), told
    made = {line for text in told for line in text.splitlines() if line.startswith("MADE")}
    assert len(made) == (1 if args else 2)
    # The last has removed what lay beside their own folders.
    assert {path.name for path in (tmp_path / "both").iterdir()} == {"one", "two"}
