"""What became of one path between two looks: the judgement, and how it is told."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from .content import Content
from .facts import Facts, Kind
from .sameness import Same, judge_same
from .show import show_name
from .state import State

_Bytes = tuple[Facts, bytes | None]


class Aspect(Enum):
    """The closed set of what can become of a path; a change may have several at once."""

    KEPT = "kept"
    REPLACED = "replaced"
    """Another file stands under the name."""
    COPIED_UP = "copied up by overlay"
    """Another inode of the same origin: what a write, chmod or link does to a lower file."""
    REWRITTEN = "rewritten in place"
    """The same file with other bytes."""
    MODE = "mode changed"
    OWNER = "owner changed"
    TIMES = "times changed"
    """The time of modification moved, back or forth, on the same file."""
    TOUCHED = "touched"
    """The change time moved and nothing else is seen: bytes or times written as they had been,
    a link made and removed, a rename there and back, an extended attribute."""
    LINKS_GAINED = "links gained"
    LINKS_LOST = "links lost"
    TARGET = "target changed"
    """What a symlink leads to was changed; the change's `through` says how."""
    VANISHED = "vanished"
    APPEARED = "appeared"
    UNKNOWN = "cannot be told"


@dataclass(frozen=True, slots=True)
class Change:
    """What became of *path*. `same` is the judgement on the file, `content` that on its bytes."""

    path: Path
    aspects: tuple[Aspect, ...]
    same: Same
    content: Content
    before: State
    after: State
    reason: str = ""
    through: "Change | None" = None

    @property
    def is_kept(self) -> bool:
        """Whether nothing at all became of the path."""
        return self.aspects == (Aspect.KEPT,)

    def is_within(self, allowed: Iterable[Aspect]) -> bool:
        """Return whether every aspect is kept or one of *allowed*; unknown never is."""
        allowed = {Aspect.KEPT, *allowed} - {Aspect.UNKNOWN}
        return all(
            aspect in allowed
            or (
                aspect is Aspect.TARGET
                and self.through is not None
                and self.through.is_within(allowed)
            )
            for aspect in self.aspects
        )

    def __str__(self) -> str:
        return f"{show_name(self.path)}: {self.describe()}"

    def describe(self) -> str:
        """Return the aspects in words, with the numbers that belong to them."""
        words = ", ".join(self._word(aspect) for aspect in self.aspects)
        return f"{words} ({self.reason})" if self.reason else words

    def _word(self, aspect: Aspect) -> str:
        word: str = aspect.value
        before, after = self.before.facts, self.after.facts
        if before is None or after is None:
            return word
        match aspect:
            case Aspect.LINKS_GAINED | Aspect.LINKS_LOST:
                return f"{word} ({before.links} -> {after.links})"
            case Aspect.MODE:
                return f"{word} ({before.mode:04o} -> {after.mode:04o})"
            case Aspect.TARGET if self.through is not None:
                return f"{word} ({self.through.describe()})"
        return word

    def explain(self) -> list[str]:
        """Return the change and its evidence as lines, made to stand under a verdict."""
        lines = [f"  {self}", f"    before: {self.before}", f"    after:  {self.after}"]
        if self.content is not Content.NOT_COMPARED:
            lines.append(f"    bytes: {self.content.value}")
        if self.through is not None and not self.through.is_kept:
            lines.extend(f"  {line}" for line in self.through.explain())
        return lines


def judge(
    path: Path, before: State, after: State, *, content: bool, pinned: bool = False
) -> Change:
    """Return what became of *path* between the looks *before* and *after*.

    *pinned*: a descriptor was held on the file all the while, so its inode number cannot have
    been given to another. *content*: bytes were asked for, so their absence is a gap.
    """
    if before.facts is None or after.facts is None:
        return _judge_absence(path, before, after)
    one, two = before.facts, after.facts
    same, reason = judge_same((one, before.handle), (two, after.handle), pinned=pinned)
    bytes_are = _judge_content((one, before.digest), (two, after.digest))
    aspects = {
        Same.YES: [],
        Same.NO: [Aspect.REPLACED],
        Same.COPIED_UP: [Aspect.COPIED_UP],
        Same.UNKNOWN: [Aspect.UNKNOWN],
    }[same]
    if same in {Same.YES, Same.COPIED_UP}:
        if bytes_are is Content.DIFFERENT or one.target != two.target:
            aspects.append(Aspect.REWRITTEN)
        if _is_gap(one, two, bytes_are, content=content):
            aspects.append(Aspect.UNKNOWN)
            reason = before.problem or after.problem or "bytes were not compared"
    if one.kind is two.kind:
        aspects += _judge_rights(before, after)
    is_folder = one.kind is Kind.DIRECTORY
    if same is Same.YES and not is_folder:
        aspects += _judge_inode(one, two)
    through = _judge_end(before, after, content=content)
    if through is not None and not through.is_kept:
        aspects.append(Aspect.TARGET)
    # A folder's times and links follow from what it holds, and that is told by itself.
    if not aspects and not is_folder and one.ctime_ns != two.ctime_ns:
        aspects.append(Aspect.TOUCHED)
    return Change(
        path, tuple(aspects) or (Aspect.KEPT,), same, bytes_are, before, after, reason, through
    )


def _judge_absence(path: Path, before: State, after: State) -> Change:
    same, reason = Same.NO, ""
    if before.problem or after.problem:
        aspect, same, reason = Aspect.UNKNOWN, Same.UNKNOWN, before.problem or after.problem
    elif before.facts is not None:
        aspect = Aspect.VANISHED
    else:
        aspect = Aspect.APPEARED
    return Change(path, (aspect,), same, Content.NOT_COMPARED, before, after, reason)


def _judge_content(before: _Bytes, after: _Bytes) -> Content:
    (one, digest), (two, other) = before, after
    if {one.kind, two.kind} != {Kind.FILE}:
        return Content.NOT_COMPARED
    if one.size != two.size:
        return Content.DIFFERENT
    if digest is None or other is None:
        return Content.NOT_COMPARED
    return Content.EQUAL if digest == other else Content.DIFFERENT


def _is_gap(before: Facts, after: Facts, bytes_are: Content, *, content: bool) -> bool:
    """Return whether the same file may hold other bytes unseen."""
    if before.kind is not Kind.FILE or bytes_are is not Content.NOT_COMPARED:
        return False
    return content or before.ctime_ns != after.ctime_ns


def _judge_rights(before: State, after: State) -> list[Aspect]:
    aspects = []
    if before.facts and after.facts and before.facts.mode != after.facts.mode:
        aspects.append(Aspect.MODE)
    if before.owner != after.owner:
        aspects.append(Aspect.OWNER)
    return aspects


def _judge_inode(before: Facts, after: Facts) -> list[Aspect]:
    aspects = []
    if before.mtime_ns != after.mtime_ns:
        aspects.append(Aspect.TIMES)
    if after.links > before.links:
        aspects.append(Aspect.LINKS_GAINED)
    elif after.links < before.links:
        aspects.append(Aspect.LINKS_LOST)
    return aspects


def _judge_end(before: State, after: State, *, content: bool) -> Change | None:
    """Judge what a symlink leads to; `None` where there is no symlink on both sides."""
    if before.end is None or after.end is None:
        return None
    end = after.end.facts or before.end.facts
    if end is None:
        return None
    return judge(end.path, before.end, after.end, content=content)
