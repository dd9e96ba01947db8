"""Which machine this is: what tells whether facts of two processes may be compared.

Device and inode numbers mean something to one running kernel alone. A path means something in one
tree of files, of which a kernel may show several: to containers, to a process in a chroot.
"""

import hashlib
import os
import platform
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")  # random(4): new at each start of the kernel


@dataclass(frozen=True, slots=True)
class Host:
    """A running kernel, and the tree of files that a process sees.

    Attributes:
        name: what the machine calls itself, to be shown; it proves nothing.
        boot: a digest of the kernel's boot id, or of the machine's name where there is none.
        tree: the device and inode number of the root folder.
    """

    name: str
    boot: str
    tree: tuple[int, int]

    @property
    def id(self) -> str:
        """What is equal for processes that have kernel and root folder in common."""
        return digest(f"{self.boot} {self.tree[0]} {self.tree[1]}")

    def __str__(self) -> str:
        return f"{self.name} ({self.id[:8]})"


def host() -> Host:
    """Return the host of this process."""
    # Not remembered: a process may change its root.
    root = Path("/").stat()
    return Host(platform.node() or "unnamed", boot(), (root.st_dev, root.st_ino))


@cache
def boot() -> str:
    """Return what is equal for processes whose device and inode numbers can be compared."""
    try:
        # Bytes: a codec would have to be imported, which a process may no longer have a right to.
        return digest(os.fsdecode(_BOOT_ID.read_bytes()).strip())
    except OSError:  # no Linux
        return digest(f"{platform.system()} {platform.node()}")


def digest(text: str) -> str:
    """Return 16 characters that stand for *text*, which may hold undecodable bytes of names."""
    return hashlib.sha256(os.fsencode(text)).hexdigest()[:16]
