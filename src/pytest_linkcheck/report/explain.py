"""`pytest-linkcheck explain`: all that can be said of one path, or of two, read only."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pytest_linkcheck.audit.uv_cache import find_uv_cache
from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.installs.owner import Owner, find_owner
from pytest_linkcheck.links import (
    Boundary,
    ExtentMap,
    Facts,
    Kind,
    Mount,
    Resolution,
    Verdict,
    compare,
    explain_boundary,
    mount_of,
    probe_boundary,
    read_extents,
    read_facts,
    read_mounts,
    resolve,
)
from pytest_linkcheck.links.content import open_unchanged
from pytest_linkcheck.links.show import show_count, show_home, show_name, show_size
from pytest_linkcheck.links.topology import Company, shared_with

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class PathReport:
    """What was found of one path. `extents` or `no_extents`, which says why there are none."""

    resolution: Resolution
    facts: Facts
    mount: Mount | None
    owner: Owner | None
    extents: ExtentMap | None
    no_extents: str
    company: Company | None
    roots: tuple[Path, ...]

    def lines(self) -> Iterator[str]:
        """Yield the report as text."""
        facts = self.facts
        yield show_name(self.resolution.steps[0])
        for step, target in zip(self.resolution.steps, self.resolution.steps[1:], strict=False):
            yield f"  symlink    {show_name(step)} -> {show_name(target)}"
        yield f"  file       {facts.kind.value}, mode {facts.mode:04o}, {show_size(facts.size)}"
        yield f"  identity   {facts.identity}, {show_count(facts.links, 'link')}"
        born = _show_time(facts.birth_ns) if facts.birth_ns is not None else "not told"
        yield f"  times      modified {_show_time(facts.mtime_ns)}, born {born}"
        yield f"  mount      {self.mount or 'cannot be told'}"
        if facts.kind is Kind.FILE:
            yield f"  extents    {self.extents or self.no_extents}"
        yield from self._names()
        yield from self._owner()

    def _names(self) -> Iterator[str]:
        if self.company is None:
            return
        inode = self.company.inode
        searched = ", ".join(show_home(root) for root in self.roots)
        yield f"  names      {inode} ({searched or 'nowhere searched: give --root DIR'})"
        yield from (f"    {show_name(name)}" for name in inode.names[:_SHOWN])
        if len(inode.names) > _SHOWN:
            yield f"    and {len(inode.names) - _SHOWN} more"
        for partner in self.company.partners[:_SHOWN]:
            least = "at least " if partner.at_least else ""
            name = show_name(partner.inode.names[0])
            yield f"  in common  {least}{show_size(partner.common)} with {name}"
        if self.company.unseen:
            yield f"  in common  {show_size(self.company.unseen)} with something not searched"

    def _owner(self) -> Iterator[str]:
        if self.owner is None:
            return
        where = show_name(self.owner.layout.prefix)
        dist, file = self.owner.distribution, self.owner.file
        if dist is None:
            yield f"  owner      no distribution of the environment {where}"
            return
        role = file.role.value if file else "bytecode"
        by = f", installed by {show_name(dist.installer)}" if dist.installer else ""
        yield f"  owner      {show_name(str(dist))} ({role}) in {where}{by}"

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain types."""
        facts, company, owner = self.facts, self.company, self.owner
        return {
            "path": show_name(self.resolution.steps[0]),
            "symlinks": [show_name(step) for step in self.resolution.steps[1:]],
            "kind": facts.kind.value,
            "device": [os.major(facts.identity.device), os.minor(facts.identity.device)],
            "inode": facts.identity.inode,
            "links": facts.links,
            "mode": facts.mode,
            "size": facts.size,
            "allocated": facts.allocated,
            "mtime_ns": facts.mtime_ns,
            "ctime_ns": facts.ctime_ns,
            "birth_ns": facts.birth_ns,
            "mount": _mount_to_json(self.mount),
            "extents": _extents_to_json(self.extents),
            "no_extents": self.no_extents or None,
            "searched": [show_name(root) for root in self.roots],
            "names": [show_name(name) for name in company.inode.names] if company else None,
            "links_elsewhere": company.inode.elsewhere if company else None,
            "environment": show_name(owner.layout.prefix) if owner else None,
            "distribution": show_name(str(owner.distribution))
            if owner and owner.distribution
            else None,
            "role": owner.file.role.value if owner and owner.file else None,
        }


@dataclass(frozen=True, slots=True)
class PairReport:
    """What was found of two paths. Without a `boundary` nothing was tried between their folders."""

    verdict: Verdict
    between: str
    boundary: Boundary | None

    def lines(self) -> Iterator[str]:
        """Yield the report as text."""
        yield from self.verdict.explain().split("\n")
        if self.boundary is not None:
            yield f"between their folders: {self.boundary}"
        else:
            yield f"between their folders: {self.between} (by the mounts; --probe really tries)"

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain types."""
        verdict, boundary = self.verdict, self.boundary
        return {
            "sharing": verdict.sharing.value,
            "reason": verdict.reason,
            "content": verdict.content.value,
            "shared_bytes": verdict.shared_bytes,
            "total_bytes": verdict.total_bytes,
            "between": self.between,
            "hard_links": boundary.linkable.value if boundary else None,
        }


def explain_path(path: str, roots: Sequence[Path]) -> PathReport:
    """Return what can be said of *path*; its other names are looked for under *roots*.

    Without roots they are looked for in the environment the file lies in, and in uv's cache.
    Raises `LinkcheckError` if it leads nowhere.
    """
    found = resolve(path)
    if found.facts is None:
        raise LinkcheckError(found.problem)
    facts = found.facts
    owner = find_owner(path)
    searched = tuple(roots) or tuple(_default_roots(owner))
    extents, no_extents, company = None, "", None
    if facts.kind is Kind.FILE:
        extents, no_extents = _read_extents(facts)
        company = shared_with(facts.path, searched)
    mount = mount_of(facts, read_mounts())
    return PathReport(found, facts, mount, owner, extents, no_extents, company, searched)


def explain_pair(a: str, b: str, *, probe: bool) -> PairReport:
    """Return what can be said of the paths *a* and *b*; with *probe* a link is really tried.

    Raises `LinkcheckError` if one leads nowhere.
    """
    for path in (a, b):
        if (problem := resolve(path).problem) and not os.path.lexists(path):
            raise LinkcheckError(problem)
    folders = [os.path.realpath(os.path.dirname(os.path.abspath(path))) for path in (a, b)]  # noqa: PTH100, PTH120
    one, two = (read_facts(folder) for folder in folders)
    _, between = explain_boundary(one, two, read_mounts())
    boundary = probe_boundary(*folders) if probe else None
    return PairReport(compare(a, b, content=True), between, boundary)


def _default_roots(owner: Owner | None) -> Iterator[Path]:
    if owner is not None:
        yield owner.layout.prefix
        cache = find_uv_cache(owner.layout.prefix.parent)
        if cache.exists:
            yield cache.path


def _read_extents(facts: Facts) -> tuple[ExtentMap | None, str]:
    try:
        with open_unchanged(facts) as descriptor:
            return read_extents(descriptor), ""
    except OSError as error:
        return None, f"cannot be told: {error.strerror}"


def _show_time(nanoseconds: int) -> str:
    moment = datetime.fromtimestamp(nanoseconds / 1e9, tz=UTC)
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")


def _mount_to_json(mount: Mount | None) -> dict[str, Any] | None:
    if mount is None:
        return None
    return {
        "type": mount.type,
        "device": [os.major(mount.device), os.minor(mount.device)],
        "point": show_name(mount.point),
        "root": show_name(mount.root),
        "source": show_name(mount.source),
        "read_only": mount.read_only,
    }


def _extents_to_json(extents: ExtentMap | None) -> list[dict[str, Any]] | None:
    if extents is None:
        return None
    return [
        {
            "logical": extent.logical,
            "physical": extent.physical,
            "length": extent.length,
            "flags": [flag.name for flag in type(extent.flags) if flag in extent.flags],
        }
        for extent in extents.extents
    ]
