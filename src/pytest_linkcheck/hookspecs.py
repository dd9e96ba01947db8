"""The hooks that other plugins and `conftest.py` may implement."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest

    from .installs.installers import Finder


def pytest_linkcheck_installers(config: "pytest.Config") -> "Mapping[str, Finder]":  # type: ignore[empty-body]
    """Return installers by the names they are chosen by.

    Each is a class or a function that takes a `Choice` (the version or the path that is asked
    for) and the `Tools` of the run, and returns an `Installer`; its `link_modes` name the ways it
    can fill an environment. A name that is taken already is an error.
    """
