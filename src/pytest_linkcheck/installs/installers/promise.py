"""What an installer promises of the files it installs."""

from dataclasses import dataclass
from enum import Enum

from pytest_linkcheck.installs.roles import Role

WHEEL_ROLES = frozenset({Role.PAYLOAD, Role.METADATA, Role.DATA})
OWN_ROLES = frozenset({Role.GENERATED, Role.BYTECODE})


class Origin(Enum):
    """Where a file's permission bits or its time of modification come from."""

    CACHE = "cache"  # the file in the cache has the same
    INSTALL = "install"  # set at each install: bits by the umask, the time of the install


@dataclass(frozen=True, slots=True)
class Promise:
    """What an installer promises of what it installs in one link mode.

    Attributes:
        linked: the roles of which every file is taken from the cache in the way of the link mode.
        own: the roles of which no file is: each environment has its own. What is in neither set
            may be one or the other, file by file.
        modes: where the permission bits of copies and clones come from: a link has those of the
            file it is a link to.
        mtimes: where their times of modification come from.
        executable: whether what is executable in the wheel is where it is installed.
        compiles: whether it compiles bytecode without being told to, and without being kept from
            it (an option, or PYTHONDONTWRITEBYTECODE).
        whole: whether folders are linked and not files: then a file's folder is the symlink.
        warns: words of the warning with which it falls back to copies; empty if there is none.
    """

    linked: frozenset[Role] = frozenset()
    own: frozenset[Role] = frozenset(Role)
    modes: Origin = Origin.INSTALL
    mtimes: Origin = Origin.INSTALL
    executable: bool = True
    compiles: bool = False
    whole: bool = False
    warns: str = ""
