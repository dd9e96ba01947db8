"""Which distribution of which environment a file belongs to, told by where it lies."""

import os
from dataclasses import dataclass
from pathlib import Path

from pytest_linkcheck.errors import LinkcheckError

from .distributions import Distribution, InstalledFile, read_distributions
from .layout import CONFIG, Layout, find_layout


@dataclass(frozen=True, slots=True)
class Owner:
    """The environment a file lies in, and what installed it there, if RECORD says so."""

    layout: Layout
    distribution: Distribution | None
    file: InstalledFile | None


def find_owner(path: str | os.PathLike[str]) -> Owner | None:
    """Return whose file *path* is, `None` if it lies in no environment.

    Symlinks are not followed: a file of a cache that an environment links to is not its own.
    """
    wanted = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow symlinks
    layout = _find_layout(wanted)
    if layout is None:
        return None
    try:
        distributions = read_distributions(layout)
    except LinkcheckError:
        return Owner(layout, None, None)
    for distribution in distributions:
        for file in distribution.files:
            if file.path == wanted:
                return Owner(layout, distribution, file)
        if wanted in distribution.bytecode():
            return Owner(layout, distribution, None)
    return Owner(layout, None, None)


def _find_layout(path: Path) -> Layout | None:
    for folder in path.parents:
        if os.path.lexists(folder / CONFIG):
            try:
                return find_layout(folder)
            except LinkcheckError:
                return None
        if folder.name == "site-packages" and not _has_config_above(folder):
            return Layout(folder.parent.parent.parent, folder)  # lib/pythonX.Y/site-packages
    return None


def _has_config_above(folder: Path) -> bool:
    return any(os.path.lexists(parent / CONFIG) for parent in folder.parents)
