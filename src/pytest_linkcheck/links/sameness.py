"""Whether one and the same file stands under a name at two moments."""

from enum import Enum

from .facts import TWO_HOSTS, Facts, Kind
from .handle import Handle

Look = tuple[Facts, Handle | None]

_USED_AGAIN = "the inode number was used again"


class Same(Enum):
    """Whether one and the same file stands under a name at two looks."""

    YES = "yes"
    NO = "no"
    COPIED_UP = "copied up"
    UNKNOWN = "unknown"


def judge_same(before: Look, after: Look, *, pinned: bool) -> tuple[Same, str]:
    """Return whether *before* and *after* show one file, and the reason where it needs one.

    *pinned*: a descriptor was held on the file of *before* all the while.
    """
    one, two = before[0], after[0]
    if one.host != two.host:
        return Same.UNKNOWN, TWO_HOSTS
    if one.kind is not two.kind:
        return Same.NO, f"a {one.kind.value} became a {two.kind.value}"
    if one.identity != two.identity:
        return _judge_two_numbers(before, after)
    if before[1] is None or after[1] is None:
        return _judge_without_handles(one, two, pinned=pinned)
    if before[1] != after[1]:
        return Same.NO, _USED_AGAIN
    if one.birth_ns == two.birth_ns or pinned:
        return Same.YES, ""
    if before[1].is_overlay:  # two names of one origin, one inode number after the other
        return Same.NO, _USED_AGAIN
    return Same.UNKNOWN, "the file handle is the same, the birth time is not"


def _judge_two_numbers(before: Look, after: Look) -> tuple[Same, str]:
    facts, handle = before
    if handle is None or handle != after[1] or not handle.is_overlay:
        return Same.NO, ""
    if facts.kind is Kind.DIRECTORY:  # overlay numbers folders anew when it likes
        return Same.YES, ""
    return Same.COPIED_UP, "another inode of the same origin"


def _judge_without_handles(one: Facts, two: Facts, *, pinned: bool) -> tuple[Same, str]:
    if pinned:
        return Same.YES, ""
    # Some systems let a birth time be set back, none forth: only a later one is another file.
    if one.birth_ns is not None and two.birth_ns is not None and one.birth_ns < two.birth_ns:
        return Same.NO, _USED_AGAIN
    return Same.UNKNOWN, "no file handle here, and the inode number may have been used again"
