"""The installers, one module each, and how one is found by its name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.installs.roles import Role
from pytest_linkcheck.installs.wheels import find_wheels
from pytest_linkcheck.links.show import show_name

from . import library, pdm, pip, uv, virtualenv
from .base import BaseInstaller, Bytecode, Command, Installer, Target, Task
from .choice import Choice, parse_choice
from .freed import Freed, read_freed
from .pip import Pip
from .promise import Origin, Promise
from .tools import Finder, Tools, tool_python
from .uv import Uv

__all__ = [
    "INSTALLERS",
    "BaseInstaller",
    "Bytecode",
    "Choice",
    "Command",
    "Finder",
    "Freed",
    "Installer",
    "Origin",
    "Pip",
    "Promise",
    "Role",
    "Target",
    "Task",
    "Tools",
    "Uv",
    "find_installer",
    "find_wheels",
    "parse_choice",
    "read_freed",
    "tool_python",
]


@dataclass(frozen=True, slots=True)
class _Known:
    """A finder that is built in."""

    find: Callable[[Choice, Tools], Installer]
    link_modes: tuple[str, ...]

    def __call__(self, choice: Choice, tools: Tools, /) -> Installer:
        return self.find(choice, tools)


INSTALLERS: Mapping[str, Finder] = {
    "uv": _Known(uv.find_uv, uv.LINK_MODES),
    "pip": _Known(pip.find_pip, pip.LINK_MODES),
    "pdm": _Known(pdm.find_pdm, pdm.LINK_MODES),
    "installer": _Known(library.find_library, library.LINK_MODES),
    "virtualenv": _Known(virtualenv.find_virtualenv, virtualenv.LINK_MODES),
}


def find_installer(
    choice: Choice, tools: Tools, finders: Mapping[str, Finder] = INSTALLERS
) -> Installer:
    """Return the installer that *choice* names.

    Raises `UnavailableError` if it is not to be had, `LinkcheckError` if we know none of that name.
    """
    finder = finders.get(choice.name)
    if finder is None:
        known = ", ".join(finders)
        raise LinkcheckError(
            f"{show_name(choice.name)} is no installer known here: name one of {known}"
        )
    return finder(choice, tools)
