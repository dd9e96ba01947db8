"""Measure what uv shared, version by version, and write the table of it.

    sudo .venv/bin/python docs/uv_history.py [VERSION ... | --show]

Needs a package index, and root for btrfs. What was measured before, in `uv-history.json`, is kept;
the versions named (by default: the last of each minor release, and those on both sides of a change)
are measured anew, none with `--show`. Then `uv-history.md` is written: neighbours that behave alike
are one line.
"""

import argparse
import json
import tempfile
from collections import Counter
from itertools import groupby, pairwise
from pathlib import Path

from packaging.version import Version

from pytest_linkcheck import Environment, Role, Wheel, Wheelhouse, compare
from pytest_linkcheck.filesystems import Filesystem, Filesystems
from pytest_linkcheck.installs import InstallError, Toolbox, Venvs
from pytest_linkcheck.links import read_facts

HERE = Path(__file__).parent
DATA = HERE / "uv-history.json"
TABLE = HERE / "uv-history.md"
VERSIONS = (
    "0.4.0", "0.4.15", "0.4.16", "0.4.30", "0.5.31", "0.6.17", "0.7.22", "0.8.24", "0.9.30",
    "0.10.4", "0.10.5", "0.10.12", "0.11.33", "0.12.24", "0.13.9",
)  # fmt: skip
PLACES = (("ext4", "ext4"), ("btrfs", "btrfs"), ("btrfs", "ext4"))  # cache, environment
ROLES = ("payload", "metadata", "data", "executable script")
COLUMNS = ("link mode", "versions", *ROLES, "links", "warning")
MODES = (None, "clone", "hardlink", "copy", "symlink")
INTRODUCTION = """\
# What uv shared, version by version

Measured by [`uv_history.py`](uv_history.py) on Linux, {count} releases from {first} to {last}: two
environments filled with the sample wheel from one cache. Each cell says how the second shares its
files with the first; `links` is the link count of the payload. Neighbours that behave alike are one
line: the versions named in a line are those that were measured, and `to` leaves out those between.
Empty files, and those that btrfs keeps inline, have no blocks that could be shared or not: they are
left out where others are there, else the cell says `inline`. RECORD, INSTALLER, REQUESTED and the
scripts that uv writes: {own}.
"""

Measured = dict[str, object]


def main() -> None:
    """Measure, and write both files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("versions", nargs="*", default=VERSIONS)
    parser.add_argument("--show", action="store_true", help="measure nothing, write the table")
    args = parser.parse_args()
    known = json.loads(DATA.read_text()) if DATA.exists() else {}
    with tempfile.TemporaryDirectory(prefix="uv-history-") as folder:
        filesystems = Filesystems(Path(folder))
        try:
            for version in () if args.show else args.versions:
                known[version] = measure(version, Path(folder), filesystems)
                print(version, flush=True)  # noqa: T201 - it takes minutes
        finally:
            filesystems.close()
    ordered = dict(sorted(known.items(), key=lambda item: Version(item[0])))
    DATA.write_text(json.dumps(ordered, indent=1) + "\n")
    TABLE.write_text(show(ordered))


def measure(version: str, folder: Path, filesystems: Filesystems) -> dict[str, Measured]:
    """Return what uv *version* does at each place in each link mode."""
    toolbox = Toolbox([], folder / "run")
    wheel = Wheelhouse(folder / "wheels").sample
    found = {}
    for cache_at, at in PLACES:
        for mode in MODES:
            venvs = Venvs(toolbox, folder / "venvs")
            where = filesystems.get(at)
            cache = filesystems.get(cache_at).folder("cache")
            found[f"{cache_at} to {at}, {mode or 'default'}"] = _measure_one(
                venvs, version, wheel, where, cache, mode
            )
    return found


def _measure_one(  # noqa: PLR0913, PLR0917 - the dimensions of the table
    venvs: Venvs, version: str, wheel: Wheel, at: Filesystem, cache: Path, mode: str | None
) -> Measured:
    try:
        one, two = (
            venvs.create(f"uv=={version}", wheel, link_mode=mode, at=at, cache_at=cache)
            for _ in range(2)
        )
    except InstallError as error:
        return {"failed": str(error).splitlines()[-2]}
    sharing: dict[str, Counter[str]] = {}
    counts = set()
    for file in one["sample"].files:
        verdict = compare(file.path, two.prefix / file.path.relative_to(one.prefix))
        sharing.setdefault(_class(file.role, file.name), Counter())[verdict.sharing.value] += 1
        if file.role is Role.PAYLOAD:
            counts.add(read_facts(file.path).links)
    return {
        **{role: dict(sorted(found.items())) for role, found in sorted(sharing.items())},
        "links": sorted(counts),
        "warnings": _warnings(one),
    }


def _class(role: Role, name: str) -> str:
    """Return the role of a file; of scripts, whether it could be linked as it is in the wheel."""
    if role is Role.SCRIPT and name.endswith("sample-executable"):
        return "executable script"
    return role.value


def _warnings(environment: Environment) -> list[str]:
    return list(environment.log.warnings)


def show(known: dict[str, dict[str, Measured]]) -> str:
    """Return the table."""
    versions = list(known)
    linked = sorted({
        f"{version} ({key})"
        for version, measured in known.items()
        for key, found in measured.items()
        for role in ("generated", "script")
        if {"hardlink", "symlink", "reflink"} & set(found.get(role, ()))  # type: ignore[call-overload]
    })  # fmt: skip
    own = f"shared in {', '.join(linked)}" if linked else "nobody else's in any of them"
    parts = [
        INTRODUCTION.format(count=len(versions), first=versions[0], last=versions[-1], own=own),
    ]
    parts += ["## What changed when\n", *_changes(known), ""]
    for cache_at, at in PLACES:
        place = f"{cache_at} to {at}"
        title = f"Cache and environment on {at}" if cache_at == at else (
            f"Cache on {cache_at}, environment on {at}"
        )  # fmt: skip
        parts += [
            f"## {title}\n",
            f"| {' | '.join(COLUMNS)} |",
            f"|{'---|' * len(COLUMNS)}",
        ]
        for mode in MODES:
            key = f"{place}, {mode or 'default'}"
            rows = [(version, known[version][key]) for version in versions]
            for cells, group in groupby(rows, key=lambda row: _cells(row[1])):
                names = [version for version, _ in group]
                span = names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
                parts.append(f"| {mode or 'default'} | {span} | {' | '.join(cells)} |")
        parts.append("")
    return "\n".join(parts)


def _changes(known: dict[str, dict[str, Measured]]) -> list[str]:
    """Return a line for each version that did something else than the one measured before it."""
    lines = []
    for (older, before), (newer, after) in pairwise(known.items()):
        changed = [
            f"{key}: {_brief(before[key])} became {_brief(after[key])}"
            for key in after
            if _cells(before[key]) != _cells(after[key])
        ]
        lines += [f"- **{newer}** (after {older}), {change}" for change in changed]
    return lines


def _brief(measured: Measured) -> str:
    cells = _cells(measured)
    return f"{cells[0]} with a warning" if cells[-1] else cells[0]


def _cells(measured: Measured) -> tuple[str, ...]:
    if "failed" in measured:
        return ("fails", *[""] * len(ROLES), str(measured["failed"]))
    cells = [_cell(measured[role]) for role in ROLES]  # type: ignore[arg-type]
    warnings = "; ".join(measured["warnings"])  # type: ignore[arg-type]
    return (*cells, ", ".join(map(str, measured["links"])), warnings)  # type: ignore[call-overload]


def _cell(found: dict[str, int]) -> str:
    return ", ".join(name for name in found if name != "unknown") or "inline"


if __name__ == "__main__":
    main()
