"""An install that fails leaves things as they were, and the next one works."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_linkcheck import Environment, LinkcheckError, UnavailableError, Venvs, Wheel, watch
from pytest_linkcheck.installs.installers import Installer

from . import subjects, wrapped
from .checks import check
from .conftest import Make
from .kill import KILLED
from .telling import assert_none, assert_same_files

if TYPE_CHECKING:
    from pytest_linkcheck.filesystems import Filesystem, Filesystems

INTERRUPTED = "https://github.com/astral-sh/uv/issues/2304"
ROLLBACK = "https://github.com/pypa/pip/issues/8396"
WHEELS = "https://packaging.python.org/en/latest/specifications/binary-distribution-format/"


def assert_sound(env: Environment, wheel: Wheel) -> None:
    """Assert that *wheel* is wholly installed: every byte of it, and nothing wrong in RECORD."""
    __tracebackhide__ = True
    dist = env[wheel.name]
    # Where its folder is a symlink RECORD is the cache's, and that is for its own check to say.
    if not env.installer.promise(env.link_mode).whole:
        assert not dist.problems, f"RECORD cannot be relied on: {dist.problems[0]}"
    wanted = subjects.members(wheel, env)
    assert_none((path for path in wanted if not path.exists()), "not installed", env)
    damaged = (path for path, data in wanted.items() if path.read_bytes() != data)
    assert_none(damaged, "not the bytes of the wheel", env)
    hashed = [file for file in dist.files if file.digest is not None]
    wrong = (
        file.path
        for file in hashed
        if hashlib.new(file.algorithm or "", file.path.read_bytes()).digest() != file.digest
    )
    assert_none(wrong, "RECORD has another hash", env)


def assert_installs(env: Environment, wheel: Wheel) -> None:
    """Assert that *wheel* can be installed: an error of `install` would be none of a promise."""
    __tracebackhide__ = True
    done = env.install(wheel, check=False)
    if done.returncode != 0:
        raise AssertionError(f"the next install fails\n{done}")


def is_installed(env: Environment, wheel: Wheel) -> bool:
    """Return whether a distribution of that name counts as installed."""
    return wheel.name in [dist.name for dist in env.distributions()]


def damage(wheel: Wheel, folder: Path, how: str) -> Wheel:
    """Return a copy of *wheel* that is cut off, or has a wrong byte in one of its files."""
    data = bytearray(wheel.path.read_bytes())
    if how == "cut off":
        del data[len(data) // 2 :]
    else:
        begin = data.index(b"sample/large.py") + len("sample/large.py")
        data[begin + 20] ^= 0xFF
    folder.mkdir()
    path = folder / wheel.path.name
    path.write_bytes(data)
    return Wheel(wheel.name, wheel.version, path)


def try_to_install(env: Environment, wheel: Wheel) -> bool:
    """Return whether *wheel* was installed; raises `UnavailableError` if nobody was asked to.

    An installer that is handed wheels, and looks for none, never sees one that cannot be found.
    """
    try:
        return env.install(wheel, check=False).returncode == 0
    except UnavailableError:
        raise
    except LinkcheckError as error:
        raise UnavailableError(f"{env.installer.name} was not asked: {error}") from None


@check("must", why=ROLLBACK)
def test_an_impossible_request_changes_nothing(make: Make, sample: Wheel) -> None:
    """A request for a version that does not exist fails, and changes nothing that is installed."""
    env = make(sample)
    # Not the interpreter: virtualenv makes the environment anew before it looks for a wheel.
    programs = [path for path in env.scripts.iterdir() if not path.name.startswith("python")]
    before = watch([env.site_packages, *programs])
    assert not try_to_install(env, Wheel(sample.name, "1234.5", sample.path))
    before.assert_unchanged()


@check("must", why=WHEELS)
@pytest.mark.parametrize("how", ["cut off", "wrong byte"])
def test_a_broken_wheel_is_refused(make: Make, sample: Wheel, tmp_path: Path, how: str) -> None:
    """A wheel that is cut off or damaged is refused, and a good one can be installed after it."""
    env = make()
    assert not try_to_install(env, damage(sample, tmp_path / "damaged", how))
    assert not is_installed(env, sample), "what was refused counts as installed"
    env.install(sample)
    assert_sound(env, sample)


@check("hazard", why=ROLLBACK)
@pytest.mark.parametrize("how", ["cut off", "wrong byte"])
def test_a_broken_wheel_leaves_no_files(
    make: Make, sample: Wheel, tmp_path: Path, how: str
) -> None:
    """Nothing of a wheel that is cut off or damaged stays in the environment."""
    env = make()
    before = subjects.files_below(env.site_packages)
    try_to_install(env, damage(sample, tmp_path / "damaged", how))
    assert_same_files(subjects.files_below(env.site_packages), before, env)


@check("must", why=ROLLBACK)
def test_a_failed_upgrade_keeps_the_old(
    make: Make, sample: Wheel, sample_2: Wheel, tmp_path: Path
) -> None:
    """An upgrade to a wheel that is damaged fails, and the old version stays whole."""
    env = make(sample)
    done = env.install(damage(sample_2, tmp_path / "damaged", "wrong byte"), check=False)
    assert done.returncode != 0
    assert env[sample.name].version == sample.version
    assert_sound(env, sample)


@pytest.fixture
def cramped(
    venvs: Venvs,
    installer: Installer,
    link_mode: str | None,
    filesystem: "Filesystem",
    filesystems: "Filesystems",
) -> Environment:
    """An empty environment on a full disk; its cache lies at the place under test."""
    cache = filesystem.folder("cache")
    return venvs.create(installer, link_mode=link_mode, at=filesystems.get("full"), cache_at=cache)


def cut_off(env: Environment, wheel: Wheel) -> None:
    """Let an install of *wheel* find the disk full; skip where it has room."""
    __tracebackhide__ = True
    if env.install(wheel, check=False).returncode == 0:
        assert_sound(env, wheel)
        pytest.skip("the full disk had room for all of it: nothing was cut off")


@check("must", why=INTERRUPTED)
def test_a_full_disk_does_the_cache_no_harm(
    cramped: Environment, venvs: Venvs, filesystem: "Filesystem", large: Wheel
) -> None:
    """After an install that found the disk full the cache is sound, and the next install works."""
    cut_off(cramped, large)
    roomy = venvs.create(
        cramped.installer,
        link_mode=cramped.link_mode,
        at=filesystem,
        cache_at=cramped.cache.parent,
    )
    assert_installs(roomy, large)
    assert_sound(roomy, large)


@check("must", why=INTERRUPTED)
def test_what_a_full_disk_cut_off_is_not_taken_for_whole(
    cramped: Environment, large: Wheel
) -> None:
    """A package of which half was installed when the disk was full does not count as installed."""
    cut_off(cramped, large)
    assert not is_installed(cramped, large), "the install failed, and large counts as installed"


@check("must", why=INTERRUPTED)
@pytest.mark.parametrize("what", ["target", "cache"])
def test_a_read_only_folder_does_no_harm(
    make: Make, venvs: Venvs, installer: Installer, sample: Wheel, what: str
) -> None:
    """An install into a read-only environment, or from a read-only cache, fails whole or works."""
    first = make(sample)
    folder = first.prefix.parent / "venv" if what == "target" else first.cache
    folder.mkdir(exist_ok=True)
    sealed = wrapped.read_only(installer, folder)
    env = venvs.create(
        sealed,
        link_mode=first.link_mode,
        at=folder.parent if what == "cache" else folder,
        cache_at=first.cache.parent,
    )
    before = subjects.files_below(env.site_packages)
    done = env.install(sample, check=False)
    if done.returncode == 0:
        assert_sound(env, sample)
    else:
        assert_same_files(subjects.files_below(env.site_packages), before, env)
    assert_sound(make(sample), sample)


def kill(env: Environment, wheel: Wheel, folder: str | Path) -> None:
    """Let an install of *wheel* be killed as soon as files appear in *folder*.

    *folder* is one of site-packages, or any.
    """
    __tracebackhide__ = True
    whole, env.installer = env.installer, wrapped.killed_at(env.installer, folder)
    done = env.install(wheel, check=False)
    env.installer = whole
    if done.returncode == 0:
        pytest.skip("the install was over before it could be killed in the middle")
    if done.returncode != KILLED:
        raise LinkcheckError(f"the install failed by itself, before it could be killed\n{done}")


@check("must", why=INTERRUPTED)
def test_a_killed_install_does_the_cache_no_harm(make: Make, large: Wheel) -> None:
    """After an install was killed in the middle the cache is sound, and the next install works."""
    kill(make(), large, "large")
    assert_sound(make(large), large)


@check("must", why=INTERRUPTED)
def test_an_install_killed_while_it_fills_the_cache_does_no_harm(make: Make, large: Wheel) -> None:
    """When half of a wheel is in the cache, as an install was killed, the next install works."""
    env = make()
    if env.link_source is None:
        name = env.installer.name
        raise UnavailableError(f"{name} fills no cache: this is asked of those that do")
    kill(env, large, env.link_source)
    again = make()
    assert_installs(again, large)
    assert_sound(again, large)


@check("hazard", why=INTERRUPTED)
def test_what_a_kill_cut_off_is_not_taken_for_whole(make: Make, large: Wheel) -> None:
    """An install that was killed in the middle can be repeated in the same environment."""
    make(large)  # so that it is killed while it fills the environment, not the cache
    env = make()
    kill(env, large, "large")
    assert_installs(env, large)
    assert_sound(env, large)
