"""Bytecode is there when asked for, fresh, the environment's own, and never in a cache."""

from pathlib import Path

import pytest

from pytest_linkcheck import (
    Environment,
    Wheel,
    assert_bytecode,
    assert_bytecode_fresh,
    assert_no_bytecode,
    watch,
)
from pytest_linkcheck.installs.installers import Task
from pytest_linkcheck.links import Aspect

from . import subjects
from .cached import existing, links_into_cache
from .checks import check
from .conftest import Make
from .telling import assert_none

UNSHARED = "https://github.com/astral-sh/uv/issues/2637"
AGAIN = "https://github.com/astral-sh/uv/issues/12202"
PYC = "https://peps.python.org/pep-0552/"


def compiled(env: Environment) -> list[Path]:
    """Return the bytecode below site-packages, that which the wheel ships left out."""
    return list(env.site_packages.rglob("__pycache__/*.pyc"))


@check("must", why=UNSHARED)
def test_no_bytecode_unless_asked(make: Make, sample: Wheel) -> None:
    """An install that is told not to compile leaves no bytecode."""
    env = make(sample, bytecode="none")
    subjects.skip_if_whole(env, "the bytecode that was compiled in the cache is in them")
    # Not assert_no_bytecode: by its hash in RECORD that tells what came in the wheel, and PDM's
    # RECORD has no hash of what is linked.
    assert_none(compiled(env), "compiled, and not asked for", env)


@check("must", why=PYC)
def test_bytecode_is_complete_and_fresh(make: Make, sample: Wheel) -> None:
    """An install that is told to compile leaves bytecode for each module, valid for its source."""
    env = make(bytecode="compiled")
    subjects.need(env.installer, Task.COMPILE)
    env.install(sample)
    assert_bytecode(env, complete=True)
    assert_bytecode_fresh(env)


@check("must", why=UNSHARED)
@pytest.mark.parametrize("bytecode", ["compiled", "on-import"])
def test_bytecode_is_own(make: Make, sample: Wheel, bytecode: str) -> None:
    """Bytecode is never in the cache, nor shared with another environment."""
    one = make(bytecode=bytecode)
    if bytecode == "compiled":
        subjects.need(one.installer, Task.COMPILE)
    subjects.skip_if_whole(one, "bytecode in them is one for all")
    one.install(sample)
    one.run("python", "-c", "import sample.large, sample.block")
    assert compiled(one)
    assert_none(links_into_cache(one, compiled(one)), "bytecode that is linked", one)
    for folder in existing(one.cache):
        assert_no_bytecode(folder)


@check("must", why=AGAIN)
def test_a_second_run_rewrites_no_bytecode(make: Make, sample: Wheel) -> None:
    """An install of what is there already leaves its bytecode alone."""
    env = make(bytecode="compiled")
    subjects.need(env.installer, Task.COMPILE)
    env.install(sample)
    assert compiled(env), "nothing proves it: there is no bytecode"
    before = watch(compiled(env))
    env.install(sample, check=False)  # it may refuse to install what is there
    before.assert_unchanged()


@check("must", why=UNSHARED)
def test_uninstall_leaves_no_bytecode(make: Make, sample: Wheel) -> None:
    """An uninstall removes the bytecode of what it removes."""
    env = make(bytecode="compiled")
    subjects.need(env.installer, Task.COMPILE)
    env.install(sample)
    assert_bytecode(env)
    env.uninstall(sample.name)
    assert_no_bytecode(env)


@check("must", why=UNSHARED)
def test_shipped_bytecode_is_not_written_through(make: Make, sample: Wheel) -> None:
    """Bytecode that a wheel ships is left alone when an environment is compiled."""
    one = make(sample)
    subjects.need(one.installer, Task.COMPILE)
    before = watch(one / "sample/shipped.pyc")
    two = make(sample, bytecode="compiled")
    two.run("python", "-c", "import sample.shipped")
    before.assert_unchanged(allow={Aspect.LINKS_GAINED})
