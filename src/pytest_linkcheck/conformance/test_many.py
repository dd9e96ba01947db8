"""Many installs at once."""

from concurrent.futures import ThreadPoolExecutor

from pytest_linkcheck import Sharing, Wheel, assert_link_count
from pytest_linkcheck.installs.installers import Task

from . import subjects
from .checks import check
from .conftest import Make
from .test_failure import assert_sound

LOCKS = "https://github.com/astral-sh/uv/issues/7434"
AT_ONCE = 8


@check("must", why=LOCKS)
def test_many_cold_installs_share_one_copy(make: Make, sample: Wheel, expected: Sharing) -> None:
    """Eight installs at once from an empty cache are all sound, and share as one after another."""
    envs = [make() for _ in range(AT_ONCE)]
    subjects.need(envs[0].installer, Task.INSTALL)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda env: env.install(sample), envs))
    first, *others = envs
    for env in others:
        assert_sound(env, sample)
        subjects.assert_shared(first, env, sample.name, expected)
    if expected is Sharing.HARDLINK:
        assert_link_count(first / "sample/block.py", 1 + AT_ONCE)
