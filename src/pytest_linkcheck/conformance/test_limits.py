"""Limits and rights: too many links, and other users."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_linkcheck import Environment, Sharing, Venvs, Wheel, Wheelhouse, compare
from pytest_linkcheck.errors import UnavailableError
from pytest_linkcheck.installs.installers import Installer

from . import subjects, wrapped
from .checks import check
from .conftest import Make
from .telling import assert_same_files
from .test_failure import assert_sound

TOO_MANY = "https://github.com/astral-sh/uv/issues/17699"
SECOND_USER = "https://github.com/astral-sh/uv/issues/5581"
ENOUGH = 70_000


def fill_up(path: Path) -> None:
    """Give *path* as many names as it can have; raises `UnavailableError` if there is no end."""
    folder = path.parent / "names"
    folder.mkdir()
    for number in range(ENOUGH):
        try:
            os.link(path, folder / f"{number}")
        except OSError as error:
            if error.errno == errno.EMLINK:
                return
            raise
    shutil.rmtree(folder)
    raise UnavailableError("files have no link limit here: choose ext4 by --linkcheck-filesystem")


@check("must", why=TOO_MANY)
def test_the_link_limit_is_no_end(make: Make, sample: Wheel, expected: Sharing) -> None:
    """Where a file can have no more links an install works: that file is its own, no other is."""
    if expected is not Sharing.HARDLINK:
        pytest.skip(f"expected is {expected.value}: only hard links have a limit")
    full, env = make(sample), make()
    fill_up(full / "sample/block.py")
    env.install(sample)
    assert_sound(env, sample)
    shared = [file.path for file in subjects.promised(full[sample.name], full)]
    told = {path: compare(path, env.prefix / path.relative_to(full.prefix)) for path in shared}
    apart = [path for path, verdict in told.items() if verdict.sharing is not Sharing.HARDLINK]
    assert apart == [full / "sample/block.py"]


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """Return a folder that an ordinary user may enter and write to."""
    folder = Path(tempfile.mkdtemp(prefix="linkcheck-"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


def prepare(
    venvs: Venvs, installer: Installer, link_mode: str | None, folder: Path
) -> tuple[Environment, Wheel]:
    """Return an empty environment that belongs to an ordinary user, who fills it; and the wheel."""
    user = wrapped.as_nobody(installer, folder / "project")
    names = ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")
    env = venvs.create(
        installer, link_mode=link_mode, at=folder, cache_at=folder,
        python=wrapped.python_of_nobody(), environ=dict.fromkeys(names, str(folder)),
    )  # fmt: skip
    for path in [env.prefix, *env.prefix.rglob("*")]:
        os.chown(path, wrapped.NOBODY, wrapped.NOBODY, follow_symlinks=False)
    env.installer = user
    return env, subjects.build(Wheelhouse(folder / "wheels"), installer, "1.0")


@check("must", why=SECOND_USER)
def test_an_ordinary_user_can_install(
    venvs: Venvs, installer: Installer, link_mode: str | None, public_folder: Path
) -> None:
    """An ordinary user installs into an environment of their own, with a cache of their own."""
    env, sample = prepare(venvs, installer, link_mode, public_folder)
    shutil.rmtree(env.cache, ignore_errors=True)
    env.install(sample)
    assert_sound(env, sample)


@check("must", why=SECOND_USER)
def test_a_cache_of_another_user_does_no_harm(
    venvs: Venvs, installer: Installer, link_mode: str | None, public_folder: Path
) -> None:
    """An ordinary user's install from a cache that another user filled works, or fails whole."""
    env, sample = prepare(venvs, installer, link_mode, public_folder)
    other = venvs.create(
        installer, sample, link_mode=link_mode, at=public_folder, cache_at=public_folder
    )
    before = subjects.files_below(env.site_packages)
    if env.install(sample, check=False).returncode == 0:
        assert_sound(env, sample)
    else:
        assert_same_files(subjects.files_below(env.site_packages), before, env)
    assert_sound(other, sample)
