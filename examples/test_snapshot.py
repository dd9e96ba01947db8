"""How two environments share files, held against a text that is stored beside this test.

`pytest --linkcheck examples/test_snapshot.py --linkcheck-update` writes it again.
"""

import pytest

from pytest_linkcheck import LinkSnapshot, Venvs, Wheelhouse


@pytest.mark.linkcheck_requires("hardlink", "symlink", "uv>=0.10.5")
@pytest.mark.parametrize("mode", ["hardlink", "symlink"])
def test_sharing_is_as_it_was(
    venvs: Venvs, wheelhouse: Wheelhouse, linkcheck_snapshot: LinkSnapshot, mode: str
) -> None:
    one, two = (venvs.uv(wheelhouse.sample, link_mode=mode) for _ in range(2))

    linkcheck_snapshot.check(one, two, roles=["payload", "metadata", "data"])
