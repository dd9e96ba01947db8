"""The folders a test's environments and caches lie in: where the other names of a file may be."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from .maker import Venvs

_MAKERS: ContextVar[tuple[Venvs, ...]] = ContextVar("linkcheck_makers", default=())


@contextmanager
def knowing(maker: Venvs) -> Iterator[None]:
    """Let assertions look for names in what *maker* makes, until the block is left."""
    _MAKERS.set((*_MAKERS.get(), maker))
    try:
        yield
    finally:
        # Not by a token: fixtures of two scopes need not end in the reverse order.
        _MAKERS.set(tuple(one for one in _MAKERS.get() if one is not maker))


def known_roots() -> list[Path]:
    """Return the environments and caches of the running test."""
    made = [environment for maker in _MAKERS.get() for environment in maker.made]
    roots = [root for environment in made for root in (environment.prefix, environment.cache)]
    return list(dict.fromkeys(roots))
