"""A limit to waiting for what may never answer: a network mount whose server is gone.

A process that waits for such a mount in a system call gets no signal handler to run, so it cannot
end its own waiting. What may hang is therefore read by a thread, and given up with it: the kernel
ends the thread with the process, as soon as it can. A child process would be no better in that,
and would have to send back all it has read.

A thread that works is waited for, however long it takes: only one that has used no processor time
for the whole limit is waiting for an answer.
"""

import contextvars
import os
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

import pytest

from pytest_linkcheck.links import read_mounts
from pytest_linkcheck.links.show import show_name
from pytest_linkcheck.steps import Look, looks_noted_in

DEFAULT = 60.0  # seconds: network filesystems give up or go on after less
_NETWORK = ("fuse", "nfs", "cifs", "smb", "9p", "ceph", "afs", "lustre", "virtiofs", "autofs")
_LOOKS = 100  # at how the thread is doing, in the time of the limit

_T = TypeVar("_T")


class SilentError(Exception):
    """Something did not answer; the message says what, and what to do."""


class Patience:
    """How long one waits for an answer, and which environments gave none."""

    def __init__(self, limit: float) -> None:
        """Wait *limit* seconds for each answer; 0 is for ever."""
        self._limit = limit
        self._silent: dict[str, SilentError] = {}

    def read(self, label: str, work: Callable[[], _T]) -> _T:
        """Return what *work* returns, which reads the environment *label*.

        Raises `SilentError` if it waits too long for something, then and whenever that environment
        is to be read again; and whatever *work* raises.
        """
        if label in self._silent:
            raise SilentError(f"not examined, as {self._silent[label]}")
        reader = _Reader(work)
        if not reader.has_answered(self._limit):
            told = f"reading {reader.what} did not answer within {self._limit:g} s"
            self._silent[label] = SilentError(
                f"{told}{_mounted(reader.what)}: is it on a network mount whose server is gone? "
                "Unmount that (umount -f -l), leave the environment out, or wait longer by "
                "--linkcheck-timeout SECONDS"
            )
            raise self._silent[label]
        return reader.result()


def patience_of(config: pytest.Config) -> Patience:
    """Return the patience that `--linkcheck-timeout` asks for.

    Raises `pytest.UsageError` if that is no number of seconds.
    """
    given = config.option.linkcheck_timeout
    if given is None:
        return Patience(DEFAULT)
    try:
        limit = float(given)
    except ValueError:
        limit = -1.0
    if not 0 <= limit <= threading.TIMEOUT_MAX:
        raise pytest.UsageError(
            f"--linkcheck-timeout {show_name(given)}: give a number of seconds, or 0 for no limit"
        )
    return Patience(limit)


class _Reader(Generic[_T]):
    """Work that is done by a thread of its own, which may never come to an end."""

    def __init__(self, work: Callable[[], _T]) -> None:
        self._look = Look()
        self._work = work
        self._done = threading.Event()
        self._clock: int | None = None
        self._results: list[_T] = []
        self._error: BaseException | None = None
        context = contextvars.copy_context()
        threading.Thread(
            target=context.run, args=(self._run,), name="linkcheck-reader", daemon=True
        ).start()

    @property
    def what(self) -> str:
        """What is being read."""
        return show_name(self._look.path)

    def has_answered(self, limit: float) -> bool:
        """Wait for the end of the work; `False` if it does nothing for *limit* seconds.

        A *limit* of 0 is none. By a thread too: so Ctrl-C ends the waiting.
        """
        if not limit:
            return self._done.wait()
        pulse, idle = self._pulse(), 0
        while not self._done.wait(limit / _LOOKS):
            # Counted, and not taken from a clock: one that goes on while we are stopped, as by
            # Ctrl-Z or a machine that sleeps, would find everybody late.
            last, pulse = pulse, self._pulse()
            idle = idle + 1 if pulse == last else 0
            if idle >= _LOOKS:
                return False
        return True

    def result(self) -> _T:
        """Return what the work has returned, or raise what it has raised."""
        if self._error is not None:
            raise self._error
        return self._results[0]

    def _run(self) -> None:
        if hasattr(time, "pthread_getcpuclockid"):
            self._clock = time.pthread_getcpuclockid(threading.get_ident())
        try:
            with looks_noted_in(self._look):
                self._results.append(self._work())
        except BaseException as error:  # noqa: BLE001 - the waiting thread raises it
            self._error = error
        finally:
            self._done.set()

    def _pulse(self) -> tuple[int, float]:
        """Return what differs from one look to the next while the work goes on."""
        try:
            used = 0.0 if self._clock is None else time.clock_gettime(self._clock)
        except OSError:  # the thread has just ended
            used = -1.0
        return self._look.count, used


def _mounted(path: str) -> str:
    """Return which mount *path* lies on, by its name alone: asking for more might hang as well."""
    above = [
        mount
        for mount in read_mounts()
        if f"{path}/".startswith(os.path.join(mount.point, ""))  # noqa: PTH118 - "/" has its slash
    ]
    # Of two mounts on one point the later one hides the earlier.
    mount = max(reversed(above), key=lambda mount: len(mount.point), default=None)
    # A disk answers: then a symlink on the way has led to what does not.
    silent = mount is not None and mount.type.startswith(_NETWORK)
    return f" ({mount})" if silent else ""
