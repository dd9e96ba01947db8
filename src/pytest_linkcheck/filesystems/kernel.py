"""The system calls that make mounts, and the few others that Python does not offer.

mount(2), umount2(2), unshare(2), capget(2) and prctl(2) by ctypes: mount(8) and unshare(1) report
errors as text in the user's language, and cannot change the process that asks.
"""

import ctypes
import errno
import os
import sys
from collections.abc import Callable
from enum import IntFlag
from functools import cache
from typing import Any

# <linux/sched.h>
OWN_FOLDERS = 0x0000_0200  # CLONE_FS: root and working folder are this thread's own
NEW_MOUNTS = 0x0002_0000
NEW_USER = 0x1000_0000

_MNT_DETACH = 2  # <linux/fs.h>

# <linux/capability.h>, <linux/prctl.h>
_CAPABILITY_VERSION_3 = 0x20080522
_PR_CAP_AMBIENT = 47
_AMBIENT_RAISE = 2
_AMBIENT_CLEAR = 4
CAN_MOUNT = 1 << 21  # CAP_SYS_ADMIN


class MountFlag(IntFlag):
    """Flags of mount(2), from <linux/mount.h>."""

    NONE = 0
    READ_ONLY = 1
    REMOUNT = 32
    NO_SYMLINKS = 256
    BIND = 4096
    RECURSIVE = 16384
    SLAVE = 1 << 19


@cache
def _function(name: str) -> Callable[..., int]:
    if sys.platform != "linux":
        raise OSError(errno.ENOSYS, "not supported on this system")
    function: Any = getattr(ctypes.CDLL(None, use_errno=True), name)
    return function  # type: ignore[no-any-return]


def _call(name: str, *arguments: object) -> None:
    if _function(name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def lock(descriptor: int, *, wait: bool, shared: bool = False) -> bool:
    """Lock an open file for this process; return whether that worked at once, if not to wait.

    *shared* locks may be had by any number of processes, but not beside another lock.
    """
    try:
        import fcntl  # noqa: PLC0415 - not every system has it
    except ImportError:
        raise OSError(errno.ENOSYS, "not supported on this system") from None
    try:
        sort = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        fcntl.flock(descriptor, sort | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True


def mount(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    kind: str = "",
    flags: MountFlag = MountFlag.NONE,
    options: str = "",
) -> None:
    """Show *source* on *target*; raises `OSError` with the number the kernel gives."""
    _call(
        "mount",
        os.fsencode(source),
        os.fsencode(target),
        kind.encode() or None,
        ctypes.c_ulong(flags),
        os.fsencode(options) or None,
    )


def unmount(target: str | os.PathLike[str], *, detach: bool = False) -> None:
    """Unmount what is on *target*; *detach* hides it now and ends it when nobody uses it."""
    _call("umount2", os.fsencode(target), _MNT_DETACH if detach else 0)


def unshare(flags: int) -> None:
    """Give the calling thread namespaces of its own."""
    _call("unshare", ctypes.c_int(flags))


def set_namespace(descriptor: int, flags: int) -> None:
    """Let the calling thread enter the namespace that is open as *descriptor*: setns(2)."""
    _call("setns", ctypes.c_int(descriptor), ctypes.c_int(flags))


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def permitted() -> int:
    """Return which capabilities this thread may use, as bits."""
    header, sets = _Header(_CAPABILITY_VERSION_3, 0), (_Sets * 2)()
    _call("capget", ctypes.byref(header), ctypes.byref(sets))
    return int(sets[0].permitted | sets[1].permitted << 32)


def use_capabilities(effective: int, *, inheritable: int = 0) -> None:
    """Use the *effective* capabilities of the permitted ones; hand on the *inheritable*."""
    header, sets, may = _Header(_CAPABILITY_VERSION_3, 0), (_Sets * 2)(), permitted()
    for half in (0, 1):
        word = 0xFFFF_FFFF
        sets[half].effective = effective >> 32 * half & word
        sets[half].permitted = may >> 32 * half & word
        sets[half].inheritable = inheritable >> 32 * half & word
    _call("capset", ctypes.byref(header), ctypes.byref(sets))


def hand_on_capabilities(capabilities: int) -> None:
    """Let programs that this thread starts have *capabilities*, though they are not root's."""
    use_capabilities(capabilities, inheritable=capabilities)
    for bit in range(capabilities.bit_length()):
        if capabilities >> bit & 1:
            _prctl(_AMBIENT_RAISE, bit)


def keep_capabilities_here() -> None:
    """Let programs that this thread starts have no capabilities."""
    _prctl(_AMBIENT_CLEAR, 0)


def _prctl(operation: int, argument: int) -> None:
    arguments = (operation, argument, 0, 0)
    _call("prctl", ctypes.c_int(_PR_CAP_AMBIENT), *map(ctypes.c_ulong, arguments))
