"""How the files under any number of roots hang together: by names, and by blocks on disk."""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from .account import Account, Inode, add_up
from .facts import Facts, Identity, Kind
from .holders import Foreign, Holding
from .resolution import resolve
from .scanning import Entry, Key, Problem, Scan, scan
from .show import show_count, show_name, show_size
from .spelling import respell
from .survey import survey

AnyPath = str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class ExtentGroup:
    """Files that share extents, each with at least one other; `common` bytes have two holders.

    Compressed extents count as one block each: with any, `at_least` is true.
    """

    files: tuple[Inode, ...]
    common: int
    at_least: bool


@dataclass(frozen=True, slots=True)
class Partner:
    """A file that shares extents with the asked one: `common` bytes of them."""

    inode: Inode
    common: int
    at_least: bool


@dataclass(frozen=True, slots=True)
class Company:
    """Where the links of one file are, and which files share extents with it.

    `unseen` bytes it shares with something that was not looked at, in links left out of account.
    Without `inode.is_known` nothing can be said of extents.
    """

    inode: Inode
    partners: tuple[Partner, ...]
    unseen: int
    problems: tuple[Problem, ...]

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"{show_name(self.inode.facts.path)}: {self.inode}"
        yield from (f"  {show_name(name)}" for name in self.inode.names)
        for partner in self.partners:
            least = "at least " if partner.at_least else ""
            yield (
                f"  {least}{show_size(partner.common)} in common with "
                f"{', '.join(show_name(name) for name in partner.inode.names)}"
            )
        if self.unseen:
            yield f"  {show_size(self.unseen)} shared with something outside"
        if not self.inode.is_known:
            yield f"  extents cannot be told: {self.inode.problem}"
        if self.problems:
            yield f"  {show_count(len(self.problems), 'place')} could not be read:"
            yield from (f"    {problem}" for problem in self.problems)


class Topology:
    """What `measure` found; all its answers are of the moment of the walk.

    `scans` are the walks, `inodes` every regular file found, with its names; `problems` name
    what could not be read, and is therefore missing.
    """

    def __init__(self, scans: Iterable[Scan], *, extents: bool) -> None:
        self.scans = tuple(scans)
        self.problems = tuple(
            dict.fromkeys(problem for found in self.scans for problem in found.problems)
        )
        self._entries: dict[Path, Entry] = {
            entry.facts.path: entry for found in self.scans for entry in found.entries
        }
        self.inodes, self._holdings = survey(self.scans, extents=extents)
        self._numbers = {
            key: number for number, inode in enumerate(self.inodes) for key in inode.keys
        }

    def __repr__(self) -> str:
        return f"<Topology of {show_count(len(self.inodes), 'file')}>"

    @property
    def linked(self) -> tuple[Inode, ...]:
        """The files with more than one name, found here or not."""
        return tuple(inode for inode in self.inodes if inode.facts.links > 1)

    @cached_property
    def extent_groups(self) -> tuple[ExtentGroup, ...]:
        """The files that share extents with one another, grouped."""
        leaders = list(range(len(self.inodes)))
        shared = [held for held in self._holdings.items() if len(held[0].holders) > 1]
        for holding, _ in shared:
            first, *others = (_lead(leaders, number) for number in sorted(holding.holders))
            for other in others:
                leaders[_lead(leaders, other)] = first
                first = _lead(leaders, first)
        members: defaultdict[int, set[int]] = defaultdict(set)
        common: defaultdict[int, int] = defaultdict(int)
        compressed: set[int] = set()
        for holding, length in shared:
            leader = _lead(leaders, next(iter(holding.holders)))
            members[leader] |= holding.holders
            common[leader] += length
            if holding.compressed:
                compressed.add(leader)
        return tuple(
            ExtentGroup(
                tuple(self.inodes[number] for number in sorted(members[leader])),
                common[leader],
                leader in compressed,
            )
            for leader in sorted(members)
        )

    def inode_of(self, path: AnyPath) -> Inode:
        """Return the regular file that *path*, a name that was walked, stands for.

        Raises `ValueError` if it was not walked, or is no regular file.
        """
        entry = self._entry(path)
        if entry.facts.kind is not Kind.FILE:
            raise ValueError(f"{show_name(path)} is a {entry.facts.kind.value}, no file")
        return self.inodes[self._numbers[entry.key]]

    def find(self, identity: Identity) -> Inode | None:
        """Return the regular file with *identity*, or `None` where no name of it was found.

        With all its links under the roots, its `elsewhere` is 0.
        """
        return self._by_identity.get(identity)

    @cached_property
    def total(self) -> Account:
        """The account of everything that was walked."""
        return self.account(found.root for found in self.scans)

    def account(self, paths: AnyPath | Iterable[AnyPath]) -> Account:
        """Return the account of *paths*, names that were walked; a folder stands for all in it.

        Raises `ValueError` for a path that was not walked.
        """
        given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
        entries = {entry.key: entry for path in given for entry in self._under(self._entry(path))}
        kinds = [entry.facts.kind for entry in entries.values()]
        mine = {
            number: self.inodes[number]
            for number in sorted({self._numbers[key] for key in entries if key in self._numbers})
        }
        held = dict.fromkeys(held for number in mine for held in self._held_by[number])
        return add_up(
            entries.keys(),
            mine,
            ((holding, self._holdings[holding]) for holding in held),
            self.inodes,
            symlinks=kinds.count(Kind.SYMLINK),
            folders=kinds.count(Kind.DIRECTORY),
        )

    def company_of(self, path: AnyPath) -> Company:
        """Return where the links of *path* are, and which files share extents with it.

        Raises `ValueError` as `inode_of` does.
        """
        inode = self.inode_of(path)
        number = self._numbers[inode.keys[0]]
        common: defaultdict[int, int] = defaultdict(int)
        compressed: set[int] = set()
        unseen = 0
        for holding in self._held_by[number]:
            length = self._holdings[holding]
            if holding.foreign is Foreign.YES:
                unseen += length
            for other in holding.holders - {number}:
                common[other] += length
                if holding.compressed:
                    compressed.add(other)
        partners = tuple(
            Partner(self.inodes[other], common[other], other in compressed)
            for other in sorted(common)
        )
        return Company(inode, partners, unseen, self.problems)

    def _entry(self, path: AnyPath) -> Entry:
        known = respell(Path(path).absolute(), [found.root for found in self.scans], self._entries)
        if known is None:
            raise ValueError(f"{show_name(path)} was not walked")
        return self._entries[known]

    def _under(self, entry: Entry) -> Iterator[Entry]:
        left = [entry]
        while left:
            entry = left.pop()
            yield entry
            if entry.facts.kind is Kind.DIRECTORY:
                left.extend(self._in_folder.get(entry.facts.identity, ()))

    @cached_property
    def _by_identity(self) -> Mapping[Identity, Inode]:
        return {inode.facts.identity: inode for inode in self.inodes}

    @cached_property
    def _in_folder(self) -> Mapping[Identity, list[Entry]]:
        folders: defaultdict[Identity, dict[Key, Entry]] = defaultdict(dict)
        for entry in self._entries.values():
            if entry.folder is not None:
                folders[entry.folder].setdefault(entry.key, entry)
        return {folder: list(held.values()) for folder, held in folders.items()}

    @cached_property
    def _held_by(self) -> Mapping[int, list[Holding]]:
        held: defaultdict[int, list[Holding]] = defaultdict(list)
        for holding in self._holdings:
            for number in holding.holders:
                held[number].append(holding)
        return held


def _lead(leaders: list[int], number: int) -> int:
    """Return the leader of *number*'s group, shortening the way to it."""
    while leaders[number] != number:
        leaders[number] = leaders[leaders[number]]
        number = leaders[number]
    return number


def measure(*roots: AnyPath, extents: bool = True) -> Topology:
    """Walk *roots*, folders or files, and return how what lies there hangs together.

    Roots may overlap, lie in one another or be given twice: every name counts once. Without
    *extents* files are not opened, and nothing is told of blocks. Raises `OSError` for a root
    that does not exist, `ValueError` for none.
    """
    if not roots:
        raise ValueError("no root to walk")
    return Topology((scan(Path(root).absolute()) for root in roots), extents=extents)


def shared_with(path: AnyPath, roots: AnyPath | Iterable[AnyPath] = ()) -> Company:
    """Return where the links of the file *path* are under *roots*, and who shares its extents.

    A symlink is followed; the name it leads to counts as found. Raises `OSError` if there is
    nothing at *path* or a root, `ValueError` if *path* leads to no regular file.
    """
    given = [roots] if isinstance(roots, str | os.PathLike) else list(roots)
    resolution = resolve(Path(path).absolute())
    if resolution.facts is None:
        raise FileNotFoundError(2, resolution.problem, os.fspath(path))
    file: Facts = resolution.facts
    return measure(*given, file.path).company_of(file.path)
