"""Environments that a whole run shares: to be read, and checked that they only were."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Unpack

import pytest

from .errors import hides_traceback
from .installs import Environment, Toolbox, Venvs
from .installs.environment import Requirement
from .installs.fingerprint import Fingerprint, differences, take_fingerprint
from .installs.installers import Installer
from .installs.known import knowing
from .installs.maker import (
    Location,
    Options,
    Site,
    absolute,
    check_options,
    take_name,
)
from .installs.process import Log
from .installs.request_folder import Built, RequestFolder, Told
from .installs.requests import identify
from .links.show import show_count
from .once import noting

__tracebackhide__ = hides_traceback

SHARED = pytest.StashKey["SharedVenvs"]()
_SHOWN = 10


@dataclass(slots=True)
class _Known:
    """An environment that this process has got."""

    environment: Environment
    request: RequestFolder
    round: int
    fingerprint: Fingerprint


@dataclass(slots=True)
class Changes:
    """What was changed in shared environments; *alone*: no other process has got one of them."""

    told: list[str]
    alone: bool = True


class SharedVenvs:
    """Makes environments, an equal request once for all processes that share *folder*.

    Environments of one request that differ only by `label` have a cache in common; no others
    have, so that link counts do not depend on which tests ran before.
    """

    def __init__(self, toolbox: Toolbox, folder: Path) -> None:
        self._toolbox = toolbox
        self._venvs = Venvs(toolbox, folder)
        self._folder = folder
        self._me = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._known: dict[tuple[str, str], _Known] = {}
        self._changes = Changes([])

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
        """Return the environment of this request, built now if no process of the run has.

        *label* tells apart environments that are wanted twice; the rest is as `Venvs.create` has
        it, and raises what that raises.
        """
        who = self._toolbox.find(installer) if isinstance(installer, str) else installer
        check_options(who, options)
        name = f"request-{identify(who, requirements, options)}"
        request = RequestFolder(self._folder, name)
        with request.open() as told:
            known = self._known.get((name, label))
            if known and known.round == told.round:
                return known.environment
            if label not in told.built:
                # What is built now changes the twins, and must not hide what a test did.
                self._look(name, request, told)
                self._build(request, told, label, who, requirements, options)
            built = told.built[label]
            environment = self._get(who, built, told, options)
            if self._me not in built.users:
                built.users.append(self._me)
                request.write(told)
            seen = request.fingerprint(told, label)
        self._known[name, label] = _Known(environment, request, told.round, seen)
        return environment

    def _build(  # noqa: PLR0913, PLR0917 - a request has these parts
        self,
        request: RequestFolder,
        told: Told,
        label: str,
        who: Installer,
        requirements: tuple[Requirement, ...],
        options: Options,
    ) -> None:
        folder = request.folder(told)
        at = _folder(options.get("at"), folder)
        if not told.cache_at:
            # On another filesystem the cache goes along with the environment.
            home = at if isinstance(options.get("at"), Site) else folder
            told.cache_at = str(_folder(options.get("cache_at"), home))
        prefix = take_name(at, who.name)
        told.building = [str(prefix)]
        request.write(told)
        try:
            with noting(self._folder, "shared environment", f"{folder.name} {label}".rstrip()):
                made = self._venvs.fill(
                    who, requirements, prefix, Path(told.cache_at), options,
                    check=options.get("check", True),
                )  # fmt: skip
        except BaseException:
            request.clear(told)
            raise
        told.built[label] = Built(str(prefix), made.log.to_json())
        # A link into the common cache changes the link count of the twins' files.
        request.write_fingerprints(told)
        told.building = []
        request.write(told)

    def _get(self, who: Installer, built: Built, told: Told, options: Options) -> Environment:
        prefix = Path(built.prefix)
        for environment in self._venvs.made:
            if environment.prefix == prefix:  # built here, just now
                return environment
        log = Log.from_json(built.log)
        return self._venvs.take_over(who, prefix, Path(told.cache_at), options, log)

    def take_changes(self) -> Changes:
        """Return what was changed since the last look; its environments will be built anew."""
        self._look_at_all()
        changes, self._changes = self._changes, Changes([])
        return changes

    def forget(self) -> None:
        """Forget all environments, changes seen: what they lie on ends with the session."""
        self._look_at_all()
        self._known.clear()

    def _look_at_all(self) -> None:
        changed = {
            name: known.request
            for (name, _), known in self._known.items()
            if known.fingerprint != take_fingerprint(known.environment.prefix)
        }
        # A twin that another process makes changes link counts too: look again when it is made.
        for name, request in changed.items():
            with request.open() as told:
                self._look(name, request, told)

    def _look(self, name: str, request: RequestFolder, told: Told) -> None:
        """Look for changes in what is built of a request; those found end its round."""
        found: list[str] = []
        for label, built in told.built.items():
            before = request.fingerprint(told, label)
            found += differences(before, take_fingerprint(Path(built.prefix)))
            mine = self._known.get((name, label))
            if mine and mine.round == told.round:
                mine.fingerprint = before
        users = {user for built in told.built.values() for user in built.users}
        if found:
            told.end_round()
            request.write(told)
            self._changes.told += found
            self._changes.alone &= users <= {self._me}
        # Of an older round another process has told, or died: nobody is to blame here.
        for key, known in list(self._known.items()):
            if key[0] == name and known.round != told.round:
                del self._known[key]


def _folder(location: Location | None, default: Path) -> Path:
    """Return the folder that *location* is, or a new one on the filesystem that it is."""
    if location is None:
        return absolute(default)
    if not isinstance(location, Site):
        return absolute(location)
    return location.folder(default.name, keep=True)


@contextmanager
def open_shared(toolbox: Toolbox, config: pytest.Config) -> Iterator[SharedVenvs]:
    """Yield the shared environments of this session, known to its assertions."""
    shared = SharedVenvs(toolbox, toolbox.folder / "shared")
    config.stash[SHARED] = shared
    with knowing(shared.venvs):
        yield shared


def check_unchanged(item: pytest.Item) -> None:
    """Fail if an environment that *item* shares with other tests was changed."""
    shared = item.config.stash.get(SHARED, None)
    changes = shared.take_changes() if shared else Changes([])
    if changes.told:
        lines = [f"  {change}" for change in changes.told[:_SHOWN]]
        if len(changes.told) > _SHOWN:
            lines.append(f"  and {len(changes.told) - _SHOWN} more")
        count = show_count(len(changes.told), "change")
        headline = f"this test changed what other tests share: {count}"
        if not changes.alone:
            headline = f"a test of this run changed what other tests share: {count}"
            lines.append("  it was this test, or one that another worker has run meanwhile")
        remedy = "remedy: use the fixture venvs for what is changed; env.run() writes no bytecode"
        pytest.fail("\n".join([headline, *lines, remedy]), pytrace=False)
