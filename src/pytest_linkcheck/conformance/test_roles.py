"""What an installer writes for one environment is that environment's alone."""

import os

import pytest

from pytest_linkcheck import Expected, Role, Sharing, Wheel, assert_linked

from . import subjects
from .cached import is_below, links_into_cache
from .checks import check
from .conftest import Make
from .telling import assert_none

IN_PLACE = "https://github.com/astral-sh/uv/issues/10579"
RECORDING = "https://packaging.python.org/en/latest/specifications/recording-installed-packages/"
CLASSES = "https://github.com/astral-sh/uv/pull/18118"


@check("must", why=RECORDING)
def test_generated_files_are_own(make: Make, sample: Wheel) -> None:
    """RECORD, INSTALLER and all else that the installer writes itself is nobody else's."""
    one, two = make(sample), make(sample)
    own_roles = one.installer.promise(one.link_mode).own - {Role.SCRIPT}
    roles: dict[Role | str, str | Sharing | Expected] = dict.fromkeys(own_roles, "own")
    if not roles:
        pytest.skip("no file but scripts is promised to be an environment's own")
    files = one[sample.name].files
    own = [file.path for file in files if file.role in roles and os.path.lexists(file.path)]
    assert own, "nothing proves it: RECORD lists nothing that the installer writes itself"
    assert_none(links_into_cache(one, own), "linked, and written for one environment", one)
    assert_linked(one[sample.name], two[sample.name], roles)


@check("must", why=IN_PLACE)
def test_scripts_of_the_environment_are_own(make: Make, sample: Wheel) -> None:
    """A script that names its environment's interpreter is in no other environment, nor cached."""
    env = make(sample)
    scripts = [
        path for path in subjects.files_below(env.scripts) if not path.name.startswith("python")
    ]
    naming = [path for path in scripts if bytes(env.prefix) in path.read_bytes()]
    assert env.scripts / "sample-console" in naming
    assert_none(links_into_cache(env, naming), "linked, and naming one environment", env)


@check("must", why=CLASSES)
def test_nothing_else_is_linked(make: Make, sample: Wheel) -> None:
    """What no distribution lists, and makes up the environment itself, is not linked."""
    env = make(sample)
    subjects.skip_if_whole(env, "what lies in them is linked, listed or not")
    listed = {file.path for dist in env.distributions() for file in dist.files}
    others = subjects.files_below(env.prefix) - listed
    assert_none(links_into_cache(env, others), "linked, and in no RECORD", env)


@check("must", why=IN_PLACE)
def test_folders_are_own(make: Make, sample: Wheel) -> None:
    """Folders are the environment's own: what is added in one is not seen in another."""
    env = make(sample)
    subjects.skip_if_whole(env, "what is added in one is seen in all")
    folders = [path for path in env.prefix.rglob("*") if path.is_dir()]
    shared = (path for path in folders if is_below(path, env.cache))
    assert_none(shared, "folders that lie in the cache", env)


@check("must", why=IN_PLACE)
def test_python_is_not_linked_to_the_cache(make: Make) -> None:
    """The interpreter of an environment is no link into the installer's cache."""
    env = make()
    assert env.python.exists()
    assert not is_below(env.python, env.cache)
    assert not is_below(env.python.parent, env.cache)
