"""What a case of the corpus is: how two paths are made, and the verdict expected of them."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from support.places import BASES, KINDS, Place

Paths = tuple[Path, Path]
NOT_HERE = "-"  # the filesystem refuses what the case is made of


@dataclass(frozen=True, slots=True)
class Site:
    """Where a case is made: an empty folder, one on the second filesystem, mounts to be undone."""

    place: Place
    folder: Path
    other: Path
    stack: ExitStack

    def file(self, name: str, data: bytes) -> Path:
        """Write a new file and return its path."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path


@dataclass(frozen=True, slots=True)
class Case:
    """One case. `expected` maps each kind of filesystem to a verdict or `NOT_HERE`.

    `oracle` maps kinds to what the oracle sees, where that is less or more than we can tell;
    `user` is the verdict for one who is not root, where it is another one.
    """

    name: str
    make: Callable[[Site], Paths]
    expected: dict[str, str]
    oracle: dict[str, str] = field(default_factory=dict)
    root: bool = False
    user: str | None = None


CASES: list[Case] = []


def case(
    every: str = NOT_HERE,
    *,
    shares: str | None = None,
    root: bool = False,
    user: str | None = None,
    oracle: str | None = None,
    **special: str,
) -> Callable[[Callable[[Site], Paths]], Callable[[Site], Paths]]:
    """Add a case, named by the decorated function.

    *every* is the verdict on each filesystem, *shares* on those with reflinks, and *special* on
    one: `btrfs=` counts for overlay over btrfs too, unless `overlay_btrfs=` says otherwise;
    `overlay=` is for every overlay.
    """
    expected = {}
    for kind in KINDS:
        base = kind.rpartition("/")[2]
        verdict = shares if shares is not None and base in {"xfs", "btrfs"} else every
        verdict = special.get(base, verdict)
        if kind != base:
            verdict = special.get("overlay", verdict)
            verdict = special.get(f"overlay_{base}", verdict)
        expected[kind] = verdict
    known = {*BASES, "overlay", *(f"overlay_{base}" for base in BASES)}
    assert special.keys() <= known, special.keys() - known

    def add(make: Callable[[Site], Paths]) -> Callable[[Site], Paths]:
        name = make.__name__.replace("_", " ")
        told = dict.fromkeys(KINDS, oracle) if oracle is not None else {}
        kept = {kind: told[kind] for kind in told if expected[kind] not in {NOT_HERE, "copy"}}
        CASES.append(Case(name, make, expected, kept, user=user, root=root))
        return make

    return add


def noise(length: int, seed: int = 0) -> bytes:
    """Return bytes that no filesystem can compress, the same for the same *seed*."""
    import random  # noqa: PLC0415 - for this alone

    return random.Random(seed).randbytes(length)  # noqa: S311 - no secret


def text(length: int) -> bytes:
    """Return bytes that compress well, each line another."""
    lines = b"".join(b"line %08d of many\n" % number for number in range(length // 22 + 1))
    return lines[:length]


def write_at(path: Path, offset: int, data: bytes) -> None:
    """Write into a file in place."""
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(data)


def sites(place: Place, name: str, stack: ExitStack) -> Site:
    """Return a site for the case *name*: new folders on both filesystems of *place*."""
    stem = f"{name.replace(' ', '-')}-{os.getpid()}-{next(_numbers)}"
    folder, other = place.root / stem, place.other / stem
    folder.mkdir()
    other.mkdir()
    return Site(place, folder, other, stack)


def _count() -> Iterator[int]:
    number = 0
    while True:
        yield number
        number += 1


_numbers = _count()
