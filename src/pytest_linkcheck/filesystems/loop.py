"""Loop devices: an image file as a block device, by the ioctls of <linux/loop.h>."""

import errno
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pytest_linkcheck.errors import UnavailableError
from pytest_linkcheck.links.ioctl import ioctl

_CONTROL = Path("/dev/loop-control")
_CTL_GET_FREE = 0x4C82
_CONFIGURE = 0x4C0A
_AUTOCLEAR = 4
# struct loop_config: descriptor, block size, struct loop_info64 (flags after 52 bytes, then the
# name that losetup shows), reserved
_CONFIG = struct.Struct("=II 52x I 64s 64x 32x 16x 64x")
_ATTEMPTS = 64


@contextmanager
def attached(image: int, name: str) -> Iterator[Path]:
    """Yield a loop device that shows the open file *image*; *name* is what `losetup` calls it.

    The kernel frees the device as soon as nobody has it open or mounted: by itself, whatever
    becomes of this process. Raises `UnavailableError` where there are no loop devices.
    """
    config = bytearray(_CONFIG.pack(image, 0, _AUTOCLEAR, os.fsencode(name)[:63]))
    for _ in range(_ATTEMPTS):
        device = _find_free()
        descriptor = _open(device)
        try:
            try:
                ioctl(descriptor, _CONFIGURE, config)
            except OSError as error:
                if error.errno == errno.EBUSY:  # another process was faster
                    continue
                raise _unavailable(f"{device} takes no image: {error.strerror}") from None
            yield device
            return
        finally:
            os.close(descriptor)
    raise _unavailable("all loop devices are taken at once by other processes")


def _find_free() -> Path:
    control = _open(_CONTROL)
    try:
        number = ioctl(control, _CTL_GET_FREE)
    except OSError as error:
        raise _unavailable(f"{_CONTROL} gives no free device: {error.strerror}") from None
    finally:
        os.close(control)
    return Path(f"/dev/loop{number}")


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        remedy = "load the module loop" if path == _CONTROL else "give the container /dev"
        raise _unavailable(f"{path} is missing: {remedy}") from None
    except OSError as error:
        raise _unavailable(f"{path} cannot be opened: {error.strerror}") from None


def _unavailable(problem: str) -> UnavailableError:
    return UnavailableError(
        f"no loop device for an image: {problem}; or name a folder of your own: "
        "--linkcheck-filesystem NAME=PATH"
    )
