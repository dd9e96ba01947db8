"""Reading a file that is somebody else's whole: a regular one, of a sane size, or not at all."""

from pathlib import Path

from pytest_linkcheck.links import Kind, read_facts
from pytest_linkcheck.links.content import open_unchanged
from pytest_linkcheck.links.show import show_size


def read_regular(path: Path, limit: int, *, cut: bool = False) -> bytes:
    """Return the bytes of the regular file *path*, not following it if it is a symlink.

    Raises `OSError` if it is none, cannot be read or, unless it is to be *cut*, if it has more
    bytes than *limit*.
    """
    facts = read_facts(path)
    if facts.kind is not Kind.FILE:
        raise OSError(0, f"it is a {facts.kind.value}", str(path))
    if facts.size > limit and not cut:
        raise OSError(0, f"it has {show_size(facts.size)}", str(path))
    with open_unchanged(facts) as descriptor, open(descriptor, "rb", closefd=False) as file:
        return file.read(limit)
