"""Environments on a mount that does not answer: named after the time limit, and left alone."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from attacks.conftest import Scene
from support.deadfuse import silent
from support.mounting import needs_root

from pytest_linkcheck.audit.patience import Patience, SilentError
from pytest_linkcheck.steps import look_at

pytestmark = needs_root
LIMIT = "--linkcheck-timeout=0.5"
WORKERS = [
    pytest.param((), id="alone"),
    pytest.param(("-p", "xdist", "-n2"), id="xdist", marks=pytest.mark.slow),
]


def _told(folder: Path, point: Path) -> str:
    return (
        f"reading {folder} did not answer within 0.5 s (fuse * at {point}): is it on a network "
        "mount whose server is gone? Unmount that (umount -f -l), leave the environment out, or "
        "wait longer by --linkcheck-timeout SECONDS"
    )


@pytest.mark.parametrize("workers", WORKERS)
def test_an_environment_that_does_not_answer_is_one_failure(
    scene: Scene, workers: tuple[str, ...]
) -> None:
    scene.tree("sound")
    dead = scene.folder / "dead"
    dead.mkdir()
    with silent(dead):
        audited = scene.audit(
            LIMIT, *workers, f"--linkcheck-env={dead}", f"--linkcheck-env={scene.folder}/sound"
        )
    pytest.LineMatcher(audited.lines).fnmatch_lines([f"linkcheck: {_told(dead, dead)}"])
    pytest.LineMatcher(audited.failure(str(dead).lstrip("/"))).fnmatch_lines([_told(dead, dead)])
    pytest.LineMatcher(audited.lines).fnmatch_lines(["=* 1 failed, 1 passed in *"])


@pytest.mark.parametrize("workers", WORKERS)
def test_pytest_does_not_look_for_tests_in_it(scene: Scene, workers: tuple[str, ...]) -> None:
    dead = scene.work / ".venv"
    dead.mkdir(parents=True)
    (scene.work / "test_it.py").write_text("def test_it():\n    pass\n")
    with silent(dead):
        audited = scene.audit(LIMIT, *workers, timeout=60)
    pytest.LineMatcher(audited.failure(".venv")).fnmatch_lines([_told(dead, dead)])
    pytest.LineMatcher(audited.lines).fnmatch_lines(["=* 1 failed, 1 passed in *"])


def test_a_folder_in_it_that_does_not_answer_is_named(scene: Scene) -> None:
    tree = scene.tree("tree")
    with silent(tree.site / "demo"):
        audited = scene.audit(LIMIT, f"--linkcheck-env={tree.prefix}")
    pytest.LineMatcher(audited.failure(str(tree.prefix).lstrip("/"))).fnmatch_lines(
        [_told(tree.site / "demo" / "__init__.py", tree.site / "demo")]
    )


def test_the_others_of_that_environment_do_not_wait_as_well(scene: Scene) -> None:
    tree = scene.tree("tree")
    for number in range(40):
        info = tree.site / f"other{number}-1.0.dist-info"
        info.mkdir()
        (info / "RECORD").write_text("demo/a.py,,\n")
    with silent(tree.site / "demo"):
        audited = scene.audit(LIMIT, f"--linkcheck-env={tree.prefix}", timeout=60)
    assert "= 41 failed in " in audited.text
    assert audited.text.count("not examined, as reading ") >= 40


def test_a_cache_that_does_not_answer_is_named(scene: Scene) -> None:
    tree = scene.tree("tree")
    cache = scene.folder / "cache"
    with silent(cache):
        audited = scene.audit(LIMIT, f"--linkcheck-env={tree.prefix}")
    pytest.LineMatcher(audited.lines).fnmatch_lines([f"linkcheck: * {_told(cache, cache)}"])


def test_a_symlink_that_leads_to_what_does_not_answer_is_named(scene: Scene) -> None:
    tree = scene.tree("tree")
    dead = scene.folder / "dead"
    dead.mkdir()
    (tree.site / "demo/a.py").unlink()
    (tree.site / "demo/a.py").symlink_to(dead / "a.py")
    with silent(dead):
        audited = scene.audit(LIMIT, f"--linkcheck-env={tree.prefix}")
    pytest.LineMatcher(audited.failure(str(tree.prefix).lstrip("/"))).fnmatch_lines(
        [_told(dead / "a.py", dead)]
    )


def test_ctrl_c_ends_the_waiting(scene: Scene) -> None:
    """Without a limit too: the thread that waits gets no signal, but the main one does."""
    dead = scene.folder / "dead"
    dead.mkdir()
    program = (
        "import sys, os\n"
        "from pytest_linkcheck.audit.patience import Patience\n"
        "def work():\n"
        "    print('ready', flush=True)\n"
        "    os.lstat(sys.argv[1])\n"
        "try:\n"
        "    Patience(0).read('it', work)\n"
        "except KeyboardInterrupt:\n"
        "    print('ended', flush=True)\n"
    )
    with silent(dead):
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(dead)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60)[0] == "ended\n"
    assert process.returncode == 0


def test_work_that_goes_on_is_waited_for() -> None:
    def work() -> int:
        count = 0
        for number in range(300_000):
            count += number % 7
            look_at(number)
        return count

    assert Patience(0.01).read("it", work) == sum(number % 7 for number in range(300_000))


def test_what_is_said_and_raised_comes_through() -> None:
    with pytest.raises(ZeroDivisionError):
        Patience(10).read("it", lambda: 1 // 0)
    with pytest.raises(pytest.skip.Exception):
        Patience(10).read("it", lambda: pytest.skip("no"))


def test_what_was_silent_once_is_not_asked_again() -> None:
    never = threading.Event()
    patience = Patience(0.05)
    with pytest.raises(SilentError, match=r"^reading  did not answer within 0.05 s"):
        patience.read("it", never.wait)
    with pytest.raises(SilentError, match=r"^not examined, as reading "):
        patience.read("it", lambda: 1)
    assert patience.read("another", lambda: 1) == 1
    never.set()
