"""A pytest plugin that checks the file links (inodes, link counts, devices) of installed files.

The names here are the public ones. Each is imported when it is first used: pytest imports this
package at every start, also where none of it is needed.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .assertions import (
        assert_different_device,
        assert_different_inodes,
        assert_hardlinked,
        assert_link_count,
        assert_linkable,
        assert_not_linkable,
        assert_not_shared,
        assert_same_device,
        assert_same_inode,
        assert_symlinked,
    )
    from .bytecode import (
        assert_bytecode,
        assert_bytecode_fresh,
        assert_no_bytecode,
        read_bytecode,
    )
    from .errors import LinkcheckError, UnavailableError
    from .filesystems import Filesystem, Filesystems
    from .installs import Distribution, Environment, InstallError, Role, Venvs, Wheel, Wheelhouse
    from .installs.installers import Installer
    from .linked import Expected, assert_linked
    from .links import Sharing, Verdict, compare
    from .links.topology import measure, shared_with
    from .links.watching import watch
    from .snapshot.fixture import LinkSnapshot
    from .storage import (
        assert_extents_shared,
        assert_isolated,
        assert_links_within,
        assert_reflinked,
    )

__all__ = [
    "Distribution",
    "Environment",
    "Expected",
    "Filesystem",
    "Filesystems",
    "InstallError",
    "Installer",
    "LinkSnapshot",
    "LinkcheckError",
    "Role",
    "Sharing",
    "UnavailableError",
    "Venvs",
    "Verdict",
    "Wheel",
    "Wheelhouse",
    "assert_bytecode",
    "assert_bytecode_fresh",
    "assert_different_device",
    "assert_different_inodes",
    "assert_extents_shared",
    "assert_hardlinked",
    "assert_isolated",
    "assert_link_count",
    "assert_linkable",
    "assert_linked",
    "assert_links_within",
    "assert_no_bytecode",
    "assert_not_linkable",
    "assert_not_shared",
    "assert_reflinked",
    "assert_same_device",
    "assert_same_inode",
    "assert_symlinked",
    "compare",
    "measure",
    "read_bytecode",
    "shared_with",
    "watch",
]

_HOMES = {
    "assert_bytecode": ".bytecode",
    "assert_bytecode_fresh": ".bytecode",
    "assert_no_bytecode": ".bytecode",
    "read_bytecode": ".bytecode",
    "Distribution": ".installs",
    "Environment": ".installs",
    "Expected": ".linked",
    "Filesystem": ".filesystems",
    "Filesystems": ".filesystems",
    "InstallError": ".installs",
    "Installer": ".installs.installers",
    "LinkSnapshot": ".snapshot.fixture",
    "LinkcheckError": ".errors",
    "Role": ".installs",
    "Sharing": ".links",
    "UnavailableError": ".errors",
    "Venvs": ".installs",
    "Verdict": ".links",
    "Wheel": ".installs",
    "Wheelhouse": ".installs",
    "assert_extents_shared": ".storage",
    "assert_isolated": ".storage",
    "assert_linked": ".linked",
    "assert_links_within": ".storage",
    "assert_reflinked": ".storage",
    "compare": ".links",
    "measure": ".links.topology",
    "shared_with": ".links.topology",
    "watch": ".links.watching",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, ".assertions"), __name__), name)


def __dir__() -> list[str]:
    return __all__
