"""The installers, one module each, and how one is found by its name."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.links.late import importer
from pytest_linkcheck.links.show import show_name

if TYPE_CHECKING:
    from pytest_linkcheck.installs.roles import Role
    from pytest_linkcheck.installs.wheels import find_wheels

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

__getattr__ = importer(
    __name__,
    {
        "base": ("BaseInstaller", "Bytecode", "Command", "Installer", "Target", "Task"),
        "choice": ("Choice", "parse_choice"),
        "freed": ("Freed", "read_freed"),
        "pip": ("Pip",),
        "promise": ("Origin", "Promise"),
        "tools": ("Finder", "Tools", "tool_python"),
        "uv": ("Uv",),
        ".roles": ("Role",),
        ".wheels": ("find_wheels",),
    },
)


@dataclass(frozen=True, slots=True)
class _BuiltIn:
    """A finder that is built in: the function `find` of a module, which is imported when asked."""

    module: str
    find: str

    @property
    def link_modes(self) -> tuple[str, ...]:
        modes: tuple[str, ...] = self._import().LINK_MODES
        return modes

    def __call__(self, choice: "Choice", tools: "Tools", /) -> "Installer":
        found: Installer = getattr(self._import(), self.find)(choice, tools)
        return found

    def _import(self) -> Any:  # noqa: ANN401 - a module
        return import_module(f".{self.module}", __name__)


INSTALLERS: Mapping[str, "Finder"] = {
    "uv": _BuiltIn("uv", "find_uv"),
    "pip": _BuiltIn("pip", "find_pip"),
    "pdm": _BuiltIn("pdm", "find_pdm"),
    "installer": _BuiltIn("library", "find_library"),
    "virtualenv": _BuiltIn("virtualenv", "find_virtualenv"),
}


def find_installer(
    choice: "Choice", tools: "Tools", finders: Mapping[str, "Finder"] = INSTALLERS
) -> "Installer":
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
