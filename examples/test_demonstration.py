"""Two environments by uv and one by pip: who shares numpy, and how one can tell.

By hand this takes `stat`, `ls -li` and `df`: equal device, equal inode, `Links: 3`. Needs a
package index for numpy; without one it is skipped.
"""

from pytest_linkcheck import (
    Sharing,
    Venvs,
    assert_different_inodes,
    assert_link_count,
    assert_linked,
    assert_same_inode,
    compare,
)


def test_uv_shares_what_pip_does_not(venvs: Venvs) -> None:
    one, two = (venvs.uv("numpy") for _ in range(2))
    three = venvs.pip("numpy")
    module = "numpy/__init__.py"

    # uv's own choice: reflinks where the filesystem has them (btrfs, xfs, APFS), else hard links.
    if compare(one / module, two / module).sharing is Sharing.REFLINK:
        assert_different_inodes(one / module, two / module)
        assert_link_count(one / module, 1)
        assert_linked(one["numpy"], two["numpy"], "reflink")
    else:
        assert_same_inode(one / module, two / module)
        assert_link_count(one / module, 3)  # the cache, one and two
        assert_linked(one["numpy"], two["numpy"], "hardlink")

    assert_different_inodes(one / module, three / module)
    assert_link_count(three / module, 1)
