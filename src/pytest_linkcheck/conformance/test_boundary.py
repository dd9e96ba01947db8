"""With the cache on another device files are shared as far as that allows, and it is said."""

from typing import TYPE_CHECKING

import pytest

from pytest_linkcheck import Sharing, UnavailableError, Venvs, Wheel
from pytest_linkcheck.installs.installers import Installer

from . import subjects
from .checks import check
from .conftest import Make

if TYPE_CHECKING:
    from pytest_linkcheck.filesystems import Filesystem, Filesystems

OTHER_DEVICE = "https://github.com/astral-sh/uv/issues/7285"
SILENT = "https://github.com/astral-sh/uv/issues/18297"

# What each mode gives where it works; anything else is a fallback, which is to be said.
BY_MODE = {
    "clone": {Sharing.REFLINK, Sharing.HARDLINK},
    "hardlink": {Sharing.HARDLINK},
    "symlink": {Sharing.SYMLINK},
}


def falls_back(expected: Sharing, link_mode: str | None) -> bool:
    """Return whether files are *expected* to be shared in another way than *link_mode* asks for."""
    return expected not in BY_MODE.get(link_mode or "clone", {expected})


@check("must", why=OTHER_DEVICE)
def test_a_cache_on_another_device_works(
    venvs: Venvs, installer: Installer, link_mode: str | None, filesystem: "Filesystem",
    other_place: "Filesystem", sample: Wheel,
) -> None:  # fmt: skip
    """With the cache on another device an install works, and shares what can be shared."""
    one, two = (
        venvs.create(installer, sample, link_mode=link_mode, at=filesystem, cache_at=other_place)
        for _ in range(2)
    )
    # After the installs: where none is expected to work, what the installer says is the finding.
    expected = filesystem.expected(installer, link_mode, cache_at=other_place)
    subjects.assert_shared(one, two, sample.name, expected)


@check("must", why=SILENT)
def test_a_fallback_is_said(
    venvs: Venvs, installer: Installer, link_mode: str | None, filesystem: "Filesystem",
    other_place: "Filesystem", sample: Wheel,
) -> None:  # fmt: skip
    """Where links are not possible the one warning that is promised is printed, and no other."""
    env = venvs.create(installer, link_mode=link_mode, at=filesystem, cache_at=other_place)
    if env.install(sample, check=False).returncode != 0:
        pytest.skip("there is no fallback: the install fails, and says so")
    expected = filesystem.expected(installer, link_mode, cache_at=other_place)
    words = installer.promise(link_mode).warns
    if falls_back(expected, link_mode) and words:
        assert [words in line for line in env.log.warnings] == [True]
    else:
        assert not env.log.warnings


@check("must", why=SILENT)
def test_no_warning_without_a_fallback(
    make: Make, sample: Wheel, link_mode: str | None, expected: Sharing
) -> None:
    """With the cache at hand no warning is printed."""
    if falls_back(expected, link_mode):
        pytest.skip(f"files are expected to be a {expected.value} here: a warning is in place")
    assert not make(sample).log.warnings


@check("must", why=OTHER_DEVICE)
@pytest.mark.parametrize("boundary", ["bind", "btrfs-subvolume"])
def test_a_cache_across_a_boundary_works(
    venvs: Venvs, installer: Installer, link_mode: str | None, filesystem: "Filesystem",
    filesystems: "Filesystems", sample: Wheel, boundary: str,
) -> None:  # fmt: skip
    """With the cache on another mount, or in another subvolume, what can be shared is shared."""
    if boundary == "bind" and filesystem.name != "default":
        boundary = f"bind({filesystem.name})"
    if boundary == "btrfs-subvolume" and filesystem.name != "btrfs":
        raise UnavailableError("no subvolumes here: choose btrfs by --linkcheck-filesystem")
    other = filesystems.get(boundary)
    one, two = (
        venvs.create(installer, sample, link_mode=link_mode, at=filesystem, cache_at=other)
        for _ in range(2)
    )
    expected = filesystem.expected(installer, link_mode, cache_at=other)
    subjects.assert_shared(one, two, sample.name, expected)
