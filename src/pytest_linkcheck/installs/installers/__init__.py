"""The installers, one module each, and how one is found by its name."""

from collections.abc import Callable, Mapping
from pathlib import Path

from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.links.show import show_name

from . import pip, uv
from .base import Bytecode, Command, Installer, Target
from .pip import Pip, find_pip
from .uv import Uv, find_uv

__all__ = [
    "INSTALLERS",
    "Bytecode",
    "Command",
    "Installer",
    "Pip",
    "Target",
    "Uv",
    "find_installer",
]

INSTALLERS: Mapping[str, Callable[[Path | None], Installer]] = {"uv": find_uv, "pip": find_pip}
LINK_MODES: Mapping[str, tuple[str, ...]] = {
    "uv": uv.LINK_MODES,
    "pip": pip.LINK_MODES,
}


def find_installer(name: str, paths: Mapping[str, Path]) -> Installer:
    """Return the installer *name*, at the path that *paths* gives for it if it does.

    Raises `UnavailableError` if it is not to be had, `LinkcheckError` if we know none of that name.
    """
    finder = INSTALLERS.get(name)
    if finder is None:
        known = ", ".join(INSTALLERS)
        raise LinkcheckError(f"{show_name(name)} is no installer known here: name one of {known}")
    return finder(paths.get(name))
