"""The installer of `conftest.py`, held to what it promises."""

import pytest

from pytest_linkcheck import (
    Installer,
    Venvs,
    Wheelhouse,
    assert_different_inodes,
    assert_link_count,
    assert_linked,
    assert_no_bytecode,
)


@pytest.mark.linkcheck_matrix(installers=["unpacker"], link_modes=["hardlink"])
def test_it_shares_what_came_in_the_wheel(
    venvs: Venvs, wheelhouse: Wheelhouse, installer: Installer, link_mode: str
) -> None:
    wheel = wheelhouse.build("plain", "1.0", {"plain.py": b"NAME = 'plain'\n"})
    one, two = (venvs.create(installer, wheel, link_mode=link_mode) for _ in range(2))

    assert_linked(one["plain"], two["plain"], "hardlink")
    assert_link_count(one / "plain.py", 3)  # the cache, one and two
    assert_different_inodes(*(env["plain"].dist_info / "RECORD" for env in (one, two)))
    assert_no_bytecode(one)
