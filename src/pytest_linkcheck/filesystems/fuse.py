"""exFAT, which has neither hard links nor symlinks: by the kernel, or by a FUSE process."""

import errno
from pathlib import Path

from pytest_linkcheck.errors import UnavailableError
from pytest_linkcheck.links.mounts import read_mounts
from pytest_linkcheck.links.show import show_name

from . import kernel
from .images import explain_mount, find_program
from .watchdog import Helper

_SERVER = "mount.exfat-fuse"
_LOOK = 0.01  # seconds between two looks at whether it is mounted
_LOOKS = 1000


def mount_exfat(device: Path, point: Path) -> Helper | None:
    """Mount the exFAT filesystem on *device*; return the process that serves it, if one does.

    Raises `UnavailableError` where neither the kernel nor FUSE has it.
    """
    try:
        kernel.mount(device, point, "exfat")
    except OSError as error:
        if error.errno != errno.ENODEV:
            raise explain_mount("exfat", error) from None
    else:
        return None
    server = find_program(_SERVER)
    if server is None:
        raise UnavailableError(
            f"this kernel has no exfat, and {_SERVER} is not installed: install exfat-fuse "
            "(Debian and Fedora), or use a kernel that has exfat"
        )
    helper = Helper("serve", server, str(device), str(point))
    for _ in range(_LOOKS):
        if any(mount.point == str(point) for mount in read_mounts()):
            return helper
        if helper.has_ended(_LOOK):
            break
    helper.dismiss()
    raise UnavailableError(
        f"{server} did not mount {show_name(point)}: is there a /dev/fuse, and may this process "
        "use it?"
    )
