"""Reading files and folders that are somebody else's: of a sane kind and size, or not at all."""

import os
from collections.abc import Sequence
from pathlib import Path

from pytest_linkcheck.links import Kind, read_facts
from pytest_linkcheck.links.content import check_place, open_unchanged
from pytest_linkcheck.links.show import show_size
from pytest_linkcheck.steps import look_at

_OPEN_FOLDER = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_DIRECTORY", 0)


def read_regular(path: Path, limit: int, *, cut: bool = False, within: Sequence[str] = ()) -> bytes:
    """Return the bytes of the regular file *path*, not following it if it is a symlink.

    Where folders are given that it must lie *within*, real paths, it is not read elsewhere.
    Raises `OSError` if it is none, cannot be read or, unless it is to be *cut*, if it has more
    bytes than *limit*.
    """
    look_at(path)
    facts = read_facts(path)
    if facts.kind is not Kind.FILE:
        raise OSError(0, f"it is a {facts.kind.value}", str(path))
    if facts.size > limit and not cut:
        raise OSError(0, f"it has {show_size(facts.size)}", str(path))
    with open_unchanged(facts, within) as descriptor, open(descriptor, "rb", closefd=False) as file:
        return file.read(limit)


def list_names(folder: Path, within: Sequence[str]) -> list[str]:
    """Return the names in *folder*, sorted, if it lies *within* these folders, real paths.

    Raises `OSError` if it does not, or cannot be read.
    """
    look_at(folder)
    if os.listdir not in os.supports_fd:  # Windows
        return sorted(os.listdir(folder))  # noqa: PTH208
    descriptor = os.open(folder, _OPEN_FOLDER)
    try:
        check_place(descriptor, folder, within)
        return sorted(os.listdir(descriptor))  # noqa: PTH208
    finally:
        os.close(descriptor)
