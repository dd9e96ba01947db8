"""Where results come from: the host, the Python, and what of installers and places was used."""

import platform
import socket
from dataclasses import dataclass
from functools import cache

from pytest_linkcheck.links.host import boot

from .runs import Host, InstallerFacts, PlaceFacts, Python


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
        boot=boot(),
        system=platform.system(),
        kernel=platform.release(),
        machine=platform.machine(),
    )


def this_python() -> Python:
    """Return the Python of this process."""
    return Python(platform.python_implementation(), platform.python_version())
