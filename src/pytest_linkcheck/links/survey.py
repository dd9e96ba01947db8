"""From walks to inodes: the names of each gathered, its place on disk read, its holders counted."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from .account import Inode
from .facts import Identity, Kind, read_facts
from .filesystem import Location, Relation, locate, relate
from .holders import Foreign, Holding, count_holdings
from .mounts import Mount, read_mounts
from .scanning import Entry, Key, Scan
from .spans import Layout, read_layout

# Here SHARED is told of each block, as there is a count of references for each.
_EXACT_FLAGS = frozenset({"xfs"})
_CHANGED = "changed while being read"


@dataclass(frozen=True, slots=True)
class _Space:
    """One space of block addresses: only within it do equal addresses mean equal blocks."""

    device: int
    type: str
    realtime: bool


def survey(
    scans: Iterable[Scan], *, extents: bool
) -> tuple[tuple[Inode, ...], Mapping[Holding, int]]:
    """Return every regular file of *scans*, and how many bytes are held by which of them.

    The holders are positions in the first. Without *extents* no file is opened.
    """
    found: defaultdict[Identity, dict[Key, Entry]] = defaultdict(dict)
    for walk in scans:
        for entry in walk.entries:
            if entry.facts.kind is Kind.FILE:
                found[entry.facts.identity].setdefault(entry.key, entry)
    surveyor = _Surveyor(extents=extents)
    for names in found.values():
        surveyor.add(names)
    return surveyor.finish()


class _Surveyor:
    def __init__(self, *, extents: bool) -> None:
        self._extents = extents
        self._mounts = read_mounts()
        self._seen: dict[tuple[int, int], Mount] = {}
        self._inodes: list[Inode] = []
        self._places: list[Location] = []
        self._layouts: defaultdict[_Space, dict[int, Layout]] = defaultdict(dict)
        self._unshared: set[int] = set()

    def add(self, names: Mapping[Key, Entry]) -> None:
        """Take up the one file that has *names*."""
        number = len(self._inodes)
        place = self._locate(next(iter(names.values())))
        inode = _gather(names, place)
        self._places.append(place)
        self._inodes.append(inode)
        relation, reason = relate(place, place)
        if relation is Relation.APART:
            self._unshared.add(number)  # no two files of such a filesystem share blocks
        elif not self._extents:
            self._give_up(number, "extents were not read")
        elif relation is Relation.SAME:
            self._read(number)
        else:
            self._give_up(number, reason)

    def finish(self) -> tuple[tuple[Inode, ...], Mapping[Holding, int]]:
        """Return the files and who holds how many bytes."""
        for space, layouts in self._layouts.items():
            self._read_again(space, layouts)
        holdings: dict[Holding, int] = {}
        for space, layouts in self._layouts.items():
            holdings.update(_count(space, layouts))
        for number, inode in enumerate(self._inodes):
            if inode.facts.allocated and (inode.problem or number in self._unshared):
                foreign = Foreign.UNKNOWN if inode.problem else Foreign.NO
                holdings[Holding(frozenset({number}), foreign)] = inode.facts.allocated
        return tuple(self._inodes), holdings

    def _read(self, number: int) -> None:
        inode, place = self._inodes[number], self._places[number]
        try:
            layout = read_layout(inode.facts, place)
        except OSError as error:
            self._give_up(number, error.strerror or str(error))
            return
        mount = place.mount
        if mount is not None and layout != Layout():
            space = _Space(mount.device, mount.type, layout.realtime)
            self._layouts[space][number] = layout
        self._inodes[number] = replace(inode, inline=layout.inline, compressed=layout.compressed)

    def _read_again(self, space: _Space, layouts: dict[int, Layout]) -> None:
        """Read once more where blocks were found to be common.

        Deduplication, defragmentation and balancing move extents without a trace in any time;
        a file that lay where another came to lie later would look like its clone. What has not
        moved from before the other was read until after it was really there.
        """
        shared = {
            number
            for holding in _count(space, layouts)
            if len(holding.holders) > 1
            for number in holding.holders
        }
        for number in shared:
            try:
                again = read_layout(self._inodes[number].facts, self._places[number])
            except OSError as error:
                self._give_up(number, error.strerror or str(error))
                del layouts[number]
                continue
            if _places(again) != _places(layouts[number]):
                self._give_up(number, _CHANGED)
                del layouts[number]

    def _give_up(self, number: int, problem: str) -> None:
        inode = self._inodes[number]
        self._inodes[number] = replace(inode, inline=0, compressed=0, problem=problem)

    def _locate(self, entry: Entry) -> Location:
        folder = entry.folder or entry.facts.identity
        # On overlay the file's own device may be that of a layer: both numbers are needed.
        key = (folder.device, entry.facts.identity.device)
        if key in self._seen:
            return Location(entry.facts, self._seen[key])
        try:
            facts = read_facts(entry.facts.path)
        except OSError as error:
            return Location(entry.facts, None, error.strerror or str(error))
        if facts.identity != entry.facts.identity:
            return Location(entry.facts, None, _CHANGED)
        place = locate(facts, self._mounts)
        # All of one device lie on one filesystem, but each file of an overlay on a layer.
        if place.mount is not None and not place.problem and place.facts == facts:
            self._seen[key] = place.mount
        return place


def _count(space: _Space, layouts: Mapping[int, Layout]) -> Mapping[Holding, int]:
    spans = {number: layout.spans for number, layout in layouts.items()}
    return count_holdings(spans, exact_flags=space.type in _EXACT_FLAGS)


def _places(layout: Layout) -> list[tuple[int, int, int]]:
    # Not the flags: they may change with a clone that is made or deleted meanwhile.
    return [(span.start, span.length, span.delta) for span in layout.spans]


def _gather(names: Mapping[Key, Entry], place: Location) -> Inode:
    entries = tuple(names.values())
    facts = entries[0].facts
    elsewhere = facts.links - len(entries)
    # Overlay counts the links of the layer's file; a copied-up name is none of them any more.
    is_overlay = place.mount is None or place.facts.identity != facts.identity
    counts = {entry.facts.links for entry in entries}
    is_exact = not is_overlay and not place.problem and counts == {facts.links}
    return Inode(
        facts,
        tuple(entry.facts.path for entry in entries),
        tuple(names),
        elsewhere if is_exact and elsewhere >= 0 else None,
    )
