"""How environments and their caches hang together, as a text that is the same on every machine.

It holds roles, counts and who shares with whom; no inode numbers, no sizes, no paths of a host.
Names of files stand only where they are the exception in their role.

Between filesystems with reflinks it does not vary either: btrfs keeps small files among metadata,
where it cannot be told whether a block is shared, and xfs does not. So of files of up to 4,096
bytes on any of them only names are told, not blocks; nor is told who outside of the given
environments shares a block, as xfs knows that for each block and btrfs does not. On overlay, whose
link counts are not exact, only the names that are found are counted.
"""

import os
import re
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_linkcheck.audit.context import NEVER_REFLINK
from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.installs import (
    Distribution,
    Environment,
    Layout,
    Role,
    find_layout,
    read_distributions,
)
from pytest_linkcheck.linked import parse_role
from pytest_linkcheck.links import (
    Sharing,
    Topology,
    compare,
    measure,
    mount_of,
    read_facts,
    read_mounts,
)
from pytest_linkcheck.links.account import Inode
from pytest_linkcheck.links.show import show_count, show_name

FIRST_LINE = "linkcheck snapshot 1"
AnyEnvironment = Environment | str | os.PathLike[str]
# btrfs keeps no file inline that is larger than a sector (btrfs(5), max_inline).
_SMALL = 4096
_TOO_SMALL = "own inode (too small to tell of blocks)"
_OWN = "own"
_NAMES_SHOWN = 20
_PYTHON = re.compile(r"(?<=python)3\.\d+|(?<=cpython-)\d+[^./]*")


@dataclass(frozen=True, slots=True)
class _Subject:
    """One environment: what it is called, how it was made, and the cache it was filled from."""

    label: str
    heading: str
    layout: Layout
    cache: Path | None


def describe(
    environments: Sequence[AnyEnvironment],
    *,
    versions: bool = True,
    roles: Iterable[Role | str] | None = None,
) -> str:
    """Return how the files of *environments*, and those of their caches, are shared.

    Without *versions* those of the distributions are left out; *roles* are the ones to tell of,
    `None` for all. Raises `LinkcheckError` for no environment, for one that is none or given
    twice, and for a role that is none.
    """
    wanted = set(Role) if roles is None else {parse_role(role) for role in roles}
    if not environments:
        raise LinkcheckError("no environment to take a snapshot of: give one or more")
    subjects = [_subject(number, one) for number, one in enumerate(environments, 1)]
    prefixes = [os.path.realpath(subject.layout.prefix) for subject in subjects]
    if len(set(prefixes)) < len(prefixes):
        raise LinkcheckError("one environment is given twice: it says nothing of links")
    return "\n".join(_Description(subjects, wanted, versions=versions).lines()) + "\n"


def _subject(number: int, environment: AnyEnvironment) -> _Subject:
    if not isinstance(environment, Environment):
        label = f"environment-{number}"
        return _Subject(label, label, find_layout(environment), None)
    name = environment.installer.name
    label = f"{name}-{number}"
    mode = environment.link_mode
    heading = f"{label}: {name}, link mode {mode}" if mode else f"{label}: {name}"
    source = environment.link_source
    cache = source if source is not None and source.is_dir() else None
    return _Subject(label, heading, environment.layout, cache)


class _Description:
    def __init__(self, subjects: Sequence[_Subject], roles: set[Role], *, versions: bool) -> None:
        self._subjects = subjects
        self._roles = roles
        self._versions = versions
        self._roots = {subject.layout.prefix: subject.label for subject in subjects}
        caches = {subject.cache: subject.label for subject in reversed(subjects) if subject.cache}
        for cache, label in caches.items():
            self._roots[cache] = "cache" if len(caches) == 1 else f"cache of {label}"
        # The deepest first: a cache may lie in an environment, or the other way round.
        self._deepest = sorted(self._roots, key=lambda root: -len(root.parts))
        self._topology: Topology = measure(*self._roots)
        self._mounts = read_mounts()
        self._own_blocks: dict[int, bool] = {}

    def lines(self) -> Iterator[str]:
        yield FIRST_LINE
        yield ""
        yield from (subject.heading for subject in self._subjects)
        if self._topology.problems:
            raise LinkcheckError(f"no snapshot: cannot read {self._topology.problems[0]}")
        told: dict[tuple[str, ...], list[str]] = {}
        names: dict[tuple[str, ...], str] = {}
        for subject in self._subjects:
            for dist in read_distributions(subject.layout):
                name = str(dist) if self._versions else show_name(dist.name)
                body = (name, *self._tell(dist))
                told.setdefault(body, []).append(subject.label)
                names[body] = name
        for body in sorted(told, key=lambda body: (names[body], told[body])):
            yield ""
            yield f"{names[body]} in {', '.join(told[body])}"
            yield from body[1:]
        empty = [one.label for one in self._subjects if not read_distributions(one.layout)]
        if empty:
            yield ""
            yield f"nothing is installed in {', '.join(empty)}"

    def _tell(self, dist: Distribution) -> Iterator[str]:
        """Yield for each role how many files are shared how; the exceptions by name."""
        yield from (f"  problem: {problem}" for problem in dist.problems)
        listed = {file.path: file.role for file in dist.files}
        listed |= dict.fromkeys(dist.bytecode(), Role.BYTECODE)
        for role in (role for role in Role if role in self._roles):
            groups: dict[str, list[str]] = {}
            for path in sorted(path for path, its in listed.items() if its is role):
                groups.setdefault(self._sharing(path), []).append(_name(path, dist))
            ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
            usual = next((how for how, _ in ordered if how != _TOO_SMALL), "")
            for how, names in ordered:
                yield f"  {role.value}: {show_count(len(names), 'file')} {how}"
                if how not in {usual, _TOO_SMALL}:
                    yield from (f"    {name}" for name in sorted(names)[:_NAMES_SHOWN])
                    if len(names) > _NAMES_SHOWN:
                        yield f"    and {len(names) - _NAMES_SHOWN:,} more"

    def _sharing(self, path: Path) -> str:
        """Return in words how the file at *path* is shared, its own environment included."""
        try:
            told = os.lstat(path)
        except OSError:
            return "missing"
        if stat.S_ISLNK(told.st_mode):
            return self._symlinked(path)
        if not stat.S_ISREG(told.st_mode):
            return "no file"
        try:
            inode = self._topology.inode_of(path)
        except ValueError:  # a folder on the way is a symlink: the walk did not come here
            return self._symlinked(path)
        if inode.facts.links > 1 or len(inode.names) > 1:
            return self._hardlinked(inode)
        return self._blocks(inode)

    def _symlinked(self, path: Path) -> str:
        real = os.path.realpath(path)
        if not os.path.exists(real):  # noqa: PTH110 - Path's raises where it may not look
            return "symlink that leads nowhere"
        labels = [
            self._roots[root]
            for root in self._deepest
            if Path(real).is_relative_to(os.path.realpath(root))
        ]
        return f"symlink into {labels[0]}" if labels else "symlink to elsewhere"

    def _hardlinked(self, inode: Inode) -> str:
        told, found = self._labels(inode.names), len(inode.names)
        if inode.elsewhere is None:  # overlay: what is found is true, what is counted need not be
            return (
                f"hardlink x{found} ({told})"
                if found > 1
                else f"hardlink of unknown names ({told})"
            )
        more = f", {inode.elsewhere:,} elsewhere" if inode.elsewhere else ""
        return f"hardlink x{found + inode.elsewhere} ({told}{more})"

    def _blocks(self, inode: Inode) -> str:
        """Return in words who shares blocks with a file that has one name."""
        path, device = inode.names[0], inode.facts.identity.device
        if device not in self._own_blocks:
            mount = mount_of(read_facts(path), self._mounts)
            self._own_blocks[device] = mount is not None and mount.type in NEVER_REFLINK
        if self._own_blocks[device]:
            return _OWN
        if inode.facts.size <= _SMALL:
            return _TOO_SMALL
        if not inode.is_known:
            return "own inode (blocks cannot be told)"
        groups: dict[Sharing, list[Path]] = {}
        for partner in self._topology.company_of(path).partners:
            other = partner.inode.names[0]
            verdict = compare(path, other, mounts=self._mounts)
            groups.setdefault(verdict.sharing, []).append(other)
        words = [
            f"{sharing.value} x{len(groups[sharing]) + 1} "
            f"({self._labels([path, *groups[sharing]])})"
            for sharing in Sharing
            if sharing in groups
        ]
        return ", ".join(words) or _OWN

    def _labels(self, names: Sequence[Path]) -> str:
        """Return where *names* lie: caches last, environments in the order they were given."""
        counts = Counter(self._roots[root] for name in names if (root := self._root_of(name)))
        order = list(self._roots.values())
        return ", ".join(
            label if counts[label] == 1 else f"{label} x{counts[label]}"
            for label in sorted(counts, key=order.index)
        )

    def _root_of(self, path: Path) -> Path | None:
        return next((root for root in self._deepest if path.is_relative_to(root)), None)


def _name(path: Path, dist: Distribution) -> str:
    """Return a file's path from site-packages, without versions of Python or distribution."""
    name = Path(os.path.relpath(path, dist.layout.site_packages)).as_posix()
    name = name.replace(dist.dist_info.name, "*.dist-info", 1)
    return show_name(_PYTHON.sub("*", name))
