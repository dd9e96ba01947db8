"""The names of places: what a user may ask for, as `overlay(btrfs)` or `nfs=/mnt/nfs`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.links.show import show_name


class Kind(Enum):
    """The closed set of places; `OWN` is a folder that the user names."""

    DEFAULT = "default"
    EXT4 = "ext4"
    EXT2 = "ext2"
    XFS = "xfs"
    XFS_NOREFLINK = "xfs-noreflink"
    BTRFS = "btrfs"
    SUBVOLUME = "btrfs-subvolume"
    TMPFS = "tmpfs"
    OVERLAY = "overlay"
    BIND = "bind"
    READONLY = "readonly"
    FULL = "full"
    NOLINK = "nolink"
    OWN = "NAME=PATH"


# btrfs hands out room in chunks of many megabytes: it is empty, and then it is full.
_FILLABLE = frozenset({Kind.EXT4, Kind.EXT2, Kind.XFS, Kind.TMPFS})
# Each of these shows another place, by default the one in which pytest keeps temporary files.
OVER = frozenset({Kind.OVERLAY, Kind.BIND, Kind.READONLY})
# What `all` means: the places that differ in what an installer can do there.
ALL = ("ext4", "xfs", "xfs-noreflink", "btrfs", "btrfs-subvolume", "tmpfs", "overlay", "bind")

DEFAULT_LEFT = 1_000_000
_OWN = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)=(?P<path>.+)", re.DOTALL)
_NUMBER = re.compile(r"[0-9]{1,20}|[0-9]{1,3}(_[0-9]{3}){1,6}")
_CALL = re.compile(r"(?P<name>[a-z0-9-]+)(?:\((?P<inner>.+)\))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Place:
    """A place that was asked for.

    `over` is the place that an overlay, a bind mount or a read-only mount shows, or that is full;
    `left` are the bytes left on a full one; `path` is where a folder of the user's lies.
    """

    kind: Kind
    name: str
    over: "Place | None" = None
    left: int | None = None
    path: Path | None = None

    def __str__(self) -> str:
        return self.name


def parse_place(text: str, own: Mapping[str, Path] | None = None) -> Place:
    """Return the place that *text* names; *own* are the folders the user gave names to.

    Raises `LinkcheckError` for a name that is none.
    """
    text = text.strip()
    if own and text in own:
        return Place(Kind.OWN, text, path=own[text])
    if match := _OWN.fullmatch(text):
        return Place(Kind.OWN, match["name"], path=Path(match["path"]).expanduser().absolute())
    match = _CALL.fullmatch(text)
    if text == "nosymlink":  # what lacks the one lacks the other
        text, match = "nolink", _CALL.fullmatch("nolink")
    kind = next((kind for kind in Kind if match and kind.value == match["name"]), None)
    if match is None or kind is None:
        raise LinkcheckError(f"{show_name(text)!r} is no place known here: {_known()}")
    inner = match["inner"]
    if kind is Kind.FULL:
        return _parse_full(text, inner, own)
    if kind in OVER:
        return _over(kind, text, parse_place(inner, own) if inner else _DEFAULT)
    if inner is not None:
        raise LinkcheckError(f"{show_name(text)!r}: {kind.value} lies over nothing: write it alone")
    return Place(
        kind, kind.value, over=parse_place("btrfs", own) if kind is Kind.SUBVOLUME else None
    )


def split_places(text: str) -> list[str]:
    """Return the names in *text*, a list with commas, of which some may stand in brackets."""
    return [name.strip() for name in re.split(r",(?![^()]*\))", text) if name.strip()]


def _over(kind: Kind, text: str, over: Place) -> Place:
    if kind is Kind.OVERLAY and over.kind in {Kind.OVERLAY, Kind.READONLY}:
        raise LinkcheckError(f"{show_name(text)!r}: no overlay can be written to over {over}")
    name = kind.value if over.kind is Kind.DEFAULT else f"{kind.value}({over.name})"
    return Place(kind, name, over=over)


def _parse_full(text: str, inner: str | None, own: Mapping[str, Path] | None) -> Place:
    """Return the place `full`, `full(BYTES)`, `full(PLACE)` or `full(PLACE,BYTES)`."""
    words = split_places(inner or "")
    left = DEFAULT_LEFT
    if words and _NUMBER.fullmatch(words[-1]):
        left = int(words.pop())
    if len(words) > 1:
        raise LinkcheckError(f"{show_name(text)!r}: write full(PLACE,BYTES)")
    over = parse_place(words[0], own) if words else _TMPFS
    if over.kind not in _FILLABLE:
        names = ", ".join(sorted(kind.value for kind in _FILLABLE))
        raise LinkcheckError(f"{show_name(text)!r}: only {names} can be filled up to the byte")
    shown = [] if over.kind is Kind.TMPFS else [over.name]
    shown += [] if left == DEFAULT_LEFT else [str(left)]
    return Place(Kind.FULL, f"full({','.join(shown)})" if shown else "full", over=over, left=left)


def _known() -> str:
    names = [kind.value for kind in Kind if kind not in OVER and kind is not Kind.OWN]
    return f"name {', '.join(names)}, overlay(PLACE), bind(PLACE), readonly(PLACE), or NAME=PATH"


_DEFAULT = Place(Kind.DEFAULT, "default")
_TMPFS = Place(Kind.TMPFS, "tmpfs")
