"""What becomes of environments when the cache is cleaned."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pytest_linkcheck import Environment, Wheel

from . import subjects
from .cached import bytes_in, existing, is_below
from .checks import check
from .conftest import Make
from .telling import assert_none

DANGLING = "https://github.com/astral-sh/uv/issues/13270"
PRUNED = "https://github.com/astral-sh/uv/issues/12003"
FREED = "https://github.com/astral-sh/uv/issues/20546"
WORKS = "import sample.large, sample.empty; print(sample.VERSION)"


@contextmanager
def staying_whole(env: Environment, wheel: Wheel) -> Iterator[None]:
    """Assert that what is installed is all there still when the block is left, and works."""
    __tracebackhide__ = True
    # Before: where RECORD goes along, it lists nothing afterwards.
    files = [path for path in subjects.files_below(env.prefix) if path.exists()]
    yield
    assert_none((path for path in files if not path.exists()), "gone, or dangling", env)
    works = env.run("python", "-c", WORKS, check=False)
    assert works.stdout.strip() == wheel.version, f"it no longer works\n{works}"


@check("must", why=DANGLING, hazard_if=("symlink",))
def test_clean_leaves_environments_whole(make: Make, sample: Wheel) -> None:
    """When the cache has been emptied, environments still have all their files."""
    env = make(sample)
    with staying_whole(env, sample):
        env.clean_cache()


@check("must", why=PRUNED)
def test_prune_leaves_environments_whole(make: Make, sample: Wheel) -> None:
    """When the cache has been pruned of what is in no use, environments have all their files."""
    env = make(sample)
    with staying_whole(env, sample):
        env.prune_cache()


@check("must", why=DANGLING)
def test_an_install_after_a_clean_works(make: Make, sample: Wheel) -> None:
    """When the cache has been emptied, the next install fills it again."""
    make(sample).clean_cache()
    env = make(sample)
    gone = (path for path in subjects.members(sample, env) if not path.exists())
    assert_none(gone, "not installed", env)


@check("must", why=FREED)
def test_clean_leaves_nothing_in_the_cache(make: Make, sample: Wheel) -> None:
    """When the cache has been emptied, it has no installed file but those that symlinks need."""
    env = make(sample)
    payload = {path.name for path in subjects.members(sample, env)}
    env.clean_cache()
    left = {path for folder in existing(env.cache) for path in subjects.files_below(folder)}
    needed = {path.resolve() for path in subjects.files_below(env.prefix) if path.is_symlink()}
    kept = {path for path in left if path.resolve() in needed}
    assert_none((path for path in left - kept if path.name in payload), "still cached", env)


@check("hazard", why=FREED)
def test_bytes_freed_are_true(make: Make, sample: Wheel) -> None:
    """The bytes that a clean says it has freed are those that are free now.

    Folders are left out: what a folder takes is not what a file has freed.
    """
    env = make(sample)
    if not existing(env.cache):
        pytest.skip(f"{env.installer.name} has made no cache: there is nothing to free")
    roots = existing(env.prefix, env.cache)
    before = bytes_in(*roots)
    told = env.clean_cache().freed
    if told is None:
        pytest.skip(f"{env.installer.name} does not say how many bytes it has freed")
    freed = before - bytes_in(*existing(*roots))
    assert freed in told, f"it says {told.said}, and {freed:,} bytes are free now"


@check("must", why=DANGLING, hazard_if=("symlink",))
def test_nothing_leads_into_the_cache(make: Make, sample: Wheel) -> None:
    """No file of an environment needs the cache to be there."""
    env = make(sample)
    leading = (path for path in subjects.files_below(env.prefix) if is_below(path, env.cache))
    assert_none(leading, "lead into the cache", env)
