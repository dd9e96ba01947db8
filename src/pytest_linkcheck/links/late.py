"""Packages whose names are imported when they are first used."""

from collections.abc import Callable, Mapping
from importlib import import_module


def importer(package: str, modules: Mapping[str, tuple[str, ...]]) -> Callable[[str], object]:
    """Return a `__getattr__` for *package* (PEP 562) that brings names in from *modules*.

    These are named as after the first dot of a relative import. No name may be that of a module
    of the package: once that is imported, it hides the name.
    """
    homes = {name: module for module, names in modules.items() for name in names}

    def find(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f".{homes[name]}", package), name)

    return find
