"""Two environments share what the link mode says, with each other and with the cache."""

import pytest

from pytest_linkcheck import Sharing, Wheel, assert_link_count, measure

from . import subjects
from .cached import assert_shared_with_cache, existing
from .checks import check
from .conftest import Make
from .telling import assert_none

DUPLICATED = "https://github.com/astral-sh/uv/issues/3886"
REFLINKS = "https://github.com/astral-sh/uv/issues/15700"


@check("must", why=DUPLICATED)
def test_payload_is_shared(make: Make, sample: Wheel, expected: Sharing) -> None:
    """What comes out of a wheel is shared by two environments in the way of the link mode."""
    one, two = make(sample), make(sample)
    subjects.assert_shared(one, two, sample.name, expected)


@check("must", why=DUPLICATED)
def test_cache_is_shared(make: Make, sample: Wheel, expected: Sharing) -> None:
    """What comes out of a wheel is shared with the cache in the way of the link mode."""
    env = make(sample)
    if env.installer.promise(env.link_mode).whole:
        paths = subjects.linked_entries(env)
    else:
        paths = [file.path for file in subjects.promised(env[sample.name], env)]
    assert_shared_with_cache(paths, env, expected)


@check("must", why=DUPLICATED)
def test_link_count_is_cache_and_environments(make: Make, sample: Wheel, expected: Sharing) -> None:
    """A hard-linked file has one name in the cache and one in each environment; others have one."""
    first, *_ = [make(sample) for _ in range(3)]
    for file in subjects.promised(first[sample.name], first):
        if expected is Sharing.HARDLINK:
            assert_link_count(file.path, 1 + 3)
        elif not file.path.is_symlink():
            assert_link_count(file.path, 1)


@check("must", why=DUPLICATED)
def test_links_lie_in_cache_and_environments(make: Make, sample: Wheel) -> None:
    """Every name of an installed file lies in the cache or in an environment."""
    one, two = make(sample), make(sample)
    topology = measure(*existing(one.prefix, two.prefix, one.cache))
    names = [file.path.resolve() for file in subjects.promised(one[sample.name], one)]
    elsewhere = {name: topology.inode_of(name).elsewhere for name in names}
    outside = (name for name, count in elsewhere.items() if count)
    assert_none(outside, "with names outside of cache and environments", one)
    if None in elsewhere.values():
        pytest.skip("link counts are not exact here: names elsewhere cannot be told")


@check("must", why=REFLINKS)
def test_5000_files_are_shared(make: Make, large: Wheel, expected: Sharing) -> None:
    """A wheel of 5,000 files is shared to the last of them."""
    one, two = make(large), make(large)
    subjects.assert_shared(one, two, "large", expected)
    assert len(one["large"].files) >= subjects.FILES
