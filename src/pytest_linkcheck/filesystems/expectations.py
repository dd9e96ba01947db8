"""Which sharing should come out: installer, link mode, and what the filesystems can do.

The one place that says so. What each installer tries, in this order, is known from its source
and checked by tests against real runs; what the filesystems can do is probed.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Protocol

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import Version

from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.links import Sharing
from pytest_linkcheck.links.show import show_name

from .capabilities import YES, Ability, Can, Pair


class Filler(Protocol):
    """What must be known of an installer: its name and version."""

    @property
    def name(self) -> str:
        """The name it is chosen by."""

    @property
    def version(self) -> Version:
        """Its version."""


class Step(Enum):
    """A way to bring a file from the cache into an environment."""

    CLONE = "FICLONE"
    LINK = "link()"
    SYMLINK = "symlink()"
    COPY = "copy_file_range()"  # shares blocks where the filesystem can
    WRITE = "read() and write()"


Steps = tuple[Step, ...]
Modes = Mapping[str | None, Steps]  # `None` is the installer's own choice

_C, _L, _S, _COPY, _W = Step
_UV_0_10_5: Modes = {
    None: (_C, _L, _COPY),
    "clone": (_C, _L, _COPY),
    "hardlink": (_L, _COPY),
    "copy": (_COPY,),
    "symlink": (_S, _COPY),
}
_UV: Modes = {**_UV_0_10_5, None: (_L, _COPY), "clone": (_C, _COPY)}
_PIP: Modes = {None: (_W,), "copy": (_W,)}

# For each installer the modes it has from a version on, newest first.
TABLE: Mapping[str, tuple[tuple[Version, Modes], ...]] = {
    "uv": ((Version("0.10.5"), _UV_0_10_5), (Version("0"), _UV)),
    "pip": ((Version("0"), _PIP),),
}


def steps_of(installer: str | Filler, link_mode: str | None) -> Steps:
    """Return what *installer* tries in *link_mode*, one after the other.

    Raises `LinkcheckError` for an installer or a mode that is not in the table.
    """
    name, version = _identify(installer)
    if name not in TABLE:
        raise LinkcheckError(
            f"what {show_name(name)} should share is not known here: the table of expectations "
            f"has {', '.join(TABLE)}"
        )
    modes = next(modes for since, modes in TABLE[name] if version is None or version >= since)
    if link_mode == "reflink":  # uv's other name for it
        link_mode = "clone"
    if link_mode not in modes:
        known = ", ".join(mode for mode in modes if mode)
        raise LinkcheckError(f"{name} has no link mode {show_name(link_mode)}: it has {known}")
    return modes[link_mode]


def expect(installer: str | Filler, link_mode: str | None, pair: Pair) -> Sharing:
    """Return the sharing of the first step that works between the two folders of *pair*.

    Raises `LinkcheckError` where a step's outcome cannot be told: nothing is guessed.
    """
    for step in steps_of(installer, link_mode):
        ability, sharing = _outcome(step, pair)
        if ability.can is Can.UNKNOWN:
            raise LinkcheckError(
                f"what {step.value} would do from {show_name(pair.source)} to "
                f"{show_name(pair.target)} cannot be told: {ability.reason}"
            )
        if ability:
            return sharing
    raise AssertionError("the last step always works")


def _outcome(step: Step, pair: Pair) -> tuple[Ability, Sharing]:
    match step:
        case Step.CLONE:
            return pair.reflink, Sharing.REFLINK
        case Step.LINK:
            return pair.hardlink, Sharing.HARDLINK
        case Step.SYMLINK:
            return pair.symlink, Sharing.SYMLINK
        case Step.COPY if pair.reflink.can is not Can.NO:
            return pair.reflink, Sharing.REFLINK
        case Step.COPY | Step.WRITE:
            return YES, Sharing.COPY


def _identify(installer: str | Filler) -> tuple[str, Version | None]:
    """Return the name and version of *installer*; a name alone means its newest version."""
    if not isinstance(installer, str):
        return installer.name, installer.version
    try:
        requirement = Requirement(installer)
    except InvalidRequirement:
        raise LinkcheckError(
            f"{show_name(installer)!r} is no installer: write uv or uv==0.10.4"
        ) from None
    versions = [Version(one.version) for one in requirement.specifier if one.operator == "=="]
    if requirement.specifier and not versions:
        raise LinkcheckError(f"{show_name(installer)!r}: one version is expected, as uv==0.10.4")
    return requirement.name, versions[0] if versions else None
