"""A cache on another device: uv cannot link, copies instead, and says so once."""

from pathlib import Path

from pytest_linkcheck import (
    Venvs,
    Wheelhouse,
    assert_different_device,
    assert_different_inodes,
    assert_link_count,
)


def test_uv_copies_and_warns(venvs: Venvs, wheelhouse: Wheelhouse, other_device: Path) -> None:
    one, two = (
        venvs.uv(wheelhouse.sample, link_mode="hardlink", cache_at=other_device) for _ in range(2)
    )
    module = "sample/__init__.py"

    assert_different_device(one.prefix, one.cache)
    assert_different_inodes(one / module, two / module)
    assert_link_count(one / module, 1)
    (warning,) = one.log.warnings
    assert "falling back to full copy" in warning


def test_a_copy_that_was_asked_for_needs_no_warning(
    venvs: Venvs, wheelhouse: Wheelhouse, other_device: Path
) -> None:
    one = venvs.uv(wheelhouse.sample, link_mode="copy", cache_at=other_device)

    assert_link_count(one / "sample/__init__.py", 1)
    assert not one.log.warnings
