"""Which sharing should come out: installer, link mode, and what the filesystems can do.

The one place that says so. What each installer tries, in this order, is known from its source
and checked by tests against real runs; what the filesystems can do is probed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import Version

from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.installs import Role
from pytest_linkcheck.installs.installers.promise import OWN_ROLES, WHEEL_ROLES, Promise
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
    CLONE_IN_VAIN = "FICLONE (in vain)"  # wrongly, so that it fails everywhere
    LINK = "link()"
    SYMLINK = "symlink()"
    COPY = "copy_file_range()"  # shares blocks where the filesystem can
    WRITE = "read() and write()"


Steps = tuple[Step, ...]
Modes = Mapping[str | None, Steps]  # `None` is the installer's own choice

_C, _VAIN, _L, _S, _COPY, _W = Step
_UV_0_10_5: Modes = {
    None: (_C, _L, _COPY),
    "clone": (_C, _L, _COPY),
    "hardlink": (_L, _COPY),
    "copy": (_COPY,),
    "symlink": (_S, _COPY),
}
_UV_0_4_16: Modes = {**_UV_0_10_5, None: (_L, _COPY), "clone": (_C, _COPY)}
_UV: Modes = {**_UV_0_4_16, "clone": (_VAIN, _COPY)}
_ALWAYS_WRITES: Modes = {None: (_W,), "copy": (_W,)}
_PDM: Modes = {**_ALWAYS_WRITES, "symlink": (_S,), "hardlink": (_L,)}  # it fails where it cannot
_VIRTUALENV: Modes = {**_ALWAYS_WRITES, "symlink": (_S,)}

# For each installer the modes it has from a version on, newest first. docs/uv-history.md shows
# what was measured of uv.
TABLE: Mapping[str, tuple[tuple[Version, Modes], ...]] = {
    "uv": (
        (Version("0.10.5"), _UV_0_10_5),
        (Version("0.4.16"), _UV_0_4_16),
        (Version("0"), _UV),
    ),
    "pip": ((Version("0"), _ALWAYS_WRITES),),
    "pdm": ((Version("0"), _PDM),),
    "installer": ((Version("0"), _ALWAYS_WRITES),),
    "virtualenv": ((Version("0"), _VIRTUALENV),),
}
# The oldest and the newest that the tests, or docs/uv_history.py, have run.
MEASURED: Mapping[str, tuple[Version, Version]] = {
    "uv": (Version("0.4.0"), Version("0.13.9")),
    "pip": (Version("21.3.1"), Version("26.3")),
    "pdm": (Version("2.29.3"), Version("2.29.3")),
    "installer": (Version("1.1.0"), Version("1.1.0")),
    "virtualenv": (Version("21.15.8"), Version("21.15.8")),
}
_WARNS = {"uv": "falling back to full copy"}


@dataclass(frozen=True, slots=True)
class Expectation:
    """How files should be shared, with what else shows it.

    Attributes:
        sharing: by two environments, and by each with the cache; `None`: the install fails.
        warning: words of the warning that the installer gives; empty: it gives none.
        assumed: a sentence if the version is none that was measured; else empty.
    """

    sharing: Sharing | None
    warning: str = ""
    assumed: str = ""

    def links(self, environments: int) -> int | None:
        """Return the link count of a file in so many environments; `None` where none is said."""
        match self.sharing:
            case None:
                return None
            case Sharing.HARDLINK:
                return environments + 1  # the cache has it too
            case _:
                return 1


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

    Raises `LinkcheckError` where a step's outcome cannot be told: nothing is guessed; and where
    none works, so that the install fails.
    """
    return need_sharing(expectation(installer, link_mode, pair), installer, link_mode, pair)


def need_sharing(
    told: Expectation, installer: str | Filler, link_mode: str | None, pair: Pair
) -> Sharing:
    """Return the sharing of *told*; raises `LinkcheckError` if the install should fail."""
    if told.sharing is None:
        name, _ = _identify(installer)
        raise LinkcheckError(
            f"nothing is shared from {show_name(pair.source)} to {show_name(pair.target)}: "
            f"{name} fails there, it has no other way in link mode {show_name(link_mode)}"
        )
    return told.sharing


def expectation(
    installer: str | Filler,
    link_mode: str | None,
    pair: Pair,
    role: Role = Role.PAYLOAD,
) -> Expectation:
    """Return what should come of files of *role*, between the two folders of *pair*.

    Raises `LinkcheckError` where that cannot be told: nothing is guessed.
    """
    name, _ = _identify(installer)
    found = _first_that_works(installer, link_mode, pair)
    promise = getattr(installer, "promise", None)
    told = promise(link_mode) if promise else Promise(linked=WHEEL_ROLES, own=OWN_ROLES)
    if role in told.linked or role is Role.PAYLOAD or found.sharing is None:
        return found
    if role in told.own:
        return Expectation(Sharing.COPY, found.warning, found.assumed)
    raise LinkcheckError(
        f"what {name} should share of files that are {role.value} cannot be told: of some it "
        "does, of others it does not"
    )


def _first_that_works(installer: str | Filler, link_mode: str | None, pair: Pair) -> Expectation:
    name, version = _identify(installer)
    steps = steps_of(installer, link_mode)
    as_told = assumed(name, str(version) if version else None)
    for number, step in enumerate(steps):
        ability, sharing = _outcome(step, pair)
        if ability.can is Can.UNKNOWN:
            raise LinkcheckError(
                f"what {step.value} would do from {show_name(pair.source)} to "
                f"{show_name(pair.target)} cannot be told: {ability.reason}"
            )
        if ability:
            fell_back = number > 0 and step is Step.COPY
            return Expectation(sharing, _WARNS.get(name, "") if fell_back else "", as_told)
    return Expectation(None, assumed=as_told)


def assumed(name: str, version: str | None) -> str:
    """Return a sentence if *version* of the installer *name* is not between those measured.

    Empty for an installer that is not in the table: of that nothing is assumed.
    """
    if version is None or name not in MEASURED:
        return ""
    oldest, newest = MEASURED[name]
    if oldest <= Version(version) <= newest:
        return ""
    if Version(version) > newest:
        return (
            f"{name} {version} is newer than {newest}, the newest that was measured: it is "
            "assumed to do the same"
        )
    return (
        f"{name} {version} is older than {oldest}, the oldest that was measured: it is assumed to "
        "do the same"
    )


def _outcome(step: Step, pair: Pair) -> tuple[Ability, Sharing]:
    match step:
        case Step.CLONE:
            return pair.reflink, Sharing.REFLINK
        case Step.CLONE_IN_VAIN:
            return Ability(Can.NO, "tried wrongly"), Sharing.REFLINK
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
