"""The demonstration without a network: two environments by uv share, the one by pip does not."""

from pytest_linkcheck import (
    Venvs,
    Wheelhouse,
    assert_different_inodes,
    assert_link_count,
    assert_linked,
    assert_same_inode,
)


def test_uv_shares_what_pip_does_not(venvs: Venvs, wheelhouse: Wheelhouse) -> None:
    one, two = (venvs.uv(wheelhouse.sample, link_mode="hardlink") for _ in range(2))
    three = venvs.pip(wheelhouse.sample)
    module = "sample/__init__.py"

    assert_same_inode(one / module, two / module)
    assert_link_count(one / module, 3)  # the cache, one and two
    assert_different_inodes(one / module, three / module)
    assert_link_count(three / module, 1)
    assert_linked(one["sample"], two["sample"], "hardlink")
