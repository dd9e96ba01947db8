"""Finding the wheels that requirements ask for, for installers that resolve nothing themselves."""

import zipfile
from collections.abc import Iterable, Iterator, Sequence
from email.parser import HeaderParser
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.tags import sys_tags
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from pytest_linkcheck.errors import LinkcheckError, hides_traceback
from pytest_linkcheck.links.show import show_name

__tracebackhide__ = hides_traceback


def find_wheels(requirements: Iterable[str], folders: Sequence[Path]) -> list[Path]:
    """Return the wheels that *requirements* and all they need ask for: the newest in *folders*.

    A requirement is a name with a version or without, or the path of a wheel. Nothing is
    resolved: the first wheel chosen for a name stays.

    Raises `LinkcheckError` if there is no such wheel.
    """
    found: dict[str, Path] = {}
    pending = list(requirements)
    while pending:
        text = pending.pop(0)
        wheel = Path(text) if text.endswith(".whl") else _search(text, folders, found)
        if wheel is not None:
            found[canonicalize_name(wheel.name.partition("-")[0])] = wheel
            pending += _requires(wheel)
    return list(found.values())


def _search(text: str, folders: Sequence[Path], found: dict[str, Path]) -> Path | None:
    """Return the newest wheel that fits *text*, `None` if one of that name is chosen already."""
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        raise LinkcheckError(f"{show_name(text)!r} is no requirement (PEP 508)") from None
    name = canonicalize_name(requirement.name)
    if name in found or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
        return None
    supported = set(sys_tags())
    fitting = [
        (version, path)
        for path in _wheels(folders)
        for wheel_name, version, _, tags in [_parse(path)]
        if wheel_name == name and requirement.specifier.contains(version, prereleases=True)
        if not tags.isdisjoint(supported)
    ]
    if not fitting:
        where = ", ".join(show_name(folder) for folder in folders) or "no folder of wheels"
        raise LinkcheckError(
            f"no wheel of {show_name(text)} is in {where}: build one with wheelhouse.build(), or "
            "name an installer that fetches packages itself"
        )
    return max(fitting)[1]


def _wheels(folders: Sequence[Path]) -> Iterator[Path]:
    for folder in folders:
        for path in sorted(folder.glob("*.whl")):
            try:
                parse_wheel_filename(path.name)
            except InvalidWheelFilename:
                continue
            yield path


def _parse(path: Path):  # type: ignore[no-untyped-def]  # noqa: ANN202
    return parse_wheel_filename(path.name)


def _requires(wheel: Path) -> list[str]:
    """Return what the METADATA of *wheel* requires."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            metadata = next(
                name for name in archive.namelist() if name.endswith(".dist-info/METADATA")
            )
            text = archive.read(metadata).decode("utf-8", "replace")
    except (OSError, zipfile.BadZipFile, StopIteration) as error:
        raise LinkcheckError(f"{show_name(wheel)} cannot be read as a wheel: {error}") from None
    headers = HeaderParser().parsestr(text)
    return [str(line) for line in headers.get_all("Requires-Dist", [])]
