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

NOBODY = 65534
_SEAL = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" || exit 99; exec "$@"'


class Wrapped:
    """Does what an installer does, and runs its installs by *program*."""

    def __init__(self, installer: Installer, *program: str, always: bool = False) -> None:
        """Wrap *installer*; with *always* all its commands are run so."""
        self._installer = installer
        self._program = program
        self._always = always

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the installer has
        return getattr(self._installer, name)

    def create(self, target: Target) -> Command:
        """Return what the installer does, run by the program only if it always is."""
        command = self._installer.create(target)
        return self._wrap(command) if self._always else command

    def install(self, target: Target, requirements: Sequence[str]) -> Command:
        """Return what the installer does, run by the program."""
        return self._wrap(self._installer.install(target, requirements))

    def _wrap(self, command: Command) -> Command:
        return replace(command, args=(*self._program, *command.args))


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


def editable(installer: Installer, folder: Path) -> Installer:
    """Return *installer*, which installs the project in *folder* in the editable way."""
    return cast("Installer", Editable(installer, folder))


def killed_at(installer: Installer, folder: str) -> Installer:
    """Return *installer*, killed as soon as files appear in *folder* of site-packages."""
    program = Path(__file__).with_name("kill.py")
    return cast("Installer", Wrapped(installer, sys.executable, "-I", str(program), folder))


def read_only(installer: Installer, folder: Path) -> Installer:
    """Return *installer*, which sees *folder* read-only; raises `UnavailableError` without root."""
    _need_root("unshare")
    program = ("unshare", "--mount", "sh", "-c", _SEAL, str(folder))
    return cast("Installer", Wrapped(installer, *program))


def as_nobody(installer: Installer) -> Installer:
    """Return *installer*, run by an ordinary user; raises `UnavailableError` without root."""
    _need_root("setpriv")
    user = ("--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups")
    return cast("Installer", Wrapped(installer, "setpriv", *user, always=True))


def python_of_nobody() -> str:
    """Return a Python that an ordinary user can run; raises `UnavailableError` if there is none."""
    user = ("setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups")
    # Not whether it starts: that is still done with the rights of root.
    program = "import os, sys; os.stat(os.path.realpath(sys.executable))"
    for python in (sys.executable, "/usr/bin/python3"):
        done = subprocess.run(
            [*user, python, "-I", "-c", program], capture_output=True, check=False
        )
        if done.returncode == 0:
            return python
    raise UnavailableError(
        f"an ordinary user cannot run {sys.executable}, nor /usr/bin/python3: run the tests by a "
        "Python that all users can reach"
    )


def _need_root(program: str) -> None:
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        raise UnavailableError(f"{program} needs root: run pytest as root, or in a container")
    if shutil.which(program) is None:
        raise UnavailableError(f"{program} is missing: install util-linux")
