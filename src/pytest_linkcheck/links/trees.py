"""Whole trees at once: the same inodes, name by name? Which names share with given files?

No more is held than two folders at a time and the names that are answers, however large the trees.
"""

import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import compress
from pathlib import Path

from .comparison import compare
from .facts import Identity
from .listing import Lister, Listing, twice
from .scanning import Problem, reason_of
from .verdict import Sharing

_ONE_FILE = frozenset({Sharing.HARDLINK, Sharing.SYMLINK})


@dataclass(slots=True)
class TreeComparison:
    """How two trees share inodes; names are relative to the two roots.

    `same` counts the names that stand for one inode in both. `different` are two inodes, or a
    folder in one tree and none in the other. Folders are entered, not compared. `unknown` have
    equal numbers on a filesystem whose numbers are no proof, with the reason; `problems` are what
    could not be read.
    """

    same: int = 0
    different: list[str] = field(default_factory=list)
    only_first: list[str] = field(default_factory=list)
    only_second: list[str] = field(default_factory=list)
    unknown: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def is_same(self) -> bool:
        """Whether all names of both are proven to be the same inodes, and nothing was missed."""
        return not (
            self.different or self.only_first or self.only_second or self.unknown or self.problems
        )


@dataclass(slots=True)
class Found:
    """Names of a tree that stand for wanted files, relative to its root, and what was missed."""

    names: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def compare_trees(
    first: str | os.PathLike[str], second: str | os.PathLike[str], *, by_stat: bool = False
) -> TreeComparison:
    """Return which names below two folders stand for the same inodes.

    No symlink below them is followed. Numbers are taken from folder listings where these are
    known to be true, else, or with *by_stat*, from stat. Raises `OSError` if one of the folders
    cannot be read.
    """
    roots = os.path.realpath(first), os.path.realpath(second)
    return twice(lambda lister: _compare(lister, *roots), by_stat=by_stat)


def find_names(
    root: str | os.PathLike[str], wanted: Iterable[Identity], *, by_stat: bool = False
) -> Found:
    """Return the names below the folder *root* whose device and inode are among *wanted*.

    Symlinks and *by_stat* are as in `compare_trees`. Raises `OSError` if *root* cannot be read.
    """
    numbers: defaultdict[int, set[int]] = defaultdict(set)
    for identity in wanted:
        numbers[identity.device].add(identity.inode)
    start = os.path.realpath(root)
    return twice(lambda lister: _find(lister, start, numbers), by_stat=by_stat)


def _compare(lister: Lister, first: str, second: str) -> TreeComparison:
    found = TreeComparison()
    left = [""]
    while left:
        inside = left.pop()
        one = _list(lister, first, inside, found.problems)
        two = _list(lister, second, inside, found.problems)
        if one is None or two is None:
            continue
        _compare_folders(one, two, (first, second), inside, found)
        both = set(one.folders) & set(two.folders)
        left += [inside + name + os.sep for name in both]
        for listing, other, root, only in (
            (one, two, first, found.only_first),
            (two, one, second, found.only_second),
        ):
            for name in listing.folders:
                if name in other.numbers:
                    found.different.append(inside + name)
                if name not in both:
                    _add_all(lister, root, inside + name + os.sep, only, found.problems)
    return found


def _compare_folders(
    one: Listing, two: Listing, roots: tuple[str, str], inside: str, found: TreeComparison
) -> None:
    """Compare what two folders hold that is no folder."""
    proven = one.true and two.true
    if proven and one.identity.device == two.identity.device:
        apart = []  # numbers of one device: no identity need be made of them
        if one.numbers != two.numbers:
            theirs = two.numbers.get
            apart = [name for name, number in one.numbers.items() if theirs(name) != number]
    else:
        apart = [name for name in one.numbers if not _is_equal(one, two, name)]
    doubtful = set(one.foreign if proven else one.numbers) - set(apart)
    found.same += len(one.numbers) - len(apart) - len(doubtful)
    found.different += [inside + name for name in apart if name in two.numbers]
    for name in doubtful:
        _look_closer(roots, inside + name, found)
    _add_unmatched(one, two, apart, inside, found)


def _is_equal(one: Listing, two: Listing, name: str) -> bool:
    return name in two.numbers and one.identity_of(name) == two.identity_of(name)


def _add_unmatched(
    one: Listing, two: Listing, apart: list[str], inside: str, found: TreeComparison
) -> None:
    """Add the names that only one of two folders has; what could not be read may be there."""
    missed = {problem.path.name for listing in (one, two) for problem in listing.problems}
    alone = [name for name in apart if name not in two.numbers]
    there = len(one.numbers) - len(alone) < len(two.numbers)
    others = two.numbers.keys() - one.numbers.keys() if there else set()
    for names, listing, only in (
        (alone, two, found.only_first),
        (others, one, found.only_second),
    ):
        folders = set(listing.folders) if names else set()
        only += [inside + name for name in names if name not in missed and name not in folders]


def _look_closer(roots: tuple[str, str], name: str, found: TreeComparison) -> None:
    """Judge two names with equal numbers where these are no proof, as on overlay."""
    first, second = (os.path.join(root, name) for root in roots)  # noqa: PTH118 - as text
    if first == second:
        found.same += 1
        return
    verdict = compare(first, second)
    if verdict.sharing in _ONE_FILE:
        found.same += 1
    elif verdict.sharing is Sharing.UNKNOWN:
        found.unknown[name] = verdict.reason
    else:
        found.different.append(name)


def _add_all(
    lister: Lister, root: str, inside: str, names: list[str], problems: list[Problem]
) -> None:
    left = [inside]
    while left:
        inside = left.pop()
        listing = _list(lister, root, inside, problems)
        if listing is not None:
            names += [inside + name for name in listing.numbers]
            left += [inside + name + os.sep for name in listing.folders]


def _find(lister: Lister, root: str, wanted: dict[int, set[int]]) -> Found:
    found = Found()
    left = [""]
    while left:
        inside = left.pop()
        listing = _list(lister, root, inside, found.problems)
        if listing is None:
            continue
        left += [inside + name + os.sep for name in listing.folders]
        if here := wanted.get(listing.identity.device):
            are_wanted = map(here.__contains__, listing.numbers.values())
            found.names += [inside + name for name in compress(listing.numbers, are_wanted)]
        for name in listing.foreign:
            identity = listing.identity_of(name)
            if identity.inode in wanted.get(identity.device, ()):
                found.names.append(inside + name)
    return found


def _list(lister: Lister, root: str, inside: str, problems: list[Problem]) -> Listing | None:
    """Return what the folder *inside* *root* holds; `None` and a problem if that cannot be read."""
    path = os.path.join(root, inside).rstrip(os.sep) or os.sep  # noqa: PTH118 - as text
    try:
        listing = lister.list(path)
    except OSError as error:
        if not inside:
            raise
        problems.append(Problem(Path(path), reason_of(error)))
        return None
    problems += listing.problems
    return listing
