"""Installed distributions and their files, read from `.dist-info` folders; nothing is run."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from packaging.utils import canonicalize_name

from pytest_linkcheck.errors import LinkcheckError, hides_traceback
from pytest_linkcheck.links import Kind, read_facts
from pytest_linkcheck.links.resolution import real_path
from pytest_linkcheck.links.show import show_name

from .files import list_names, read_regular
from .layout import Layout
from .metadata import parse_metadata
from .record import Row, parse_paths, parse_record
from .roles import Role, role_of

__tracebackhide__ = hides_traceback

_SUFFIX = ".dist-info"
_MAX_RECORD = 64 << 20  # that of PyTorch, with 15,000 files, has 2 MB
_MAX_METADATA = 1 << 20  # of which the first headers are read
_MAX_INSTALLER = 1 << 8
_PYC = re.compile(r"^(?P<stem>.+?)\.[^.]+-[^.]+(\.opt-\w+)?\.pyc$")  # PEP 3147, PEP 488


@dataclass(frozen=True, slots=True)
class InstalledFile:
    """A file that RECORD lists.

    `name` is its path from site-packages as RECORD has it, `path` where that is. `digest` is what
    its bytes should hash to by `algorithm`, `size` how many bytes they should be, where known.
    """

    name: str
    path: Path
    role: Role
    algorithm: str | None = None
    digest: bytes | None = None
    size: int | None = None

    @property
    def is_packed_record(self) -> bool:
        """Whether it is the RECORD of a distribution that is packed within this one.

        It came out of the wheel as all payload did; but uv, whose RECORDs are written to when
        they are installed, copies every file of that name, and other installers link it.
        """
        return self.role is Role.PAYLOAD and self.path.name == "RECORD"


@dataclass(frozen=True)
class Distribution:
    """An installed distribution: who installed it, and which files are its own."""

    name: str
    version: str
    layout: Layout
    dist_info: Path

    def __str__(self) -> str:
        return show_name(f"{self.name} {self.version}")

    @property
    def installer(self) -> str | None:
        """What INSTALLER says: `uv`, `pip`, ... or `None`."""
        return self._installer[0]

    @property
    def installer_problem(self) -> str:
        """Why INSTALLER cannot be read, if it is there."""
        return self._installer[1]

    @cached_property
    def _installer(self) -> tuple[str | None, str]:
        path = self.dist_info / "INSTALLER"
        try:
            data = read_regular(path, _MAX_INSTALLER, cut=True, within=self._within)
        except FileNotFoundError:
            return None, ""
        except OSError as error:
            return None, f"its INSTALLER cannot be read: {error.strerror}"
        return data.decode("utf-8", "replace").strip().lower() or None, ""

    @property
    def files(self) -> tuple[InstalledFile, ...]:
        """The files that RECORD lists and that lie in the environment."""
        return self._listing[0]

    @property
    def problems(self) -> tuple[str, ...]:
        """A sentence for each thing that is wrong with RECORD."""
        return self._listing[1]

    @property
    def has_record(self) -> bool:
        """Whether there is a RECORD: a system's package manager may leave it out (PEP 627)."""
        try:
            read_facts(self.dist_info / "RECORD")
        except FileNotFoundError:
            return False
        except OSError:  # what cannot be looked at is no leave to pass it over
            pass
        return True

    @property
    def is_folder(self) -> bool:
        """Whether `.dist-info` is a folder of its own, and no symlink to one."""
        return _is_folder(self.dist_info)

    @cached_property
    def _listing(self) -> tuple[tuple[InstalledFile, ...], tuple[str, ...]]:
        try:
            kind = read_facts(self.dist_info).kind
        except OSError as error:
            return (), (f"{show_name(self.dist_info.name)} cannot be read: {error.strerror}",)
        if kind is not Kind.DIRECTORY:
            # It may lead anywhere: what it lists is not this environment's to say.
            return (), (f"{show_name(self.dist_info.name)} is no folder of its own: not followed",)
        if not self.has_record:
            return (), (f"{self} has no RECORD: its files cannot be told",)
        try:
            path = self.dist_info / "RECORD"
            record = parse_record(read_regular(path, _MAX_RECORD, within=self._within))
        except OSError as error:
            return (), (f"RECORD cannot be read: {error.strerror}",)
        problems = list(record.problems)
        files = []
        for row in record.rows:
            file = self._place(row, problems)
            if file is not None:
                files.append(file)
        return tuple(files), tuple(problems)

    def _place(self, row: Row, problems: list[str]) -> InstalledFile | None:
        """Return where *row* leads, or note that it leads out of the environment."""
        prefix, site, between = self._folders
        # Nearly all, and in half the time; a slash at the end makes it a folder.
        if between is not None and _is_plain(row.path) and row.path[-1] != "/":
            path = self.layout.site_packages / row.path
            return self._list(row, path, row.path, between + row.path)
        if os.path.isabs(row.path) or row.path.startswith(("/", "\\")):  # noqa: PTH117
            problems.append(f"RECORD lists an absolute path, {show_name(row.path)}: not followed")
            return None
        # Lexically, as the filesystem is not to be asked about paths that may lead anywhere.
        place = os.path.normpath(os.path.join(site, row.path))  # noqa: PTH118
        below_prefix = _below(place, prefix)
        if below_prefix is None:
            problems.append(
                f"RECORD lists {show_name(row.path)}, which leaves the environment: not followed"
            )
            return None
        if row.path.endswith("/"):
            problems.append(f"RECORD lists a directory, {show_name(row.path)}")
            return None
        return self._list(row, Path(place), _below(place, site), below_prefix)

    def _list(
        self, row: Row, path: Path, below_site: str | None, below_prefix: str
    ) -> InstalledFile:
        role = role_of(below_site, below_prefix, self.dist_info.name, hashed=row.digest is not None)
        return InstalledFile(row.path, path, role, row.algorithm, row.digest, row.size)

    @cached_property
    def _folders(self) -> tuple[str, str, str | None]:
        """The prefix, site-packages, and what lies between the two if one is in the other."""
        prefix, site = str(self.layout.prefix), str(self.layout.site_packages)
        between = _below(site, prefix)
        return prefix, site, None if between is None else f"{between}/"

    def paths(self) -> Iterator[str]:
        """Yield where the files lie that RECORD lists in the environment: fast, as nothing is kept.

        Nothing where RECORD cannot be read.
        """
        if not _is_folder(self.dist_info):
            return
        try:
            path = self.dist_info / "RECORD"
            listed = parse_paths(read_regular(path, _MAX_RECORD, within=self._within))
        except OSError:
            return
        prefix, site = str(self.layout.prefix) + os.sep, str(self.layout.site_packages) + os.sep
        for name in listed:
            if _is_plain(name):
                yield site + name
            else:
                place = os.path.normpath(os.path.join(site, name))  # noqa: PTH118
                if place.startswith(prefix):
                    yield place

    def bytecode(self) -> tuple[Path, ...]:
        """Return the `__pycache__` files of this distribution's modules, listed or not."""
        # As text: of most folders, which have none, not even a Path is made.
        folders: dict[str, set[str]] = {}
        shipped = {str(file.path) for file in self.files if file.role is Role.PAYLOAD}
        for path in shipped:
            if path.endswith(".py"):
                folder, _, name = path.rpartition(os.sep)
                folders.setdefault(folder, set()).add(name.removesuffix(".py"))
        found = []
        for folder, stems in sorted(folders.items()):
            compiled = f"{folder}{os.sep}__pycache__"
            if not os.path.lexists(compiled) or not self._is_inside(compiled):
                continue
            for name in _list_quietly(Path(compiled), self._within):
                match = _PYC.match(name)
                path = f"{compiled}{os.sep}{name}"
                if match and match["stem"] in stems and path not in shipped:
                    found.append(Path(path))
        return tuple(found)

    def _is_inside(self, folder: str) -> bool:
        """Return whether *folder* lies in the environment once its symlinks are followed."""
        try:
            real = Path(real_path(folder))
        except OSError:
            return False
        return any(real.is_relative_to(root) for root in self._within)

    @cached_property
    def _within(self) -> tuple[str, ...]:
        return self.layout.within


def read_distributions(layout: Layout) -> list[Distribution]:
    """Return the distributions installed at *layout*, by name.

    Raises `LinkcheckError` if site-packages cannot be read.
    """
    try:
        entries = list_names(layout.site_packages, layout.within)
    except OSError as error:
        where = show_name(layout.site_packages)
        raise LinkcheckError(f"{where} cannot be read: {error.strerror}") from None
    found = [
        _read_distribution(layout, layout.site_packages / entry)
        for entry in entries
        if entry.endswith(_SUFFIX)
    ]
    return sorted(found, key=lambda dist: (canonicalize_name(dist.name), dist.version))


def find_distribution(layout: Layout, name: str) -> Distribution:
    """Return the distribution *name*, in any spelling (PEP 503).

    Raises `LinkcheckError` naming those that are installed if it is not, or if it is there twice.
    """
    installed = read_distributions(layout)
    wanted = canonicalize_name(name)
    found = [dist for dist in installed if canonicalize_name(dist.name) == wanted]
    where = show_name(layout.prefix)
    if len(found) > 1:
        folders = " and ".join(show_name(dist.dist_info.name) for dist in found)
        raise LinkcheckError(
            f"{show_name(name)} is in {where} {len(found)} times, {folders}: remove the stale one"
        )
    if found:
        return found[0]
    names = ", ".join(show_name(dist.name) for dist in installed) or "nothing"
    raise LinkcheckError(f"{show_name(name)} is not installed in {where}, which has {names}")


def _read_distribution(layout: Layout, dist_info: Path) -> Distribution:
    """Name a distribution by METADATA, or by its folder where that says nothing of use."""
    name, _, version = dist_info.name.removesuffix(_SUFFIX).partition("-")
    told, told_version = "", ""
    if _is_folder(dist_info):
        try:
            path = dist_info / "METADATA"
            data = read_regular(path, _MAX_METADATA, cut=True, within=layout.within)
        except OSError:
            data = b""
        told, told_version = parse_metadata(data)
    return Distribution(told or name.strip(), told_version or version.strip(), layout, dist_info)


def _is_folder(path: Path) -> bool:
    try:
        return read_facts(path).kind is Kind.DIRECTORY
    except OSError:
        return False


def _is_plain(path: str) -> bool:
    """Return whether a path means itself wherever it is joined to: relative, no step of it `.`."""
    # A third of the time of a regular expression. An empty path is in each string.
    return not (path[:1] in "/." or "/." in path or "//" in path or "\\" in path)


def _list_quietly(folder: Path, within: Sequence[str]) -> list[str]:
    """Return the names in *folder*, none if it is not there."""
    try:
        return list_names(folder, within)
    except OSError:
        return []


def _below(path: str, folder: str) -> str | None:
    """Return *path* from *folder* with slashes, `None` if it does not lie below it."""
    above = os.path.join(folder, "")  # noqa: PTH118 - a slash at the end, one for "/" too
    if not path.startswith(above):
        return None
    return path[len(above) :].replace(os.sep, "/")
