"""Two environments by each installer, in each link mode, on one filesystem and across two.

Run it as root; `-n auto` makes it faster. What comes out is compared, file by file, with what
should (docs/expectations.md): inodes, links, and the blocks that files lie in.
"""

import pytest

from pytest_linkcheck import (
    Filesystem,
    Installer,
    Sharing,
    Venvs,
    assert_link_count,
    assert_linked,
    assert_symlinked,
)

MODES = ["default", "clone", "hardlink", "copy", "symlink"]
PLACES = ["ext4", "xfs", "btrfs", "tmpfs", "overlay"]
APART = ["xfs", "bind(btrfs)", "btrfs-subvolume"]


@pytest.mark.linkcheck_matrix(installers=["uv", "pip"], link_modes=MODES, filesystems=PLACES)
def test_one_place(
    venvs: Venvs, installer: Installer, link_mode: str | None, filesystem: Filesystem
) -> None:
    check(venvs, installer, link_mode, filesystem, filesystem)


@pytest.mark.linkcheck_matrix(
    installers=["uv", "pip"], link_modes=MODES, filesystems=["btrfs"], cache_filesystems=APART
)
def test_a_cache_elsewhere(
    venvs: Venvs,
    installer: Installer,
    link_mode: str | None,
    filesystem: Filesystem,
    cache_filesystem: Filesystem,
) -> None:
    check(venvs, installer, link_mode, filesystem, cache_filesystem)


def check(
    venvs: Venvs, installer: Installer, link_mode: str | None, at: Filesystem, cache_at: Filesystem
) -> None:
    expected = at.expected(installer, link_mode, cache_at=cache_at)
    one, two = (
        venvs.create(installer, "numpy", link_mode=link_mode, at=at, cache_at=cache_at)
        for _ in range(2)
    )
    assert_linked(one["numpy"], two["numpy"], expected)
    module = "numpy/__init__.py"
    if expected is Sharing.SYMLINK:
        assert_symlinked(one / module, into=one.cache)
    else:  # the cache and both environments hold a hard link; any other file is alone
        assert_link_count(one / module, 3 if expected is Sharing.HARDLINK else 1)
