"""Bytes of a group of files: as names add up, as they lie on disk, shared with whom, own."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .facts import Facts
from .holders import Foreign, Holding
from .scanning import Key
from .show import show_count, show_size


@dataclass(frozen=True, slots=True)
class Inode:
    """One file, and all its names that were found.

    `elsewhere` is how many links lie outside what was walked: `st_nlink` less the names found.
    It is `None` on overlay, whose link counts are not exact, and where more names were found than
    there are links: the file was linked or unlinked during the walk. `problem` says why its
    place on disk is not known.
    """

    facts: Facts
    names: tuple[Path, ...]
    keys: tuple[Key, ...]
    elsewhere: int | None
    inline: int = 0
    compressed: int = 0
    problem: str = ""

    @property
    def is_known(self) -> bool:
        """Whether it is known where the file lies on disk."""
        return not self.problem

    def __str__(self) -> str:
        links = show_count(self.facts.links, "link")
        found = f"{links}, {len(self.names):,} found here"
        if self.elsewhere is None:
            return f"{found}, elsewhere cannot be told"
        return f"{found}, {self.elsewhere:,} elsewhere"


@dataclass(frozen=True, slots=True)
class Account:
    """What a group of names holds; bytes, but for the first four.

    `apparent` adds up the sizes of all names, `allocated` the room (`st_blocks`) of each inode
    once. `on_disk` counts each physical block once, and is the sum of

    - `own`: held by this group and nobody else, so freed when it is deleted,
    - `shared`: held by somebody else too: by `others` (names that were walked but are not in the
      group), by the `outside` (links or clones that were not walked, snapshots, files deleted but
      still open; on xfs for moments after any deletion, as it frees blocks later), or both,
    - `unknown`: it cannot be told which; `notes` say why, with the bytes. A filesystem does not
      tell who else shares a block that is shared inside the group; without an extent map it tells
      nothing.

    `within` are the blocks that two or more names of the group itself hold. `inline` bytes lie in
    no block and are in none of these. `compressed` is what the compressed extents hold: with any,
    the sums are lower bounds.
    """

    files: int
    names: int
    symlinks: int
    folders: int
    apparent: int
    allocated: int
    on_disk: int
    own: int
    shared: int
    others: int
    outside: int
    unknown: int
    within: int
    inline: int
    compressed: int
    notes: tuple[str, ...] = ()

    @property
    def at_least(self) -> bool:
        """Whether the sums are lower bounds."""
        return self.compressed > 0

    def __str__(self) -> str:
        least = "at least " if self.at_least else ""
        held = (
            f"{show_size(self.others)} with others here, {show_size(self.outside)} with the outside"
        )
        parts = [
            f"{show_count(self.names, 'name')} of {show_count(self.files, 'file')}",
            f"{show_size(self.apparent)} as names add up",
            f"{least}{show_size(self.on_disk)} on disk: {least}{show_size(self.own)} own",
            f"{least}{show_size(self.shared)} shared ({held})",
        ]
        if self.unknown:
            parts.append(f"{show_size(self.unknown)} unknown")
        if self.inline:
            parts.append(f"{show_size(self.inline)} inline")
        return ", ".join(parts)


def add_up(  # noqa: PLR0913 - the parts of one sum
    group: Collection[Key],
    inodes: Mapping[int, Inode],
    holdings: Iterable[tuple[Holding, int]],
    everyone: Sequence[Inode],
    *,
    symlinks: int,
    folders: int,
) -> Account:
    """Return the account of the names in *group*, which belong to *inodes*.

    *holdings* are all that one of the inodes has a part in, with their bytes.
    """
    sums: Counter[str] = Counter()
    doubts: Counter[str] = Counter()
    for holding, length in holdings:
        holders = [everyone[number] for number in holding.holders]
        names = [key in group for inode in holders for key in inode.keys]
        others = not all(names)
        outside = holding.foreign is Foreign.YES or any(inode.elsewhere for inode in holders)
        unknown = holding.foreign is Foreign.UNKNOWN or any(
            inode.elsewhere is None for inode in holders
        )
        sums["within"] += length if sum(names) > 1 else 0
        sums["others"] += length if others else 0
        sums["outside"] += length if outside else 0
        sums["shared" if others or outside else "unknown" if unknown else "own"] += length
        if unknown and not others and not outside:
            doubts[_doubt(holders)] += length
        elif problems := [inode.problem for inode in holders if inode.problem]:
            # Somebody holds them too, that is known; but not which blocks they are.
            doubts[f"{problems[0]}: perhaps counted twice"] += length
    mine = inodes.values()
    return Account(
        files=len(inodes),
        names=sum(_count_names(inode, group) for inode in mine),
        symlinks=symlinks,
        folders=folders,
        apparent=sum(_count_names(inode, group) * inode.facts.size for inode in mine),
        allocated=sum(inode.facts.allocated for inode in mine),
        on_disk=sums["own"] + sums["shared"] + sums["unknown"],
        own=sums["own"],
        shared=sums["shared"],
        others=sums["others"],
        outside=sums["outside"],
        unknown=sums["unknown"],
        within=sums["within"],
        inline=sum(inode.inline for inode in mine),
        compressed=sum(inode.compressed for inode in mine),
        notes=tuple(f"{show_size(length)}: {doubt}" for doubt, length in doubts.most_common()),
    )


def _count_names(inode: Inode, group: Collection[Key]) -> int:
    return sum(key in group for key in inode.keys)


def _doubt(holders: Iterable[Inode]) -> str:
    """Return why it cannot be told whether blocks of *holders* are held by somebody else."""
    for inode in holders:
        if inode.problem:
            return inode.problem
        if inode.elsewhere is None:
            return "the link count is not exact"
    return "shared here; whether outside too is not told"
