"""The fixture that every check may use, wherever it is written: how files should be shared."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_linkcheck.filesystems import Filesystem
    from pytest_linkcheck.installs.installers import Installer
    from pytest_linkcheck.links import Sharing


@pytest.fixture
def expected(installer: "Installer", link_mode: str | None, filesystem: "Filesystem") -> "Sharing":
    """How files should be shared, by installer, mode and what the filesystem can do."""
    return filesystem.expected(installer, link_mode)
