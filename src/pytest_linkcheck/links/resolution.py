"""Following symlinks, step by step, so that each step can be shown."""

import errno
import os
from dataclasses import dataclass
from pathlib import Path

from .facts import Facts, Kind, read_facts
from .show import show_name

MAX_STEPS = 40  # the kernel's own limit: path_resolution(7)


@dataclass(frozen=True, slots=True)
class Resolution:
    """Where a path leads.

    `facts` are of what stands at its end, or `None`, and then `problem` says why: nothing is
    there, a dangling symlink, a loop, no permission. `steps` are the paths passed through, the
    asked one first; more than one means that the path itself is a symlink.
    """

    steps: tuple[Path, ...]
    facts: Facts | None
    problem: str = ""

    @property
    def is_symlink(self) -> bool:
        """Whether the path itself, not a folder on the way to it, is a symlink."""
        return len(self.steps) > 1


def resolve(path: str | os.PathLike[str]) -> Resolution:
    """Follow *path* to what is no symlink; never raises `OSError`."""
    steps = [Path(path)]
    while True:
        step = steps[-1]
        try:
            facts = read_facts(step)
        except OSError as error:
            return Resolution(tuple(steps), None, _problem(steps, error))
        if facts.kind is not Kind.SYMLINK or facts.target is None:
            return Resolution(tuple(steps), facts)
        if len(steps) > MAX_STEPS:
            return Resolution(tuple(steps), None, f"{show_name(steps[0])} is a symlink loop")
        # Not normalised: `..` after a symlinked folder means the parent of its target.
        steps.append(step.parent / facts.target)


def _problem(steps: list[Path], error: OSError) -> str:
    first, last = show_name(steps[0]), show_name(steps[-1])
    if error.errno == errno.ELOOP:
        return f"{first} leads into a symlink loop"
    if len(steps) == 1:
        return f"{first}: {error.strerror}"
    if error.errno in {errno.ENOENT, errno.ENOTDIR}:
        return f"{first} is a dangling symlink: {last} does not exist"
    return f"{first} is a symlink to {last}: {error.strerror}"


def real_path(path: str | os.PathLike[str]) -> str:
    """Return *path* with all symlinks resolved; what is missing may be so.

    Raises `OSError` where that cannot be told. `os.path.realpath` takes a path for its own target
    wherever the system does not answer, which would make two names of one.
    """
    try:
        return os.path.realpath(path, strict=True)
    except (FileNotFoundError, NotADirectoryError):
        return os.path.realpath(path)


def directory_entry(path: str | os.PathLike[str]) -> str:
    """Return the one true spelling of the directory entry *path* names.

    Symlinked folders on the way are resolved, the last component is not. Raises `OSError` where
    that cannot be told.
    """
    # Not by abspath: it cuts `folder/..`, which leads elsewhere where the folder is a symlink.
    parent, name = os.path.split(os.fspath(path).rstrip(os.sep))
    if name in {"", os.curdir, os.pardir}:
        return real_path(path)
    return os.path.join(real_path(parent), name)  # noqa: PTH118 - beside realpath
