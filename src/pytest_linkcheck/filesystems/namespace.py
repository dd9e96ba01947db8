"""A mount namespace of our own, so that every mount ends with the process: even by `kill -9`.

Root takes a mount namespace. Without root a user namespace comes first, in which the user keeps
the own number and gets the right to mount; tmpfs, overlay and bind mounts need no more.
"""

import errno
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from enum import Enum
from functools import cache
from pathlib import Path

from pytest_linkcheck.errors import UnavailableError

from . import kernel
from .kernel import MountFlag

_BY_ROOT = "run as root, or name folders of your own: --linkcheck-filesystem NAME=PATH"
# The processes, as forks know of it, that joined another's, and those that took one.
_JOINED: set[int] = set()
_TOOK: set[int] = set()
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
    if os.getpid() in _JOINED:
        return Privacy.ROOT if os.geteuid() == 0 else Privacy.USER
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
        _TOOK.add(os.getpid())
        return Privacy.USER
    try:
        with rights():
            kernel.unshare(kernel.NEW_MOUNTS)
            _let_nothing_out()
    except OSError:
        return Privacy.NONE
    _leave_rights()
    _TOOK.add(os.getpid())
    return Privacy.ROOT if os.geteuid() == 0 else Privacy.USER


def has_own_namespace() -> bool:
    """Return whether this process took a namespace: to join another's would lose its mounts."""
    return os.getpid() in _TOOK


def _leave_rights() -> None:
    """Keep what was handed on to mount with from the programs that tests start."""
    if os.geteuid() != 0:
        kernel.keep_capabilities_here()
        kernel.use_capabilities(0)


def join_namespace(task: Path, number: int) -> bool:
    """Enter the mount namespace of *task*, a thread as /proc shows it; return whether that worked.

    *number* is that of the namespace, as `own_namespace` told it there. Not before, and instead of
    `enter_namespace`.
    """
    if sys.platform != "linux" or not kernel.permitted() & kernel.CAN_MOUNT:
        return False
    here = Path.cwd()
    with ExitStack() as stack:
        try:
            mounts = os.open(task / "ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
            stack.callback(os.close, mounts)
            root = os.open(task / "root", os.O_PATH | os.O_CLOEXEC)
            stack.callback(os.close, root)
            if os.fstat(mounts).st_ino != number:
                return False
            stack.enter_context(rights())
            # A thread that has its folders in common with others may not go elsewhere.
            kernel.unshare(kernel.OWN_FOLDERS)
            kernel.set_namespace(mounts, kernel.NEW_MOUNTS)
        except OSError:
            return False
        # The kernel has led us to the root of that namespace, which need not be that of *task*.
        os.chdir(root)
        os.chroot(".")
        os.chdir(here)
    _leave_rights()
    _JOINED.add(os.getpid())
    return True


def own_namespace() -> tuple[Path, int]:
    """Return this thread as /proc shows it to others, and the number of its mount namespace."""
    task = Path(f"/proc/{os.getpid()}/task/{threading.get_native_id()}")
    return task, (task / "ns/mnt").stat().st_ino


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
