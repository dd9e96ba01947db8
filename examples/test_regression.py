"""Regression tests as the project of an installer would write them."""

import pytest

from pytest_linkcheck import (
    Installer,
    Venvs,
    Wheelhouse,
    assert_different_inodes,
    assert_link_count,
    assert_linked,
    assert_symlinked,
)


@pytest.mark.linkcheck_requires("hardlink", "symlink", "uv>=0.10.5")
@pytest.mark.linkcheck_matrix(installers=["uv"], link_modes=["hardlink", "symlink"])
def test_every_file_of_the_wheel_is_shared(
    venvs: Venvs, wheelhouse: Wheelhouse, installer: Installer, link_mode: str
) -> None:
    one, two = (venvs.create(installer, wheelhouse.sample, link_mode=link_mode) for _ in range(2))

    assert_linked(one["sample"], two["sample"], link_mode)


@pytest.mark.linkcheck_expect("hardlink", link_count=2, device="same")
def test_one_environment_shares_with_its_cache(venvs: Venvs, wheelhouse: Wheelhouse) -> None:
    venvs.uv(wheelhouse.sample, link_mode="hardlink")


def test_a_symlink_leads_into_the_cache(venvs: Venvs, wheelhouse: Wheelhouse) -> None:
    one = venvs.uv(wheelhouse.sample, link_mode="symlink")

    assert_symlinked(one / "sample/__init__.py", into=one.cache)


def test_what_is_written_for_an_environment_is_its_own(
    venvs: Venvs, wheelhouse: Wheelhouse
) -> None:
    one, two = (venvs.uv(wheelhouse.sample, link_mode="hardlink") for _ in range(2))

    for name in ("RECORD", "INSTALLER", "REQUESTED"):
        assert_different_inodes(one["sample"].dist_info / name, two["sample"].dist_info / name)


def test_uninstalling_takes_one_link_away(venvs: Venvs, wheelhouse: Wheelhouse) -> None:
    one, two = (venvs.uv(wheelhouse.sample, link_mode="hardlink") for _ in range(2))

    one.uninstall("sample")

    assert_link_count(two / "sample/__init__.py", 2)  # the cache and two


def test_pip_never_writes_through_a_link(venvs: Venvs, wheelhouse: Wheelhouse) -> None:
    one = venvs.pip(wheelhouse.sample)
    outside = one.prefix / "outside.py"
    outside.hardlink_to(one / "sample/large.py")
    before = outside.read_bytes()

    one.install(wheelhouse.sample_2)

    unchanged = outside.read_bytes() == before
    assert unchanged, "pip wrote through the link"
    assert_different_inodes(outside, one / "sample/large.py")
