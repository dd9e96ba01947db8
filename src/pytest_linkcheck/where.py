"""Where tests run: the places of this run, and which of them its options choose."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest

from .errors import LinkcheckError, UnavailableError
from .filesystems import (
    ALL,
    Filesystem,
    Filesystems,
    Kind,
    Place,
    parse_place,
    probe_folder,
    probe_pair,
    split_places,
)
from .filesystems.capabilities import Ability
from .filesystems.crew import Crew
from .filesystems.expectations import Expectation, Filler
from .filesystems.namespace import hand_on_namespace
from .installs import Role
from .links.show import show_name
from .run_folder import run_folder, shares
from .shared import SHARED

_FILESYSTEMS = pytest.StashKey[Filesystems]()

# What `linkcheck_requires` and `--linkcheck-require` may ask of a place.
ABILITIES = {
    "hardlink": "hardlink",
    "symlink": "symlink",
    "reflink": "reflink",
    "extents": "extents",
    "true-inodes": "true_inodes",
    "birth-time": "birth_time",
    "case-sensitive": "case_sensitive",
}
_BETWEEN_TWO = {"hardlink", "symlink", "reflink"}
_REMEDY = {
    "reflink": "choose btrfs or xfs: run as root with --linkcheck-filesystem btrfs, or name a "
    "folder on one: --linkcheck-filesystem NAME=PATH",
    "extents": "choose ext4, xfs or btrfs by --linkcheck-filesystem",
}


def chosen(config: pytest.Config) -> list[Place]:
    """Return the places that the options choose, none if they leave that to the tests.

    Raises `pytest.UsageError` for a name that is none.
    """
    names = _names(config)
    own = _own(config)
    try:
        places = [
            parse_place(name, own) for text in names for name in (ALL if text == "all" else [text])
        ]
    except LinkcheckError as error:
        raise pytest.UsageError(f"--linkcheck-filesystem: {error}") from None
    return list({place.name: place for place in places}.values())


def _names(config: pytest.Config) -> list[str]:
    told = config.option.linkcheck_filesystem or config.getini("linkcheck_filesystem")
    return [name for text in told for name in split_places(text)]


def _own(config: pytest.Config) -> dict[str, Path]:
    """Return the folders that the user gave names to, by option or in the configuration."""
    told = [*config.getini("linkcheck_filesystem"), *config.option.linkcheck_filesystem]
    own = {}
    for name in (name for text in told for name in split_places(text)):
        with suppress(LinkcheckError):
            place = parse_place(name)
            if place.kind is Kind.OWN and place.path is not None:
                own[place.name] = place.path
    return own


def parse_for(config: pytest.Config, name: str) -> Place:
    """Return the place that a test's marker names."""
    return parse_place(name, _own(config))


def get_filesystems(config: pytest.Config) -> Filesystems:
    """Return the places of this process."""
    if _FILESYSTEMS not in config.stash:
        factory = getattr(config, "_tmp_path_factory", None)
        if isinstance(factory, pytest.TempPathFactory):
            parent = factory.mktemp("filesystems")
        else:
            parent = Path(tempfile.mkdtemp(prefix="linkcheck-"))
            config.add_cleanup(lambda: shutil.rmtree(parent, ignore_errors=True))
        config.stash[_FILESYSTEMS] = Filesystems(parent, _own(config), _crew(config))
        config.stash[_FILESYSTEMS].override = partial(override_expectation, config)
        config.pluginmanager.register(_Closer(config), "linkcheck-filesystems")
    return config.stash[_FILESYSTEMS]


def _crew(config: pytest.Config) -> Crew | None:
    """Return the processes that places are shared with, `None` if this one is alone."""
    factory = getattr(config, "_tmp_path_factory", None)
    if not isinstance(factory, pytest.TempPathFactory) or not shares(config):
        return None
    return Crew(run_folder(config, factory) / "places") if os.name == "posix" else None


def override_expectation(
    config: pytest.Config,
    installer: str | Filler,
    link_mode: str | None,
    role: Role,
    expectation: Expectation,
) -> Expectation:
    """Return what the project says by its hook, else *expectation* as it is."""
    told = config.hook.pytest_linkcheck_expectation(
        config=config,
        installer=installer,
        link_mode=link_mode,
        role=role,
        expectation=expectation,
    )
    if told is None:
        return expectation
    if not isinstance(told, Expectation):
        raise LinkcheckError(
            f"pytest_linkcheck_expectation returned {told!r}: return an Expectation, or None"
        )
    return told


def close_filesystems(config: pytest.Config) -> None:
    """Undo all places; raises `LinkcheckError` if one of them is held by a process."""
    filesystems = config.stash.get(_FILESYSTEMS, None)
    if filesystems is not None:
        if shared := config.stash.get(SHARED, None):
            shared.forget()
        del config.stash[_FILESYSTEMS]
        config.pluginmanager.unregister(name="linkcheck-filesystems")
        filesystems.close()


class _Closer:
    """Closes what no fixture closed, before pytest removes temporary folders."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        with suppress(LinkcheckError):  # nobody used them: only probes were made there
            close_filesystems(self._config)


@contextmanager
def open_filesystem(config: pytest.Config, place: Place) -> Iterator[Filesystem]:
    """Yield a place for one test, and remove the folders that were made during the test."""
    filesystems = get_filesystems(config)
    before = set(filesystems.folders())
    yield filesystems.get(place)
    filesystems.remove(set(filesystems.folders()) - before)


def lacks(need: str, folder: Path, cache_at: Path | None = None) -> str:
    """Return why *folder*, with a cache at *cache_at*, has not what *need* asks for."""
    ability: Ability
    if cache_at is not None and need in _BETWEEN_TWO:
        ability = getattr(probe_pair(cache_at, folder), ABILITIES[need])
    else:
        ability = getattr(probe_folder(folder), ABILITIES[need])
    return "" if ability else f"{ability.reason}; {_REMEDY.get(need, 'choose another --basetemp')}"


def check_options(config: pytest.Config) -> None:
    """Raise `pytest.UsageError` for bad options; make ready what they ask for."""
    chosen(config)
    if hasattr(config, "workerinput"):  # the controller has looked
        return
    prepare_workers(config)
    if config.option.linkcheck_require or config.getini("linkcheck_require"):
        from .markers import MACHINE_NEEDS  # noqa: PLC0415 - it imports this module

        check_required(config, MACHINE_NEEDS)


def check_required(config: pytest.Config, others: Mapping[str, Callable[[Path], str]]) -> None:
    """Raise `pytest.UsageError` unless all that `--linkcheck-require` names can be tested here.

    *others* are the needs that are no ability of a place.
    """
    told = config.option.linkcheck_require or config.getini("linkcheck_require")
    needs = [need for text in told for need in split_places(text)]
    with tempfile.TemporaryDirectory(prefix="linkcheck-") as scratch:
        filesystems = Filesystems(Path(scratch), _own(config))
        try:
            for need in needs:
                if reason := _not_testable(need, config, filesystems, others, Path(scratch)):
                    raise pytest.UsageError(f"--linkcheck-require {show_name(need)}: {reason}")
        finally:
            filesystems.close()


def _not_testable(
    need: str,
    config: pytest.Config,
    filesystems: Filesystems,
    others: Mapping[str, Callable[[Path], str]],
    folder: Path,
) -> str:
    if need in others:
        return others[need](folder)
    try:
        if need not in ABILITIES:
            filesystems.get(parse_for(config, need))
            return ""
    except LinkcheckError as error:
        return str(error)
    reasons = []
    for place in chosen(config) or [parse_place(name) for name in ("default", *ALL)]:
        try:
            reason = lacks(need, filesystems.get(place).path)
        except LinkcheckError as error:
            reason = str(error)
        if not reason:
            return ""
        reasons.append(reason)
    return f"no place has it: {'; '.join(dict.fromkeys(reasons))}"


def prepare_workers(config: pytest.Config) -> None:
    """Let xdist's workers mount for themselves, where they could not begin to: without root."""
    makes = any(place.kind not in {Kind.DEFAULT, Kind.OWN} for place in chosen(config))
    distributed = bool(getattr(config.option, "tx", None)) and not hasattr(config, "workerinput")
    if makes and distributed and hasattr(os, "geteuid") and os.geteuid() != 0:
        with suppress(UnavailableError):  # each test says so itself
            hand_on_namespace()
