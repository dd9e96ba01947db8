"""The hooks that other plugins and `conftest.py` may implement."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .filesystems.expectations import Expectation, Filler
    from .installs import Role
    from .installs.installers import Finder


def pytest_linkcheck_installers(config: pytest.Config) -> "Mapping[str, Finder]":  # type: ignore[empty-body]
    """Return installers by the names they are chosen by.

    Each is a class or a function that takes a `Choice` (the version or the path that is asked
    for) and the `Tools` of the run, and returns an `Installer`; its `link_modes` name the ways it
    can fill an environment. A name that is taken already is an error.
    """


@pytest.hookspec(firstresult=True)
def pytest_linkcheck_expectation(
    config: pytest.Config,
    installer: "str | Filler",
    link_mode: str | None,
    role: "Role",
    expectation: "Expectation",
) -> "Expectation | None":
    """Return what should come of files of *role* instead of *expectation*, `None` to leave it.

    For a project whose installer does better, or other, than docs/expectations.md has it.
    """
