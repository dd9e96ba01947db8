"""What is done to a file in one environment is not seen in another, nor in the cache."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_linkcheck import Sharing, Wheel, watch

from .cached import existing
from .checks import check
from .conftest import Make

IN_PLACE = "https://github.com/astral-sh/uv/issues/10579"


def write(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"written")


def truncate(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(1)


def chmod(path: Path) -> None:
    path.chmod(0o700)


def touch(path: Path) -> None:
    path.touch()


@check("must", why=IN_PLACE, hazard_if=("hardlink", "symlink"))
@pytest.mark.parametrize("act", [write, truncate, chmod, touch])
def test_a_change_stays_in_its_environment(
    make: Make, sample: Wheel, expected: Sharing, act: Callable[[Path], None]
) -> None:
    """A write, truncate, chmod or touch in one environment is unseen in others and in the cache."""
    one, two = make(sample), make(sample)
    name = "sample/block.py" if expected is not Sharing.REFLINK else "sample/large.py"
    before = watch(existing(two.prefix, two.cache))
    act(one / name)
    before.assert_unchanged()
