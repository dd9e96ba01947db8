"""What the fixtures hand out."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .errors import UnavailableError
from .installs import Environment, Toolbox, Venvs
from .installs.installers import INSTALLERS
from .installs.known import knowing
from .links import Linkable, probe_boundary
from .links.show import show_name

MADE = pytest.StashKey[list[Environment]]()


def installer_paths(config: pytest.Config) -> dict[str, Path]:
    """Return the paths given by `--linkcheck-installer`, by installer.

    Raises `pytest.UsageError` for a value that is no NAME=PATH of a known name and a file.
    """
    paths = {}
    for value in config.option.linkcheck_installer:
        name, _, path = value.partition("=")
        if name not in INSTALLERS or not path:
            known = ", ".join(INSTALLERS)
            raise pytest.UsageError(
                f"--linkcheck-installer {show_name(value)}: give NAME=PATH, with a NAME of {known}"
            )
        # os.path's expanduser: Path's raises where there is no such home.
        paths[name] = config.invocation_params.dir / os.path.expanduser(path)  # noqa: PTH111
        if not paths[name].is_file():
            raise pytest.UsageError(
                f"--linkcheck-installer {show_name(value)}: there is no such file"
            )
    return paths


def run_folder(config: pytest.Config, factory: pytest.TempPathFactory) -> Path:
    """Return the folder that all processes of this run share."""
    base = factory.getbasetemp()
    # xdist gives each worker a folder below that of the run.
    return (base.parent if hasattr(config, "workerinput") else base) / "linkcheck"


def make_toolbox(config: pytest.Config, factory: pytest.TempPathFactory) -> Toolbox:
    """Return the installers of this run."""
    return Toolbox(installer_paths(config), run_folder(config, factory))


@contextmanager
def open_venvs(item: pytest.Item, toolbox: Toolbox, folder: Path) -> Iterator[Venvs]:
    """Yield the environments of one test, known to its assertions while it runs."""
    venvs = Venvs(toolbox, folder / "venvs")
    item.stash[MADE] = venvs.made
    with knowing(venvs):
        yield venvs


def places() -> list[Path]:
    """Return the usual places for temporary files; some may not be there."""
    return [
        Path("/dev/shm"),  # noqa: S108 - a place to try, by mkdtemp
        Path(f"/run/user/{os.getuid()}" if hasattr(os, "getuid") else "/run/user"),
        Path("/var/tmp"),  # noqa: S108
        Path(tempfile.gettempdir()),
        # os.path's expanduser: Path.home() raises where there is none.
        Path(os.path.expanduser("~")),  # noqa: PTH111
    ]


def other_devices(folder: Path) -> list[Path]:
    """Return the places for temporary files that lie on another device than *folder*."""
    device = folder.stat().st_dev
    return [
        place
        for place in places()
        if os.access(place, os.W_OK | os.X_OK) and place.is_dir() and place.stat().st_dev != device
    ]


@contextmanager
def make_other_device(folder: Path) -> Iterator[Path]:
    """Yield a new folder on another device than *folder*, and remove it.

    Raises `UnavailableError` where there is none.
    """
    for place in other_devices(folder):
        made = Path(tempfile.mkdtemp(prefix="linkcheck-", dir=place))
        try:
            if probe_boundary(folder, made).linkable is Linkable.NO:
                yield made
                return
        finally:
            shutil.rmtree(made)
    raise UnavailableError(
        "no other device: /dev/shm and the temporary folders are not there, not writable, or on "
        f"that of {show_name(folder)}: mount a tmpfs on /dev/shm, or choose another --basetemp"
    )
