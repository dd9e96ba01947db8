"""Environments, who fills them, and what is installed in them.

Each name is imported when it is first used: to make an environment takes few of them, and reading
what is in one takes longer to import than uv takes to start.
"""

from typing import TYPE_CHECKING

from pytest_linkcheck.links.late import importer

if TYPE_CHECKING:
    from .distributions import (
        Distribution,
        InstalledFile,
        find_distribution,
        read_distributions,
    )
    from .environment import Environment, InstallError
    from .layout import Layout, find_layout
    from .maker import Toolbox, Venvs
    from .roles import Role
    from .stock import take_stock_of
    from .wheel import Wheel
    from .wheelhouse import Wheelhouse

__all__ = [
    "Distribution",
    "Environment",
    "InstallError",
    "InstalledFile",
    "Layout",
    "Role",
    "Toolbox",
    "Venvs",
    "Wheel",
    "Wheelhouse",
    "find_distribution",
    "find_layout",
    "read_distributions",
    "take_stock_of",
]

__getattr__ = importer(
    __name__,
    {
        "distributions": (
            "Distribution",
            "InstalledFile",
            "find_distribution",
            "read_distributions",
        ),
        "environment": ("Environment", "InstallError"),
        "layout": ("Layout", "find_layout"),
        "maker": ("Toolbox", "Venvs"),
        "roles": ("Role",),
        "stock": ("take_stock_of",),
        "wheel": ("Wheel",),
        "wheelhouse": ("Wheelhouse",),
    },
)
