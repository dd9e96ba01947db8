"""The processes of a run that share places: made by one of them, seen by all.

Mounts are seen in one mount namespace alone. So the first process that mounts something makes a
namespace, and the others enter it; it ends with the last of them, whatever kills it, and all that
is mounted there with it. What they know of each other stands in a file in their common folder.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

from pytest_linkcheck.errors import UnavailableError
from pytest_linkcheck.links.host import digest
from pytest_linkcheck.links.show import show_name
from pytest_linkcheck.once import locked, read_json, write_json

from .claims import SharedClaim
from .namespace import (
    Privacy,
    enter_namespace,
    has_own_namespace,
    join_namespace,
    own_namespace,
)


@dataclass(slots=True)
class Made:
    """A place that is ready: where it is, and where without its mount; *mounted* if it is one."""

    path: str
    behind: str | None
    mounted: bool


@dataclass(slots=True)
class Common:
    """What the processes tell each other.

    `places` by name; `tasks` are the threads that are in the namespace `namespace`.
    """

    places: dict[str, Made] = field(default_factory=dict)
    tasks: list[str] = field(default_factory=list)
    namespace: int = 0


class Crew:
    """This process among those that share *folder*."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._claims: dict[Path, SharedClaim] = {}
        self._open: Common | None = None
        self._privacy: Privacy | None = None

    @property
    def log(self) -> Path:
        """The folder for the log of what was made."""
        return self._folder

    @contextmanager
    def open(self) -> Iterator[Common]:
        """Yield what is made; no other process can look or make anything in the meantime."""
        if self._open is not None:  # one place is made over another
            yield self._open
            return
        with locked(self._folder / "places.lock"):
            home = self.home()
            # It stands in the folder that all have claimed, and ends with it.
            kept = read_json(home / "places.json") or {}
            places = {name: Made(**one) for name, one in kept.pop("places", {}).items()}
            self._open = Common(places, **kept)
            try:
                yield self._open
                write_json(home / "places.json", asdict(self._open))
            finally:
                self._open = None

    def home(self) -> Path:
        """Return the folder of all of them; raises `UnavailableError` if it cannot be made."""
        try:
            return self.claim(self._folder)
        except OSError as error:
            raise UnavailableError(
                f"no folder can be made in {show_name(self._folder)}: {error.strerror}; choose "
                "another --basetemp"
            ) from None

    def claim(self, parent: Path) -> Path:
        """Return the folder of all of them in *parent*; raises `OSError` if that cannot be."""
        if parent not in self._claims:
            name = f"linkcheck-{digest(str(self._folder))}"
            self._claims[parent] = SharedClaim(Path(os.path.realpath(parent)) / name)
        return self._claims[parent].folder

    def can_enter(self) -> bool:
        """Return whether this process is in the namespace of all of them, or can still enter it.

        It cannot if it took one of its own for something else: mounts that it has there would be
        out of its sight.
        """
        return self._privacy is not None or not has_own_namespace()

    def enter(self) -> Privacy:
        """Give this process the namespace of all of them; raises as `enter_namespace` does."""
        if self._privacy is None:
            with self.open() as common:
                self._privacy = self._enter(common)
        return self._privacy

    @staticmethod
    def _enter(common: Common) -> Privacy:
        joined = any(join_namespace(Path(task), common.namespace) for task in common.tasks)
        privacy = enter_namespace()
        if privacy is not Privacy.NONE:
            if not joined:  # nobody is left there, or it cannot be entered: what is there is gone
                common.tasks.clear()
                common.places = {
                    name: made for name, made in common.places.items() if not made.mounted
                }
            task, common.namespace = own_namespace()
            common.tasks.append(str(task))
        return privacy

    def leave(self, last: Callable[[Path], None]) -> None:
        """Let all go; *last* is called with each folder of which nobody else is left."""
        for claim in reversed(self._claims.values()):
            claim.leave(partial(last, claim.folder))
        self._claims.clear()
