"""Examining one installed distribution: how each file is shared, why not, and what is wrong."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pytest_linkcheck.installs import Distribution, InstalledFile, Role
from pytest_linkcheck.links import Facts, Identity, Kind, Sharing, read_facts, resolve
from pytest_linkcheck.links.content import ChangedError, Content, compare_bytes
from pytest_linkcheck.links.show import show_count, show_home, show_name
from pytest_linkcheck.report.model import Reason, Row
from pytest_linkcheck.steps import look_at

from .allowed import allowed_by_uv
from .blocks import judge_blocks
from .context import Context
from .others import why_unlinked

SHARED = {"hardlink", "reflink", "symlink"}
FROM_WHEEL = {Role.PAYLOAD, Role.METADATA, Role.DATA}


class Seen(NamedTuple):
    """One file: how it is shared (a column of the table), why it is not, what is wrong with it.

    `short` says that its installer, cache and device would have allowed it to be shared.
    """

    file: InstalledFile
    facts: Facts | None
    sharing: str
    why: str = ""
    remedy: str = ""
    problem: str = ""
    short: bool = False


def examine(dist: Distribution, context: Context) -> list[Seen]:
    """Return what is seen of each file of *dist*, bytecode apart."""
    return [_see(file, dist, context) for file in dist.files if file.role is not Role.BYTECODE]


def _see(file: InstalledFile, dist: Distribution, context: Context) -> Seen:
    look_at(file.path)
    try:
        if not context.may_read(file.path):
            problem = "is reached through a symlink that leads out of the environment: not followed"
            return Seen(file, None, "unknown", problem=problem)
        facts = read_facts(file.path)
    except FileNotFoundError:
        return Seen(file, None, "unknown", problem="is missing, though RECORD lists it")
    except OSError as error:
        return Seen(file, None, "unknown", problem=f"cannot be looked at: {error.strerror}")
    if facts.kind is Kind.SYMLINK:
        return _see_symlink(file, facts, context)
    if facts.kind is not Kind.FILE:
        problem = f"is a {facts.kind.value}, though RECORD lists it as a file"
        return Seen(file, facts, "unknown", problem=problem)
    problem, edited = _check_bytes(file, facts, context)
    # Names in this environment alone share nothing with another.
    if facts.links > 1 and facts.links > context.names[facts.identity]:
        return _see_linked(file, facts, dist, context, problem)
    if context.can_reflink(facts):
        sources = context.cache.sources(file, dist.layout, dist.dist_info.name)
        sharing, why = judge_blocks(facts, sources, context)
        if sharing != "own" or why:
            return Seen(file, facts, sharing, why, problem=problem)
    why, remedy, short = _why_own(file, facts, dist, context, edited=edited)
    return Seen(file, facts, "own", why, remedy, problem, short)


def _see_symlink(file: InstalledFile, facts: Facts, context: Context) -> Seen:
    look_at(file.path.parent / (facts.target or ""))
    found = resolve(file.path)
    if found.facts is None:
        return Seen(file, facts, "unknown", problem=found.problem)
    try:
        inside, own = context.may_read(found.facts.path), context.is_inside(found.facts.path)
    except OSError as error:
        problem = f"is a symlink of which it cannot be told where it leads: {error.strerror}"
        return Seen(file, facts, "unknown", problem=problem)
    if not inside:
        # Somebody else's: neither its bytes nor its size are the distribution's.
        end = show_name(found.facts.path)
        problem = f"is a symlink out of the environment and its cache, to {end}: not followed"
        return Seen(file, facts, "unknown", problem=problem)
    if found.facts.kind is not Kind.FILE:
        problem = f"is a symlink to a {found.facts.kind.value}"
        return Seen(file, facts, "unknown", problem=problem)
    problem, _ = _check_bytes(file, found.facts, context)
    if own:
        why = "a symlink to a file of this same environment"
        return Seen(file, found.facts, "own", why, problem=problem)
    return Seen(file, found.facts, "symlink", problem=problem)


def _see_linked(
    file: InstalledFile, facts: Facts, dist: Distribution, context: Context, problem: str
) -> Seen:
    """See a file whose inode has more names than the environment holds."""
    why = ""
    if context.is_overlay(facts):
        why = "overlay does not count links exactly, and no other name was found"
    elif context.may_have_more_names:
        why = "its other names may lie in a folder of the environment that cannot be read"
    if why and not _in_cache(file, facts.identity, dist, context):
        return Seen(file, facts, "unknown", why, problem=problem)
    return Seen(file, facts, "hardlink", problem=problem)


def _in_cache(
    file: InstalledFile, identity: Identity, dist: Distribution, context: Context
) -> list[Path]:
    """Return the names of the inode *identity* where uv's cache has this file."""
    sources = context.cache.sources(file, dist.layout, dist.dist_info.name)
    return [path for path in sources if _identity(path) == identity]


def _identity(path: Path) -> Identity | None:
    try:
        return read_facts(path).identity
    except OSError:
        return None


def _check_bytes(file: InstalledFile, facts: Facts, context: Context) -> tuple[str, bool]:
    """Return what is wrong with the bytes of a file, and whether they are not RECORD's."""
    if file.algorithm is None or file.digest is None:
        return "", False
    try:
        if file.size in {None, facts.size} and (
            context.digest(facts, file.algorithm) == file.digest
        ):
            return "", False
        return _tell_edit(file, facts, file.algorithm, context), True
    except ChangedError as error:
        return f"cannot be verified: {error.strerror}", False
    except OSError as error:
        return f"cannot be read: {error.strerror}", False


def _tell_edit(file: InstalledFile, facts: Facts, algorithm: str, context: Context) -> str:
    for dist, other in context.owners.get(file.path, ()):
        may_be = (other.size, other.algorithm) == (facts.size, algorithm)
        if may_be and context.digest(facts, algorithm) == other.digest:
            return f"was overwritten by {show_name(str(dist))}, which lists it too"
    problem = f"was changed since it was installed: its {algorithm} is not the one in RECORD"
    if facts.links > 1:
        problem += (
            f"; its inode has {show_count(facts.links, 'name')}, and an edit in place reaches all "
            "of them: other environments, the cache"
        )
    return problem


def _why_own(
    file: InstalledFile, facts: Facts, dist: Distribution, context: Context, *, edited: bool
) -> tuple[str, str, bool]:
    """Return why a file is not shared, what would change that, and whether it should be."""
    if file.role is Role.GENERATED:
        return "written by the installer for this environment", "", False
    if file.role is Role.SCRIPT:
        return "a script, made for this environment", "", False
    if edited:
        return "edited", f"reinstall {show_name(dist.name)}", False
    if dist.installer != "uv":
        return *why_unlinked(dist), False
    if file.is_packed_record:
        return "the RECORD of what is packed within: uv copies every file of that name", "", False
    return _why_uv_made_no_link(file, facts, dist, context)


def _why_uv_made_no_link(
    file: InstalledFile, facts: Facts, dist: Distribution, context: Context
) -> tuple[str, str, bool]:
    cache = context.cache
    if not cache.exists:
        if cache.problems:
            return cache.problems[0], "", False
        return f"uv's cache is gone: {show_home(cache.path)} does not exist", "", False
    allowed = allowed_by_uv(context)
    if cache.link_mode == "copy" and Sharing.COPY in allowed:
        return "uv is configured with link-mode copy", "remove that setting", False
    if Sharing.COPY in allowed:
        _, reason = context.boundary
        return f"uv's cache lies apart: {reason}", "move UV_CACHE_DIR to the same mount", False
    remedy = f"uv pip install --reinstall {show_name(dist.name)}"
    sources = cache.sources(file, dist.layout, dist.dist_info.name)
    if not sources and cache.problems:
        return cache.problems[0], "", False
    if not sources:
        return f"no longer in uv's cache {show_home(cache.path)}", remedy, False
    try:
        equal = any(_are_equal(facts, source, context) for source in sources)
    except OSError as error:
        return f"uv's cache cannot be compared: {error.strerror}", "", False
    if not equal:
        return "uv's cache holds other bytes for it: another build of this version", remedy, False
    return "a copy, though uv's cache holds the file within reach", remedy, bool(allowed)


def _are_equal(facts: Facts, source: Path, context: Context) -> bool:
    theirs = read_facts(source)
    if theirs.kind is not Kind.FILE:
        return False
    if not context.may_read(source):
        raise OSError(0, "it leads elsewhere, or cannot be read")
    return compare_bytes(facts, theirs, context.within) is Content.EQUAL


def make_row(label: str, dist: Distribution, seen: list[Seen]) -> Row:
    """Return the row of the table for *dist*."""
    size, shared, unknown = _sizes(seen)
    bytecode = [facts for path in dist.bytecode() if (facts := _facts_or_none(path))]
    reasons = Counter((one.why, one.remedy) for one in seen if one.why)
    return Row(
        environment=label,
        name=show_name(dist.name),  # xdist cannot send what is not UTF-8
        version=show_name(dist.version),
        files=len(seen),
        sharing=dict(Counter(one.sharing for one in seen)),
        size=size,
        shared=shared,
        bytecode=len(bytecode),
        bytecode_size=sum(facts.size for facts in bytecode),
        reasons=tuple(Reason(count, *reason) for reason, count in reasons.most_common()),
        unknown_size=unknown,
        classes=_classes(seen),
    )


def _sizes(seen: list[Seen]) -> tuple[int, int, int]:
    """Return the bytes of all files, of the shared, of the unknown: each inode counted once."""
    sizes: dict[Identity, int] = {}
    shared: dict[Identity, int] = {}
    own: set[Identity] = set()
    for one in seen:
        if one.facts is None:
            continue
        identity = one.facts.identity
        sizes[identity] = one.facts.size
        if one.sharing in SHARED:
            shared[identity] = one.facts.size
        elif one.sharing == "own":
            own.add(identity)
    told = shared.keys() | own
    unknown = (size for identity, size in sizes.items() if identity not in told)
    return sum(sizes.values()), sum(shared.values()), sum(unknown)


def _classes(seen: list[Seen]) -> dict[str, dict[str, int]]:
    """Return how many files of each role are shared how; roles in the order of their class."""
    counts = {
        role.value: dict(Counter(one.sharing for one in seen if one.file.role is role))
        for role in Role
    }
    return {role: count for role, count in counts.items() if count}


def _facts_or_none(path: Path) -> Facts | None:
    try:
        return read_facts(path)
    except OSError:
        return None


def problems(dist: Distribution, seen: list[Seen], expected: str) -> Iterator[str]:
    """Yield a sentence for each thing wrong with *dist*, sharing *expected* included."""
    yield from dist.problems
    if expected != "auto" and not any(one.file.role in FROM_WHEEL for one in seen):
        yield f"has no file that came out of a wheel: nothing shows that it is {expected}"
    for one in seen:
        name = show_name(one.file.name)
        if one.problem:
            yield f"{name} {one.problem}"
        elif told := _falls_short(one, expected):
            yield f"{name} {told}"


def _falls_short(one: Seen, expected: str) -> str:
    if expected == "auto":
        return f"is {one.why}" if one.short else ""
    if one.file.role not in FROM_WHEEL:
        return ""
    wanted = {"linked": SHARED, "copy": {"own"}}.get(expected, {expected})
    if one.sharing in wanted:
        return ""
    because = f" ({one.why})" if one.why else ""
    return f"is {one.sharing}{because}, expected {expected}"
