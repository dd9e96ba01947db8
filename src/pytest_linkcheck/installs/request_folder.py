"""What processes tell each other of one request for shared environments: a file and its lock.

An environment holds its own path in scripts and in pyvenv.cfg, so it is built where it will stay
and cannot be renamed into its place. What is renamed is the file of this module, which says what is
built: an environment that it does not name is nobody's, and removed by whoever has the lock next.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pytest_linkcheck.once import locked, read_json, write_json

from .fingerprint import Fingerprint, take_fingerprint


@dataclass(slots=True)
class Built:
    """An environment that is whole: where it lies, what was run for it, and who has got it."""

    prefix: str
    log: list[Any]
    users: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Told:
    """What is known of a request, while the lock is held.

    A *round* ends when an environment of it was changed or half-made: all are built anew, with a
    new cache, so that link counts are those of the first time. `built` has those of this round by
    label; `cache_at` is the folder of their cache; `building` what must go if nobody is building.
    """

    round: int = 1
    cache_at: str = ""
    built: dict[str, Built] = field(default_factory=dict)
    building: list[str] = field(default_factory=list)

    def end_round(self) -> None:
        """Let everything be built anew; what is there stays for those that have it."""
        self.round, self.cache_at, self.built, self.building = self.round + 1, "", {}, []


class RequestFolder:
    """The place of one request in the folder that the processes of a run share."""

    def __init__(self, parent: Path, name: str) -> None:
        self._path = parent / f"{name}.json"
        self._lock = parent / f"{name}.lock"
        self._stem = parent / name

    def folder(self, told: Told) -> Path:
        """Return where environments of this round lie, unless they are wanted elsewhere."""
        return self._stem.with_name(f"{self._stem.name}-{told.round}")

    @contextmanager
    def open(self) -> Iterator[Told]:
        """Yield what is known of the request; nobody else can look or build in the meantime."""
        with locked(self._lock):
            told = self._read()
            if told.building:  # by a process that is dead, else it would have the lock
                self.clear(told)
            yield told

    def write(self, told: Told) -> None:
        """Let the others know; must be called within `open`."""
        write_json(self._path, asdict(told))

    def clear(self, told: Told) -> None:
        """Remove what was not finished, and end its round."""
        for path in told.building:
            shutil.rmtree(path, ignore_errors=True)
        told.end_round()
        self.write(told)

    def write_fingerprints(self, told: Told) -> None:
        """Note how the environments of this round look now."""
        for label, built in told.built.items():
            write_json(self._seen(told, label), take_fingerprint(Path(built.prefix)))

    def fingerprint(self, told: Told, label: str) -> Fingerprint:
        """Return how the environment *label* of this round is to look."""
        seen = read_json(self._seen(told, label)) or {}
        return {path: tuple(numbers) for path, numbers in seen.items()}

    def _read(self) -> Told:
        kept = read_json(self._path)
        if kept is None:
            return Told()
        built = {label: Built(**one) for label, one in kept.pop("built").items()}
        return Told(built=built, **kept)

    def _seen(self, told: Told, label: str) -> Path:
        number = list(told.built).index(label) + 1
        return self._stem.with_name(f"{self._stem.name}-{told.round}-{number}.seen.json")
