"""Where results come from: the host, the Python, and what of installers and places was used."""

import hashlib
import platform
import socket
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .model import Host, InstallerFacts, PlaceFacts, Python


@dataclass(frozen=True, slots=True)
class Where:
    """Where one result was found, by which worker of xdist (empty without it), by what."""

    worker: str
    host: Host
    python: Python
    installers: tuple[InstallerFacts, ...] = ()
    filesystems: tuple[PlaceFacts, ...] = ()


@cache
def this_host() -> Host:
    """Return the machine that this process runs on."""
    return Host(
        name=socket.gethostname(),
        boot=_boot(),
        system=platform.system(),
        kernel=platform.release(),
        machine=platform.machine(),
    )


def _boot() -> str:
    """Return a hash of the boot id; empty where the kernel tells none."""
    try:
        told = Path("/proc/sys/kernel/random/boot_id").read_bytes().strip()
    except OSError:
        return ""
    # The id itself is a secret of the machine (machine-id(5) says so of its like).
    return hashlib.blake2s(told, person=b"lnkcheck").hexdigest()[:16]


def this_python() -> Python:
    """Return the Python of this process."""
    return Python(platform.python_implementation(), platform.python_version())
