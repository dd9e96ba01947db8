"""How a file is shared that has no other name: by its blocks, held against uv's cache."""

from collections.abc import Iterable
from pathlib import Path

from pytest_linkcheck.links import Facts, Sharing, compare, read_extents
from pytest_linkcheck.links.content import open_unchanged
from pytest_linkcheck.links.show import show_size

from .context import Context


def judge_blocks(facts: Facts, sources: Iterable[Path], context: Context) -> tuple[str, str]:
    """Return the column for the file of *facts*, and why if it is not a reflink.

    *sources* are the files it may have been made from. Without a verdict on one of them the flags
    of its own extents tell whether something shares them, but not what: that is `unknown`.
    """
    try:
        readable = [source for source in sources if context.may_read(source)]
    except OSError as error:
        return "unknown", f"uv's cache cannot be read: {error.strerror}"
    verdicts = [
        compare(facts.path, source, mounts=context.mounts, within=context.within)
        for source in readable
    ]
    for verdict in verdicts:
        if verdict.sharing is Sharing.REFLINK:
            return "reflink", ""
    for verdict in verdicts:
        if verdict.sharing is Sharing.PARTIAL:
            left = show_size(verdict.shared_bytes or 0)
            return "own", f"written to since: {left} still shared with uv's cache"
        if verdict.sharing is Sharing.UNKNOWN:
            return "unknown", verdict.reason
    return _judge_alone(facts, context)


def _judge_alone(facts: Facts, context: Context) -> tuple[str, str]:
    if facts.size == 0:
        return "unknown", "empty: no data that could be shared"
    try:
        with open_unchanged(facts, context.within) as descriptor:
            extents = read_extents(descriptor).extents
    except OSError as error:
        return "unknown", f"extents cannot be read: {error.strerror}"
    if any(extent.inline for extent in extents):
        return "unknown", "inline: the filesystem keeps the bytes among its metadata"
    if any(extent.unknown for extent in extents):
        return "unknown", "bytes that have no place on disk yet"
    if any(extent.shared for extent in extents):
        return "unknown", "its blocks are shared with something that was not found"
    return "own", ""
