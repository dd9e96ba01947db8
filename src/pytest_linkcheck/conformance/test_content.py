"""What is installed is what the wheel holds, whatever the umask."""

import hashlib
import time
from pathlib import Path

import pytest

from pytest_linkcheck import Wheel
from pytest_linkcheck.installs.installers import Origin
from pytest_linkcheck.installs.sample import FOREIGN_NAME, LONG_NAME, SPACED_NAME

from . import subjects
from .checks import check
from .conftest import Make
from .telling import assert_none

RECORDING = "https://packaging.python.org/en/latest/specifications/recording-installed-packages/"
WHEELS = "https://packaging.python.org/en/latest/specifications/binary-distribution-format/"
MODES = "https://github.com/astral-sh/uv/issues/5581"


@check("must", why=RECORDING)
def test_record_is_complete(make: Make, sample: Wheel) -> None:
    """RECORD lists every file that was installed, and none that is not there."""
    empty = make()
    env = make(sample)
    dist = env[sample.name]
    before = {
        env.prefix / path.relative_to(empty.prefix) for path in subjects.files_below(empty.prefix)
    }
    found = {
        path
        for path in subjects.files_below(env.prefix) - before
        if "__pycache__" not in path.parts and path.name not in subjects.BOOKKEEPING
    }
    listed = {file.path for file in dist.files}
    assert not dist.problems, f"RECORD cannot be relied on: {dist.problems[0]}"
    assert_none((one for one in listed if not one.exists()), "in RECORD, but not there", env)
    assert_none(found - listed, "not in RECORD, but there", env)


@check("must", why=RECORDING)
def test_record_is_true(make: Make, sample: Wheel) -> None:
    """Every hash and size in RECORD is that of the file."""
    env = make(sample)
    subjects.skip_if_whole(env, subjects.NOT_FOLLOWED)
    wrong = []
    telling = [file for file in env[sample.name].files if (file.digest, file.size) != (None, None)]
    for file in telling:
        if file.path.exists():
            data = file.path.read_bytes()
            digest = file.digest and hashlib.new(file.algorithm or "", data).digest()
            size = None if file.size is None else len(data)
            if (digest, size) != (file.digest, file.size):
                wrong.append(file.path)
    assert_none(wrong, "RECORD has another hash or size", env)
    assert telling, "nothing proves it: RECORD has neither a hash nor a size"


@check("hazard", why=RECORDING)
def test_record_has_hashes(make: Make, sample: Wheel) -> None:
    """RECORD has a hash for every file that came out of the wheel: else none can be verified."""
    env = make(sample)
    subjects.skip_if_whole(env, subjects.NOT_FOLLOWED)
    hashed = {file.path for file in env[sample.name].files if file.digest is not None}
    assert_none(subjects.members(sample, env).keys() - hashed, "RECORD has no hash", env)


@check("must", why=WHEELS)
def test_bytes_are_those_of_the_wheel(make: Make, sample: Wheel) -> None:
    """Every file has the bytes that it has in the wheel."""
    env = make(sample)
    wanted = subjects.members(sample, env)
    assert len(wanted) > 10
    there = {path: data for path, data in wanted.items() if path.exists()}
    wrong = (path for path, data in there.items() if path.read_bytes() != data)
    assert_none(wrong, "not the bytes of the wheel", env)


@check("must", why=WHEELS)
@pytest.mark.parametrize(
    "name", [SPACED_NAME, FOREIGN_NAME, LONG_NAME], ids=["spaces", "foreign", "long"]
)
def test_odd_names_are_kept(make: Make, sample: Wheel, name: str) -> None:
    """Names with spaces, names that are not ASCII, and names of 200 characters are kept."""
    env = make(sample)
    assert name in [path.name for path in (env / "sample/data").iterdir()]


@check("must", why=WHEELS)
def test_empty_files_are_there(make: Make, sample: Wheel) -> None:
    """Empty files of the wheel are installed, and are empty."""
    env = make(sample)
    for name in ("sample/empty.py", "sample/py.typed"):
        assert (env / name).is_file()
        assert (env / name).stat().st_size == 0


@check("must", why=WHEELS)
@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002], ids=oct)
def test_executables_are_executable(make: Make, sample: Wheel, umask: int) -> None:
    """What is executable in the wheel is so when installed, and nothing else is."""
    env = make(sample, umask=umask)
    wanted = subjects.executables(sample, env)
    assert wanted
    files = set(filter(Path.exists, subjects.members(sample, env)))
    found = {path for path in files if path.stat().st_mode & 0o100}
    assert_none(wanted & files - found, "executable in the wheel, and not here", env)
    assert_none(found - wanted, "executable here, and not in the wheel", env)


@check("must", why=MODES)
@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002], ids=oct)
def test_umask_is_kept(make: Make, sample: Wheel, umask: int) -> None:
    """Nobody may read or write an installed file whom the umask excludes."""
    env = make(sample, umask=umask)
    files = subjects.files_below(env.site_packages)
    assert files
    wrong = (path for path in files if path.stat().st_mode & umask & 0o666)
    assert_none(wrong, "open to whom the umask excludes", env)


@check("hazard", why=MODES)
def test_umask_of_another_environment_does_not_matter(make: Make, sample: Wheel) -> None:
    """Modes follow the umask of this install, not that of the one which filled the cache."""
    make(sample, umask=0o022)
    env = make(sample, umask=0o077)
    wrong = (path for path in subjects.members(sample, env) if path.stat().st_mode & 0o066)
    assert_none(wrong, "open to whom the umask excludes", env)


@check("must", why=WHEELS)
def test_times_are_as_promised(make: Make, sample: Wheel) -> None:
    """Times of modification come from where the installer promises: install, cache or wheel."""
    begun = time.time() - 2  # filesystems may round, and keep a coarse clock
    make(sample)
    first = make(sample)
    promise = first.installer.promise(first.link_mode)
    files = [
        file.path for file in subjects.promised(first[sample.name], first) if file.path.exists()
    ]
    times = {path: path.stat().st_mtime for path in files}
    if promise.mtimes is Origin.INSTALL:
        old = (path for path, told in times.items() if told < begun)
        assert_none(old, "older than the install", first)
    if promise.mtimes is Origin.CACHE:
        second = make(sample)
        again = {path: second.prefix / path.relative_to(first.prefix) for path in files}
        wrong = (path for path, twin in again.items() if twin.stat().st_mtime != times[path])
        assert_none(wrong, "of another time in the next environment", first)
