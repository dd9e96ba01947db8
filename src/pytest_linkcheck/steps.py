"""Long steps, told to whoever listens: nobody does unless somebody sits before a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

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
