"""Who sees our mounts, and what runs without root: in processes of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import packaging
import pytest
from support.mounting import needs_root
from support.users import NOBODY, open_way

import pytest_linkcheck

pytestmark = pytest.mark.slow
SOURCE = Path(pytest_linkcheck.__file__).parents[1]
HEAD = """
import json, os, subprocess, sys, threading
from pathlib import Path
from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.filesystems import Filesystems, kernel, namespace
from pytest_linkcheck.filesystems.namespace import Privacy, enter_namespace
places = Filesystems(Path(sys.argv[1]))
def attempt(name):
    try:
        return places.get(name).type
    except LinkcheckError as error:
        return str(error)
"""
PACKAGES = Path(packaging.__file__).parents[1]
AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")


def _python() -> str:
    """Return a Python that every user may start."""
    ours = Path(sys.executable).resolve()
    if all(folder.stat().st_mode & 0o001 for folder in ours.parents):
        return sys.executable
    return "/usr/bin/python3"


def _run(folder: Path, body: str, *prefix: str) -> Any:  # noqa: ANN401 - what JSON holds
    """Run *body* in a Python of its own, and return what it assigned to `told`."""
    done = subprocess.run(
        [*prefix, _python(), "-c", f"{HEAD}\n{body}\nprint(json.dumps(told))", folder],
        env={**os.environ, "PYTHONPATH": f"{SOURCE}:{PACKAGES}", "TMPDIR": str(folder),
             "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        check=False,
        encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that nobody can reach and write to, whatever pytest's own are like."""
    folder = tmp_path_factory.mktemp("room")
    open_way(folder)
    folder.chmod(0o777)
    return folder


@needs_root
def test_nobody_else_sees_a_mount(tmp_path: Path) -> None:
    told = _run(
        tmp_path,
        "path = str(places.get('tmpfs').path)\n"
        "told = [path in Path(f'/proc/{who}/mountinfo').read_text() for who in ('self', 1)]\n"
        "told += [path in subprocess.check_output(['findmnt'], text=True)]",
    )
    assert told == [True, False, True]


@needs_root
def test_a_thread_that_was_there_before_is_told_that_it_sees_nothing(tmp_path: Path) -> None:
    told = _run(
        tmp_path,
        "go, told = threading.Event(), []\n"
        "def work():\n"
        "    go.wait()\n"
        "    try: places.get('tmpfs').folder()\n"
        "    except LinkcheckError as error: told.append(str(error))\n"
        "thread = threading.Thread(target=work); thread.start()\n"
        "places.get('tmpfs'); go.set(); thread.join()",
    )
    assert len(told) == 1
    assert "this thread was started before it was made" in told[0]


def _user(folder: Path, body: str) -> Any:  # noqa: ANN401
    return _run(folder, body, *(AS_NOBODY if os.geteuid() == 0 else ()))


def _privacy(folder: Path) -> str:
    return str(_user(folder, "told = attempt('tmpfs')"))


def test_a_user_has_tmpfs_overlay_and_bind(room: Path) -> None:
    if _privacy(room) != "tmpfs":
        pytest.skip("this kernel gives users no namespaces: run the tests as root, or allow them")
    body = "told = {name: attempt(name) for name in ('tmpfs', 'overlay(tmpfs)', 'bind', 'full')}"
    told = _user(room, body)
    assert told["tmpfs"] == told["full"] == "tmpfs"
    assert told["overlay(tmpfs)"] == "overlay"
    assert told["bind"] == _user(room, "told = attempt('default')")


def test_a_user_is_told_how_to_have_the_others(room: Path) -> None:
    told = _user(room, "told = [attempt(name) for name in ('btrfs', 'overlay(xfs)', 'nolink')]")
    for line, name in zip(told, ("btrfs", "xfs", "nolink"), strict=True):
        assert line.startswith(f"{name} needs a loop device, and only root has those: run as root")
        assert line.endswith(f"--linkcheck-filesystem {name}=PATH")


def test_a_user_stays_who_he_was(room: Path) -> None:
    """The right to mount must not let tests read what their modes forbid."""
    told = _user(
        room,
        "secret = Path(sys.argv[1], 'secret'); secret.touch(); secret.chmod(0)\n"
        "before = os.getuid(), os.getgid()\n"
        "told = [attempt('tmpfs'), before == (os.getuid(), os.getgid())]\n"
        "told += [os.access(secret, os.R_OK)]\n"
        "cat = subprocess.run(['cat', secret], capture_output=True)\n"
        "told += [cat.returncode != 0]",
    )
    assert told[1:] == [True, False, True]


def test_a_user_with_threads_is_told_so(room: Path) -> None:
    told = _user(
        room,
        "threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
        "told = attempt('tmpfs')",
    )
    assert told.startswith("mounting without root needs a user namespace, and a process with 2 ")
    assert "run without -n" in told


def test_a_user_can_hand_the_right_on(room: Path) -> None:
    """A program started later, with threads, as xdist's workers are, may mount for itself."""
    if _privacy(room) != "tmpfs":
        pytest.skip("this kernel gives users no namespaces: run the tests as root, or allow them")
    child = (
        f"{HEAD}\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n"
        "one, cat = attempt('tmpfs'), subprocess.run(['cat', sys.argv[2]], capture_output=True)\n"
        "print(json.dumps([one, enter_namespace().name, cat.returncode]))"
    )
    told = _user(
        room,
        "secret = Path(sys.argv[1], 'hidden'); secret.touch(); secret.chmod(0)\n"
        "namespace.hand_on_namespace()\n"
        f"told = json.loads(subprocess.check_output([{_python()!r}, '-c', {child!r}, "
        "sys.argv[1], str(secret)]))",
    )
    assert told == ["tmpfs", "USER", 1]


def test_a_kernel_that_forbids_it_is_told_with_the_remedy(room: Path) -> None:
    told = _user(
        room,
        "def refuse(flags): raise PermissionError(1, 'Operation not permitted')\n"
        "kernel.unshare = refuse\n"
        "told = attempt('tmpfs')",
    )
    assert told.startswith("mounting without root needs a user namespace, and the kernel forbids")
    assert "(Operation not permitted): " in told
    assert told.endswith(
        "run as root, or name folders of your own: --linkcheck-filesystem NAME=PATH"
    )


def test_another_system_is_told_what_it_can_do(tmp_path: Path) -> None:
    told = _run(tmp_path, "sys.platform = 'darwin'; told = attempt('tmpfs')")
    assert told.startswith("this system cannot make filesystems for tests: that needs Linux")
    assert told.endswith("name folders of your own: --linkcheck-filesystem NAME=PATH")
