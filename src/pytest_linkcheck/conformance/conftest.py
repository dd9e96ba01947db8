"""What the checks have in common: an environment by the installer, mode and place under test."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Protocol

import pytest

from pytest_linkcheck.installs import Environment, Venvs, Wheel, Wheelhouse

from . import subjects

if TYPE_CHECKING:
    from pytest_linkcheck.filesystems import Filesystem, Filesystems
    from pytest_linkcheck.installs.installers import Installer


class Make(Protocol):
    """Makes an environment as `venvs.create` does; installer, mode and place are chosen."""

    def __call__(self, *requirements: Wheel, **options: object) -> Environment:
        """Return a new environment with *requirements* in it."""


@pytest.fixture
def make(
    venvs: Venvs, installer: "Installer", link_mode: str | None, filesystem: "Filesystem"
) -> Make:
    """Make environments by the installer, in the link mode, at the place under test."""
    return partial(venvs.create, installer, link_mode=link_mode, at=filesystem)


@pytest.fixture
def sample(wheelhouse: Wheelhouse, installer: "Installer") -> Wheel:
    """The sample wheel, under a name that the installer can install."""
    return subjects.build(wheelhouse, installer, "1.0")


@pytest.fixture
def sample_2(wheelhouse: Wheelhouse, installer: "Installer") -> Wheel:
    """The next version of the sample; skips where an installer replaces none."""
    return subjects.build(wheelhouse, installer, "2.0")


@pytest.fixture
def large(wheelhouse: Wheelhouse, installer: "Installer") -> Wheel:
    """A wheel of 5,000 files."""
    return subjects.build_large(wheelhouse, installer)


@pytest.fixture
def other_place(filesystem: "Filesystem", filesystems: "Filesystems") -> Iterator["Filesystem"]:
    """A place on another device than the one under test; skips where none can be made."""
    found = filesystems.get("ext4" if filesystem.type == "tmpfs" else "tmpfs")
    before = set(filesystems.folders())
    yield found
    filesystems.remove(set(filesystems.folders()) - before)
