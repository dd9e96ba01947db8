"""Long steps, told to whoever listens: nobody does unless somebody sits before a terminal.

And which path is being read, for whoever waits for that: it may never answer.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

# Called with what is being done, and with nothing when that is over.
Listener = Callable[[str], None]

_LISTENER: ContextVar[Listener | None] = ContextVar("linkcheck_listener", default=None)


def listen(listener: Listener | None) -> None:
    """Tell *listener* of the steps from now on; `None` ends that."""
    _LISTENER.set(listener)


@contextmanager
def step(text: str) -> Iterator[None]:
    """Say that *text* is being done, until the block is left."""
    listener = _LISTENER.get()
    if listener is None:
        yield
        return
    listener(text)
    try:
        yield
    finally:
        listener("")


@dataclass(slots=True)
class Look:
    """The path that is being read, and how many were before it."""

    path: object = ""
    count: int = 0


_LOOK: ContextVar[Look | None] = ContextVar("linkcheck_look", default=None)


@contextmanager
def looks_noted_in(look: Look) -> Iterator[None]:
    """Have the paths that are read in the block noted in *look*."""
    token = _LOOK.set(look)
    try:
        yield
    finally:
        _LOOK.reset(token)


def look_at(path: object) -> None:
    """Note that *path* is read next."""
    look = _LOOK.get()
    if look is not None:
        look.path = path
        look.count += 1
