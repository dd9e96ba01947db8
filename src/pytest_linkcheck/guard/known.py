"""What the bytes of watched files should be: from RECORD, or hashed before the first test."""

import os
import stat
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from packaging.utils import canonicalize_name

from pytest_linkcheck.installs.files import read_regular
from pytest_linkcheck.installs.record import Row, parse_record
from pytest_linkcheck.links import Kind as FileKind
from pytest_linkcheck.links import read_facts
from pytest_linkcheck.links.content import hash_bytes
from pytest_linkcheck.links.handle import Handle, read_handle
from pytest_linkcheck.links.mounts import mount_of, read_mounts
from pytest_linkcheck.links.overlay import layers_of
from pytest_linkcheck.links.sameness import Same

from .looks import Look, Survey, is_bytecode, take_look

_RECORD = f".dist-info{os.sep}RECORD"
_MAX_RECORD = 256 << 20
_ALGORITHM = "sha256"
_OVERLAY = "overlay"
# A store through a mapping that was read from before moves no time of a file in memory; exFAT by
# FUSE tells the time of modification, which can be set back, for that of the change as well.
_TIMELESS = frozenset({"tmpfs", "ramfs", "fuseblk"})


@dataclass
class Known:
    """What is known of watched files before the first test.

    `rows` are theirs in RECORD, `digests` what was hashed, `owners` the distribution by path;
    `timeless` are files whose times do not tell of each write; `handles` those of files on
    overlay, which may give another inode to a file that is written to.
    """

    rows: dict[str, Row] = field(default_factory=dict)
    digests: dict[str, bytes] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    timeless: set[str] = field(default_factory=set)
    handles: dict[str, Handle | None] = field(default_factory=dict)


def find_known(survey: Survey) -> Known:
    """Read every RECORD among the files of *survey*, and hash what none of them lists.

    What a RECORD lists outside of the walked folders, data say, is looked at too.
    """
    known = Known()
    for path in [path for path in survey.looks if path.endswith(_RECORD)]:
        _take_record(path, survey, known)
    types: dict[int, set[str]] = {}
    hashed: dict[tuple[int, int], bytes] = {}
    for path, look in survey.looks.items():
        if not stat.S_ISREG(look.mode):
            continue
        if look.device not in types:
            types[look.device] = _filesystems_of(path)
        if _OVERLAY in types[look.device]:
            known.handles[path] = _handle_of(path)
        if types[look.device] & _TIMELESS:
            known.timeless.add(path)
        elif path in known.rows or (is_bytecode(path) and look.links == 1):
            continue
        if look.identity not in hashed:
            digest = hash_file(path, _ALGORITHM)
            if digest is None:
                continue
            hashed[look.identity] = digest
        known.digests[path] = hashed[look.identity]
    return known


def is_as_known(path: str, known: Known) -> bool | None:
    """Return whether the bytes of *path* are as known; `None` if that cannot be told."""
    if path in known.digests:
        digest = hash_file(path, _ALGORITHM)
        return None if digest is None else digest == known.digests[path]
    row = known.rows.get(path)
    if row is None or row.algorithm is None:
        return None
    digest = hash_file(path, row.algorithm)
    return None if digest is None else digest == row.digest


def hash_file(path: str, algorithm: str) -> bytes | None:
    """Return the digest of the regular file *path*, `None` if it cannot be read whole."""
    try:
        facts = read_facts(path)
        return hash_bytes(facts, algorithm) if facts.kind is FileKind.FILE else None
    except OSError:
        return None


def _take_record(path: str, survey: Survey, known: Known) -> None:
    try:
        rows = parse_record(read_regular(Path(path), _MAX_RECORD)).rows
    except OSError:
        return
    info = os.path.dirname(path)  # noqa: PTH120 - text all along: there are thousands
    base = os.path.dirname(info)  # noqa: PTH120
    name = canonicalize_name(os.path.basename(info).partition("-")[0])  # noqa: PTH119
    above = os.path.dirname(os.path.dirname(os.path.dirname(base)))  # noqa: PTH120
    for row in rows:
        listed = os.path.normpath(os.path.join(base, row.path))  # noqa: PTH118
        if listed not in survey.looks:
            # Data and scripts of an environment; nothing is followed out of it, to the rest of
            # the machine.
            inside = row.path.startswith("../../../") and listed.startswith(f"{above}{os.sep}")
            look = take_look(listed) if inside else None
            if look is None or stat.S_ISDIR(look.mode):
                continue
            survey.looks[listed] = look
        elif path not in survey.cached:
            survey.cached.discard(listed)  # an environment's, though a watched folder holds it
        known.owners.setdefault(listed, name)
        if row.digest is not None:
            known.rows.setdefault(listed, row)


def _filesystems_of(path: str) -> set[str]:
    """Return the types of the filesystem that *path* lies on, and of the layers beneath overlay.

    What cannot be told is left out: layers are paths of whoever mounted them.
    """
    try:
        mounts = read_mounts()
        mount = mount_of(read_facts(path), mounts)
    except OSError:
        return set()
    if mount is None:
        return set()
    types = {mount.type}
    for layer in layers_of(mount) if mount.type == _OVERLAY else ():
        with suppress(OSError):
            below = mount_of(read_facts(layer), mounts)
            types |= {below.type} if below else set()
    return types


def _handle_of(path: str) -> Handle | None:
    try:
        return read_handle(path)
    except OSError:
        return None


def is_same_file(before: Look, after: Look, path: str, known: Known) -> Same:
    """Return whether the file of *before* still stands at *path*.

    An inode number may have been given out again. The file that then has it was born after the
    one before it was last changed, for that was before the first look. Not so on overlay: what
    is written to there may become another inode, by its handle the same file.
    """
    if path in known.handles:
        return _is_same_on_overlay(before, after, path, known)
    if before.identity != after.identity:
        return Same.NO
    return _is_first_born(before, path)


def _is_same_on_overlay(before: Look, after: Look, path: str, known: Known) -> Same:
    born = _is_first_born(before, path) if before.identity == after.identity else Same.NO
    if born is Same.YES:
        return born
    handles = known.handles[path], _handle_of(path)
    if None in handles:
        return Same.UNKNOWN
    return Same.COPIED_UP if handles[0] == handles[1] else Same.NO


def _is_first_born(before: Look, path: str) -> Same:
    try:
        born = read_facts(path).birth_ns
    except OSError:
        return Same.UNKNOWN
    if born is None:
        return Same.UNKNOWN
    return Same.YES if born <= before.ctime_ns else Same.NO
