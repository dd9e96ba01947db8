"""A mount namespace of our own, so that every mount ends with the process: even by `kill -9`.

Root takes a mount namespace. Without root a user namespace comes first, in which the user keeps
the own number and gets the right to mount; tmpfs, overlay and bind mounts need no more.
"""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from functools import cache
from pathlib import Path

from pytest_linkcheck.errors import UnavailableError

from . import kernel
from .kernel import MountFlag

_BY_ROOT = "run as root, or name folders of your own: --linkcheck-filesystem NAME=PATH"
_SWITCHES = (
    ("/proc/sys/kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"),
    ("/proc/sys/user/max_user_namespaces", "0", "user.max_user_namespaces=10000"),
    (
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
        "1",
        "kernel.apparmor_restrict_unprivileged_userns=0",
    ),
)


class Privacy(Enum):
    """Who sees our mounts, and what may be mounted."""

    ROOT = "a mount namespace"
    USER = "a user and mount namespace"
    NONE = "no namespace"


def enter_namespace() -> Privacy:
    """Give this process a mount namespace of its own, once; return of which sort it is.

    Where root may mount but not take a namespace, the answer is `NONE`: mounts are then seen by
    the whole machine and must be watched. Raises `UnavailableError` where nothing can be mounted.
    """
    return _enter(os.getpid())


@cache
def _enter(_pid: int) -> Privacy:
    if sys.platform != "linux":
        raise UnavailableError(
            "this system cannot make filesystems for tests: that needs Linux; name folders of "
            "your own: --linkcheck-filesystem NAME=PATH"
        )
    if not kernel.permitted() & kernel.CAN_MOUNT:
        _enter_as_user()
        return Privacy.USER
    try:
        with rights():
            kernel.unshare(kernel.NEW_MOUNTS)
            _let_nothing_out()
    except OSError:
        return Privacy.NONE
    if os.geteuid() == 0:
        return Privacy.ROOT
    # What the process that started this one handed on for mounts is not for the tests' programs.
    kernel.keep_capabilities_here()
    kernel.use_capabilities(0)
    return Privacy.USER


def hand_on_namespace() -> None:
    """Enter the namespace of a user so that programs started from now on may mount in it too.

    The workers of xdist cannot enter one themselves: they have several threads from the start.
    Root needs none of this.
    """
    if enter_namespace() is Privacy.USER:
        kernel.hand_on_capabilities(kernel.permitted())


@contextmanager
def rights() -> Iterator[None]:
    """Use the right to mount in the block alone: in a user's namespace it would let tests read
    what their own file modes forbid.
    """  # noqa: D205 - one sentence
    if os.geteuid() == 0:
        yield
        return
    kernel.use_capabilities(kernel.permitted())
    try:
        yield
    finally:
        kernel.use_capabilities(0)


def _enter_as_user() -> None:
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads > 1:
        raise UnavailableError(
            f"mounting without root needs a user namespace, and a process with {threads} threads "
            "cannot enter one: run without -n, name the places by --linkcheck-filesystem so that "
            "they are prepared before the workers start, or run as root"
        )
    # In a child first: a namespace in which nothing can be mounted cannot be left again.
    child = os.fork()
    if child == 0:
        os._exit(_attempt())
    number = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if number:
        raise UnavailableError(
            f"mounting without root needs a user namespace, and the kernel forbids it "
            f"({os.strerror(number)}): {_switch()}{_BY_ROOT}"
        )
    _become_own_root()
    kernel.use_capabilities(0)


def _attempt() -> int:
    try:
        _become_own_root()
        kernel.mount("linkcheck", "/proc", "tmpfs")
    except OSError as error:
        return error.errno or errno.EPERM
    return 0


def _become_own_root() -> None:
    user, group = os.geteuid(), os.getegid()
    kernel.unshare(kernel.NEW_USER | kernel.NEW_MOUNTS)
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")
    _let_nothing_out()


def _let_nothing_out() -> None:
    # Slave and not private: what the machine unmounts later is not held here.
    kernel.mount("none", "/", flags=MountFlag.SLAVE | MountFlag.RECURSIVE)


def _switch() -> str:
    for path, refusing, setting in _SWITCHES:
        try:
            value = Path(path).read_text(encoding="ascii").strip()
        except OSError:
            continue
        if value == refusing:
            return f"set sysctl {setting}, or "
    return ""
