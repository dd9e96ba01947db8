"""Environments, who fills them, and what is installed in them."""

from .distributions import Distribution, InstalledFile, find_distribution, read_distributions
from .environment import Environment, InstallError
from .layout import Layout, find_layout
from .maker import Toolbox, Venvs
from .roles import Role
from .stock import take_stock_of
from .wheelhouse import Wheel, Wheelhouse

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
