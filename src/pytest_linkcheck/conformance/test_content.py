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

RECORDING = "https://packaging.python.org/en/latest/specifications/recording-installed-packages/"
WHEELS = "https://packaging.python.org/en/latest/specifications/binary-distribution-format/"
MODES = "https://github.com/astral-sh/uv/issues/5581"


@check("must", why=RECORDING)
def test_record_is_complete(make: Make, sample: Wheel) -> None:
    """RECORD lists every file that was installed, and none that is not there."""
    before = subjects.files_below(make().prefix)
    env = make(sample)
    dist = env[sample.name]
    names = {path.name for path in before}
    found = {
        path for path in subjects.files_below(env.site_packages) if "__pycache__" not in path.parts
    }
    listed = {file.path for file in dist.files}
    assert not dist.problems
    assert not [path for path in listed if not path.exists()]
    assert not [path for path in found - listed if path.name not in names]


@check("must", why=RECORDING)
def test_record_is_true(make: Make, sample: Wheel) -> None:
    """Every hash and size in RECORD is that of the file."""
    dist = make(sample)[sample.name]
    for file in dist.files:
        if file.digest is not None and file.path.exists():
            data = file.path.read_bytes()
            told = hashlib.new(file.algorithm or "sha256", data).digest()
            assert (file.name, told, len(data)) == (file.name, file.digest, file.size or len(data))


@check("hazard", why=RECORDING)
def test_record_has_hashes(make: Make, sample: Wheel) -> None:
    """RECORD has a hash for every file that came out of the wheel: else none can be verified."""
    env = make(sample)
    kept = subjects.members(sample, env)
    files = env[sample.name].files
    assert not [file.name for file in files if file.path in kept and file.digest is None]


@check("must", why=WHEELS)
def test_bytes_are_those_of_the_wheel(make: Make, sample: Wheel) -> None:
    """Every file has the bytes that it has in the wheel."""
    env = make(sample)
    wanted = subjects.members(sample, env)
    assert len(wanted) > 10
    there = {path: data for path, data in wanted.items() if path.exists()}
    assert not [path for path, data in there.items() if path.read_bytes() != data]


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
    for path in filter(Path.exists, subjects.members(sample, env)):
        assert (path, bool(path.stat().st_mode & 0o100)) == (path, path in wanted)


@check("must", why=MODES)
@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002], ids=oct)
def test_umask_is_kept(make: Make, sample: Wheel, umask: int) -> None:
    """Nobody may read or write an installed file whom the umask excludes."""
    env = make(sample, umask=umask)
    files = subjects.files_below(env.site_packages)
    assert files
    assert not [path for path in files if path.stat().st_mode & umask & 0o666]


@check("hazard", why=MODES)
def test_umask_of_another_environment_does_not_matter(make: Make, sample: Wheel) -> None:
    """Modes follow the umask of this install, not that of the one which filled the cache."""
    make(sample, umask=0o022)
    env = make(sample, umask=0o077)
    wrong = [path for path in subjects.members(sample, env) if path.stat().st_mode & 0o066]
    assert not wrong


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
        assert not {path: told for path, told in times.items() if told < begun}
    if promise.mtimes is Origin.CACHE:
        second = make(sample)
        again = {path: second.prefix / path.relative_to(first.prefix) for path in files}
        assert {path: twin.stat().st_mtime for path, twin in again.items()} == times
