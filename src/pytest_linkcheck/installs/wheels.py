"""Finding the wheels that requirements ask for, for installers that resolve nothing themselves."""

import zipfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from email.parser import HeaderParser
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.tags import sys_tags
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import Version

from pytest_linkcheck.errors import LinkcheckError, hides_traceback
from pytest_linkcheck.links.show import show_name

__tracebackhide__ = hides_traceback


@dataclass(slots=True)
class _Chosen:
    """The wheel for a name, and the extras (PEP 508) of which what they need was looked for."""

    path: Path
    extras: set[str] = field(default_factory=set)


def find_wheels(requirements: Iterable[str], folders: Sequence[Path]) -> list[Path]:
    """Return the wheels that *requirements* and all they need ask for: the newest in *folders*.

    A requirement is a name with extras and a version or without, or the path of a wheel. Nothing
    is resolved: the first wheel chosen for a name stays.

    Raises `LinkcheckError` if there is no such wheel, or if the one that stays does not fit.
    """
    found: dict[str, _Chosen] = {}
    # With the extras of what needs it: they say which of its requirements count.
    pending = [(text, {""}) for text in requirements]
    while pending:
        text, asked = pending.pop(0)
        extras = {""}
        if text.endswith(".whl"):
            path = Path(text)
            name = canonicalize_name(path.name.partition("-")[0])
            one = found.setdefault(name, _Chosen(path))
            if one.path != path:
                raise _contradiction(text, one.path)
        else:
            requirement = _parse(text)
            marker = requirement.marker
            if marker and not any(marker.evaluate({"extra": extra}) for extra in asked):
                continue
            name = canonicalize_name(requirement.name)
            if name not in found:
                found[name] = _Chosen(_search(requirement, folders))
            one = found[name]
            if not _fits(requirement, one.path):
                raise _contradiction(text, one.path)
            extras |= requirement.extras
        if new := extras - one.extras:
            one.extras |= new
            pending += [(needed, new) for needed in _requires(one.path)]
    return [one.path for one in found.values()]


def _parse(text: str) -> Requirement:
    try:
        return Requirement(text)
    except InvalidRequirement:
        raise LinkcheckError(f"{show_name(text)!r} is no requirement (PEP 508)") from None


def _search(requirement: Requirement, folders: Sequence[Path]) -> Path:
    """Return the newest wheel that fits *requirement* and this Python."""
    name, supported = canonicalize_name(requirement.name), set(sys_tags())
    fitting: list[tuple[Version, Path]] = []
    for path in (path for folder in folders for path in sorted(folder.glob("*.whl"))):
        try:
            wheel_name, version, _, tags = parse_wheel_filename(path.name)
        except InvalidWheelFilename:
            continue
        if wheel_name == name and _fits(requirement, path) and not tags.isdisjoint(supported):
            fitting.append((version, path))
    if not fitting:
        where = ", ".join(show_name(folder) for folder in folders) or "no folder of wheels"
        raise LinkcheckError(
            f"no wheel of {show_name(requirement)} is in {where}: build one with "
            "wheelhouse.build(), or name an installer that fetches packages itself"
        )
    return max(fitting)[1]


def _fits(requirement: Requirement, wheel: Path) -> bool:
    """Return whether *wheel*, of this name, has a version that *requirement* allows."""
    try:
        _, version, _, _ = parse_wheel_filename(wheel.name)
    except InvalidWheelFilename:  # named by its path: nothing is known of its version
        return not requirement.specifier
    return requirement.specifier.contains(version, prereleases=True)


def _contradiction(text: str, chosen: Path) -> LinkcheckError:
    return LinkcheckError(
        f"{show_name(text)} is asked for, but {show_name(chosen.name)} was chosen before: ask for "
        "one that suits all, or name an installer that resolves requirements"
    )


def _requires(wheel: Path) -> list[str]:
    """Return what the METADATA of *wheel* requires."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            metadata = next(
                name for name in archive.namelist() if name.endswith(".dist-info/METADATA")
            )
            text = archive.read(metadata).decode("utf-8", "replace")
    except (OSError, zipfile.BadZipFile, zlib.error, StopIteration) as error:
        told = str(error) or "it has no METADATA"
        raise LinkcheckError(f"{show_name(wheel)} cannot be read as a wheel: {told}") from None
    headers = HeaderParser().parsestr(text)
    return [str(line) for line in headers.get_all("Requires-Dist", [])]
