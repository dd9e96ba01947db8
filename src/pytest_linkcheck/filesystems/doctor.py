"""What this machine can test, and what would unlock the rest."""

import json
import os
import platform
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.links.show import show_device, show_name, show_size

from .capabilities import Capabilities
from .filesystem import Filesystem
from .places import ALL, Kind, Place
from .provider import Filesystems

_PLACES = ("default", *ALL, "overlay(btrfs)", "readonly", "full", "ext2", "nolink")
_COLUMNS = {
    "hardlink": "hard link",
    "symlink": "symlink",
    "reflink": "reflink",
    "extents": "extents",
    "true_inodes": "inodes",
    "birth_time": "birth",
    "case_sensitive": "case",
    "keeps_unicode": "unicode",
}
_LEGEND = (
    "extents: where the bytes of a file lie can be asked · inodes: a folder tells the true "
    "numbers\nbirth: files have a birth time · case: A and a are two files · unicode: names keep "
    "their normal form"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One place or path, with what it can do, or with the reason why it is not to be had."""

    name: str
    filesystem: Filesystem | None = None
    capabilities: Capabilities | None = None
    problem: str = ""


def doctor(paths: Sequence[str | os.PathLike[str]], *, as_json: bool) -> str:
    """Return a table of all places on this machine and of the folders *paths*, or JSON.

    Makes each filesystem for a moment, and a few files in each folder, which are removed.
    """
    with tempfile.TemporaryDirectory(prefix="linkcheck-doctor-") as scratch:
        filesystems = Filesystems(Path(scratch))
        try:
            findings = [_look(filesystems, name) for name in _PLACES]
            findings += [_look_at_path(filesystems, os.fspath(path)) for path in paths]
            return _as_json(findings) if as_json else _as_table(findings)
        finally:
            filesystems.close()


def _look(filesystems: Filesystems, name: str) -> Finding:
    try:
        made = filesystems.get(name)
        return Finding(name, made, made.capabilities())
    except LinkcheckError as error:
        return Finding(name, problem=str(error))


def _look_at_path(filesystems: Filesystems, path: str) -> Finding:
    try:
        # By its whole path: `ext4` alone would be the name of a place.
        whole = Path(path).expanduser().absolute()
        made = filesystems.get(Place(Kind.OWN, str(whole), path=whole))
        return Finding(path, made, made.capabilities())
    except LinkcheckError as error:
        return Finding(path, problem=str(error))


def _as_table(findings: Sequence[Finding]) -> str:
    ready = [finding for finding in findings if finding.filesystem]
    rows = [("place", "type", "device", *_COLUMNS.values(), "free"), *map(_row, ready)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    lines += [_LEGEND]
    missing = [finding for finding in findings if not finding.filesystem]
    if missing:
        lines += ["", "not to be had here:"]
        lines += [f"  {_tell(finding)}" for finding in missing]
    return "\n".join([f"{platform.system()} {platform.release()}", *lines])


def _tell(finding: Finding) -> str:
    name = show_name(finding.name)
    return finding.problem if finding.problem.startswith(name) else f"{name}: {finding.problem}"


def _row(finding: Finding) -> tuple[str, ...]:
    made, told = finding.filesystem, finding.capabilities
    if made is None or told is None:
        raise ValueError(finding)
    answers = {name: ability.can.value for name, ability in told.items()}
    return (
        show_name(finding.name),
        show_name(made.type),
        show_device(made.mount.device),
        *(answers[name] for name in _COLUMNS),
        show_size(made.free),
    )


def _as_json(findings: Sequence[Finding]) -> str:
    places = [dict(_fields(finding)) for finding in findings]
    told = {"system": platform.system(), "kernel": platform.release(), "places": places}
    return json.dumps(told, indent=2)


def _fields(finding: Finding) -> Iterator[tuple[str, object]]:
    yield "name", show_name(finding.name)
    yield "available", finding.filesystem is not None
    yield "problem", finding.problem
    if made := finding.filesystem:
        yield "type", made.type
        yield "device", show_device(made.mount.device)
        yield "size", made.size
        yield "free", made.free
        yield "options", made.options
    if told := finding.capabilities:
        yield (
            "capabilities",
            {name: {"can": one.can.value, "reason": one.reason} for name, one in told.items()},
        )
