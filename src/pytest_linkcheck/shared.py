"""Environments that a whole session shares: to be read, and checked that they only were."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Unpack

import pytest

from .errors import hides_traceback
from .installs import Environment, Toolbox, Venvs
from .installs.environment import Requirement
from .installs.installers import Installer
from .installs.known import knowing
from .installs.maker import Location, Options, Site
from .links.show import show_count, show_name

__tracebackhide__ = hides_traceback

SHARED = pytest.StashKey["SharedVenvs"]()
_SHOWN = 10

Fingerprint = dict[str, tuple[int, ...]]


class SharedVenvs:
    """Makes environments, an equal request once.

    Environments of one request that differ only by `label` have a cache in common; no others
    have, so that link counts do not depend on which tests ran before.
    """

    def __init__(self, toolbox: Toolbox, folder: Path) -> None:
        self._toolbox = toolbox
        self._venvs = Venvs(toolbox, folder)
        self._folder = folder
        self._groups = 0
        self._made: dict[str, Environment] = {}
        self._fingerprints: dict[str, Fingerprint] = {}
        self._changes: list[str] = []

    @property
    def venvs(self) -> Venvs:
        """What makes them."""
        return self._venvs

    def uv(
        self, *requirements: Requirement, label: str = "", **options: Unpack[Options]
    ) -> Environment:
        """Return the environment filled by uv; see `Venvs.create`."""
        return self.create("uv", *requirements, label=label, **options)

    def pip(
        self, *requirements: Requirement, label: str = "", **options: Unpack[Options]
    ) -> Environment:
        """Return the environment filled by pip; see `Venvs.create`."""
        return self.create("pip", *requirements, label=label, **options)

    def create(
        self,
        installer: str | Installer,
        *requirements: Requirement,
        label: str = "",
        **options: Unpack[Options],
    ) -> Environment:
        """Return the environment of this request, made now if it is the first.

        *label* tells apart environments that are wanted twice; the rest is as `Venvs.create` has
        it, and raises what that raises.
        """
        who = self._toolbox.find(installer) if isinstance(installer, str) else installer
        # repr, not str: two wheels of one name and version may differ.
        request = repr((who, requirements, sorted(options.items())))
        key = f"{request} {label}"
        if key not in self._made:
            self._look()  # what is made now changes the twins, and must not hide what a test did
            self._groups += 1
            group = self._folder / f"request-{self._groups}"
            twin = next((k for k in self._made if k.startswith(f"{request} ")), None)
            at = _folder(options.get("at"), group)
            # On another filesystem the cache goes along with the environment.
            home = at if isinstance(options.get("at"), Site) else group
            cache_at = (
                self._made[twin].cache.parent
                if twin
                else _folder(options.get("cache_at"), Path(home))
            )
            placed: Options = {**options, "at": at, "cache_at": cache_at}
            self._made[key] = self._venvs.create(who, *requirements, **placed)
            # A link into the common cache changes the link count of the twins' files.
            for known, environment in self._made.items():
                if known.startswith(f"{request} "):
                    self._fingerprints[known] = take_fingerprint(environment.prefix)
        return self._made[key]

    def take_changes(self) -> list[str]:
        """Return what was changed since the last look, and forget the environments it was in."""
        self._look()
        told, self._changes = self._changes, []
        return told

    def forget(self) -> None:
        """Forget all environments, changes seen: what they lie on ends with the session."""
        self._look()
        self._made.clear()

    def _look(self) -> None:
        for key, environment in list(self._made.items()):
            differences = _differences(
                self._fingerprints[key], take_fingerprint(environment.prefix)
            )
            if differences:
                self._changes += differences
                del self._made[key]


def _folder(location: Location | None, default: Path) -> str | os.PathLike[str]:
    """Return the folder that *location* is, or a new one on the filesystem that it is."""
    if location is None:
        return default
    if not isinstance(location, Site):
        return location
    return location.folder(default.name, keep=True)


@contextmanager
def open_shared(
    config: pytest.Config, toolbox: Toolbox, factory: pytest.TempPathFactory
) -> Iterator[SharedVenvs]:
    """Yield the shared environments of this session, known to its assertions."""
    shared = SharedVenvs(toolbox, factory.mktemp("shared-venvs"))
    config.stash[SHARED] = shared
    with knowing(shared.venvs):
        yield shared


def check_unchanged(item: pytest.Item) -> None:
    """Fail if *item* changed an environment that it shares with other tests."""
    shared = item.config.stash.get(SHARED, None)
    changes = shared.take_changes() if shared else []
    if changes:
        lines = [f"  {change}" for change in changes[:_SHOWN]]
        if len(changes) > _SHOWN:
            lines.append(f"  and {len(changes) - _SHOWN} more")
        headline = f"this test changed what other tests share: {show_count(len(changes), 'change')}"
        remedy = "remedy: use the fixture venvs for what is changed; env.run() writes no bytecode"
        pytest.fail("\n".join([headline, *lines, remedy]), pytrace=False)


def take_fingerprint(folder: Path) -> Fingerprint:
    """Return what tells that nothing below *folder* was changed: a look at every file."""
    seen: Fingerprint = {}
    pending = [str(folder)] if folder.is_dir() else []
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                told = entry.stat(follow_symlinks=False)
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                    seen[entry.path] = (told.st_ino, told.st_mode)
                else:
                    # ctime moves with any change and cannot be set back, but not by reading.
                    seen[entry.path] = (told.st_ino, told.st_mode, told.st_size, told.st_ctime_ns)
    return seen


def _differences(before: Fingerprint, after: Fingerprint) -> list[str]:
    told = [f"{show_name(path)} is gone" for path in before.keys() - after.keys()]
    told += [f"{show_name(path)} is new" for path in after.keys() - before.keys()]
    told += [
        f"{show_name(path)} was changed"
        for path in before.keys() & after.keys()
        if before[path] != after[path]
    ]
    return sorted(told)
