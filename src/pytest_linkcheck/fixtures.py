"""What the fixtures hand out."""

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from .errors import LinkcheckError, UnavailableError
from .installs import Environment, Toolbox, Venvs
from .installs.installers import INSTALLERS, Choice, Finder, Installer, parse_choice
from .installs.known import knowing
from .links.show import show_name
from .run_folder import is_remote, run_folder

MADE = pytest.StashKey[list[Environment]]()
_TOOLBOX = pytest.StashKey[Toolbox]()


def all_finders(config: pytest.Config) -> Mapping[str, Finder]:
    """Return what finds installers, by name: those built in, and those of other plugins.

    Raises `pytest.UsageError` if two have one name.
    """
    found = dict(INSTALLERS)
    # Asked each time: a folder's conftest.py is known only when that folder is collected.
    for theirs in config.hook.pytest_linkcheck_installers(config=config):
        if twice := sorted(found.keys() & theirs.keys()):
            raise pytest.UsageError(
                f"pytest_linkcheck_installers: {show_name(twice[0])} is taken already: "
                "register your installer by another name"
            )
        found |= theirs
    return found


def chosen_installers(config: pytest.Config) -> tuple[Choice, ...]:
    """Return what `--linkcheck-installer` chooses, in order, each once.

    Raises `pytest.UsageError` for a value that chooses no installer.
    """
    known = all_finders(config)
    chosen: dict[Choice, None] = {}
    for value in config.option.linkcheck_installer:
        try:
            choice = _parse(value, config)
        except LinkcheckError as error:
            raise pytest.UsageError(f"--linkcheck-installer {error}") from None
        if choice.name not in known:
            raise pytest.UsageError(
                f"--linkcheck-installer {show_name(value)}: give NAME, NAME==VERSION or "
                f"NAME=PATH, with a NAME of {', '.join(known)}"
            )
        chosen[choice] = None
    return tuple(chosen)


def _parse(text: str, config: pytest.Config) -> Choice:
    # What is not on another host is missed there by the test that needs it.
    return parse_choice(text, config.invocation_params.dir, must_exist=not is_remote(config))


def expand_installers(names: Iterable[str], config: pytest.Config) -> list[Choice]:
    """Return the installers that *names* mean: a name alone means each that is chosen of it.

    Raises `LinkcheckError` for a name that nobody knows.
    """
    known, chosen = all_finders(config), chosen_installers(config)
    found: dict[Choice, None] = {}
    for name in names:
        choice = _parse(name, config)
        if choice.name not in known:
            raise LinkcheckError(f"knows no installer {name!r}: give {', '.join(known)}")
        theirs = [one for one in chosen if one.name == choice.name] if choice.is_plain else []
        found |= dict.fromkeys(theirs or [choice])
    return list(found)


def open_toolbox(config: pytest.Config, factory: pytest.TempPathFactory) -> Toolbox:
    """Return the installers of this run, found once in this process."""
    if _TOOLBOX not in config.stash:
        folder = run_folder(config, factory)
        config.stash[_TOOLBOX] = Toolbox(chosen_installers(config), folder, all_finders(config))
    return config.stash[_TOOLBOX]


def find_for(item: pytest.Item, wanted: str | Choice) -> Installer:
    """Return the installer *wanted* for *item*, from the installers of its run."""
    factory: pytest.TempPathFactory = item.config._tmp_path_factory  # type: ignore[attr-defined]  # noqa: SLF001
    return open_toolbox(item.config, factory).find(wanted)


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
    from .links import Linkable, probe_boundary  # noqa: PLC0415 - few tests want this

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
