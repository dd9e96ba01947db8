"""An installer whose installs are run by another program: as another user, or to be killed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from pytest_linkcheck.errors import UnavailableError
from pytest_linkcheck.installs.installers import Command, Installer, Target
from pytest_linkcheck.installs.layout import find_layout
from pytest_linkcheck.links.show import show_name

NOBODY = 65534
_AS_NOBODY = ("setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups")
_SEAL = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" || exit 99; exec "$@"'


class Wrapped:
    """Does what an installer does, and runs its installs by *program*."""

    def __init__(self, installer: Installer, *program: str) -> None:
        """Wrap *installer*."""
        self._installer = installer
        self._program = program

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the installer has
        return getattr(self._installer, name)

    def install(self, target: Target, requirements: Sequence[str]) -> Command:
        """Return what the installer does, run by the program."""
        command = self._installer.install(target, requirements)
        return replace(command, args=(*self._program, *command.args))


class ByNobody(Wrapped):
    """Is run by an ordinary user, and writes what it needs besides into a folder of that user's."""

    def __init__(self, installer: Installer, folder: Path) -> None:
        """Let an ordinary user run *installer*, with *folder* for its projects."""
        super().__init__(installer, *_AS_NOBODY)
        self._folder = folder

    def install(self, target: Target, requirements: Sequence[str]) -> Command:
        """Return what the installer does; raises `UnavailableError` if it is out of reach."""
        command = super().install(replace(target, scratch=self._folder), requirements)
        _need_reach(command.args[len(_AS_NOBODY)])
        for path, text in command.files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
            for made in (path.parent, path):
                os.chown(made, NOBODY, NOBODY)
        return replace(command, files={})


class Editable(Wrapped):
    """Installs the project in a folder in the editable way, whatever it is asked for."""

    def __init__(self, installer: Installer, folder: Path) -> None:
        """Let *installer* install the project in *folder*."""
        super().__init__(installer)
        self._folder = folder

    def install(self, target: Target, requirements: Sequence[str]) -> Command:
        """Return the installer's command with `--editable`, which uv and pip have."""
        command = self._installer.install(target, requirements)
        if command.args[-len(requirements) - 1] != "--":
            raise UnavailableError(f"{self._installer.name} has no --editable that is known here")
        options = command.args[: -len(requirements) - 1]
        return replace(command, args=(*options, "--editable", str(self._folder)))


class Killed(Wrapped):
    """Is killed as soon as files appear in a folder; its status is then `KILLED`."""

    def __init__(self, installer: Installer, folder: str | Path) -> None:
        """Kill *installer* at *folder*, of site-packages or any."""
        super().__init__(installer, sys.executable, "-I", str(Path(__file__).with_name("kill.py")))
        self._folder = folder

    def install(self, target: Target, requirements: Sequence[str]) -> Command:
        """Return what the installer does, to be killed."""
        command = self._installer.install(target, requirements)
        watched = find_layout(target.prefix).site_packages / self._folder  # absolute: it is itself
        return replace(command, args=(*self._program, str(watched), *command.args))


def editable(installer: Installer, folder: Path) -> Installer:
    """Return *installer*, which installs the project in *folder* in the editable way."""
    return cast("Installer", Editable(installer, folder))


def killed_at(installer: Installer, folder: str | Path) -> Installer:
    """Return *installer*, killed as soon as files appear in *folder*, of site-packages or any."""
    return cast("Installer", Killed(installer, folder))


def read_only(installer: Installer, folder: Path) -> Installer:
    """Return *installer*, which sees *folder* read-only.

    Raises `UnavailableError` without root, and where even root may not mount: in a container.
    """
    _need_root("unshare")
    program = ("unshare", "--mount", "sh", "-c", _SEAL, str(folder))
    # Before: an installer that was never started looks like one that refuses.
    tried = subprocess.run((*program, "true"), capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        said = show_name(tried.stderr.strip()) or f"status {tried.returncode}"
        raise UnavailableError(
            f"no folder can be made read-only ({said}): run the container with --privileged"
        )
    return cast("Installer", Wrapped(installer, *program))


def as_nobody(installer: Installer, folder: Path) -> Installer:
    """Return *installer*, run by an ordinary user, who gets *folder* for what it needs besides.

    Raises `UnavailableError` without root.
    """
    _need_root("setpriv")
    return cast("Installer", ByNobody(installer, folder))


def python_of_nobody() -> str:
    """Return a Python that an ordinary user can run; raises `UnavailableError` if there is none."""
    for python in (sys.executable, "/usr/bin/python3"):
        if _is_in_reach(python, python):
            return python
    raise UnavailableError(
        f"an ordinary user cannot run {sys.executable}, nor /usr/bin/python3: run the tests by a "
        "Python that all users can reach"
    )


def _need_reach(program: str) -> None:
    if not _is_in_reach(program, python_of_nobody()):
        raise UnavailableError(
            f"an ordinary user cannot reach {show_name(program)}: name an installer that all users "
            "can run, by --linkcheck-installer NAME=PATH"
        )


def _is_in_reach(program: str, python: str) -> bool:
    """Return whether an ordinary user may run *program*, and the interpreter that it names."""
    # Not whether it starts: that is still done with the rights of root.
    look = (
        "import os, shutil, sys\n"
        "path = os.path.realpath(shutil.which(sys.argv[1]) or sys.argv[1])\n"
        "with open(path, 'rb') as file: line = file.readline(500)\n"
        "os.stat(os.path.realpath(line[2:].split()[0]) if line.startswith(b'#!') else path)"
    )
    command = (*_AS_NOBODY, python, "-I", "-c", look, program)
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _need_root(program: str) -> None:
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        raise UnavailableError(f"{program} needs root: run pytest as root, or in a container")
    if shutil.which(program) is None:
        raise UnavailableError(f"{program} is missing: install util-linux")
