"""What an installer does to one environment is not seen in the others, nor in the cache."""

import pytest
from packaging.utils import canonicalize_name

from pytest_linkcheck import Environment, Sharing, Wheel, Wheelhouse, watch
from pytest_linkcheck.installs.installers import Task
from pytest_linkcheck.links import Aspect

from . import subjects
from .checks import check
from .conftest import Make
from .telling import assert_none, assert_same_files

IN_PLACE = "https://github.com/astral-sh/uv/issues/10579"
RECORDING = "https://packaging.python.org/en/latest/specifications/recording-installed-packages/"

# Other names of a file may come and go, and the cache may grow. (Two of them in turn: touched.)
LINKS = {Aspect.LINKS_GAINED, Aspect.LINKS_LOST, Aspect.TOUCHED}
PAYLOAD = {".py", ".csv", ".txt", ".sh", ".pyc"}


class Bystanders:
    """An environment and a cache that are to stay as they were while another one is changed."""

    def __init__(self, env: Environment) -> None:
        self._env = watch(env.prefix)
        payload = [path for path in env.cache.rglob("*")
                   if path.is_file() and path.suffix in PAYLOAD]  # fmt: skip
        self._cache = watch(payload) if payload else None

    def assert_as_they_were(self) -> None:
        """Fail if anything but the number of links has changed."""
        __tracebackhide__ = True
        self._env.assert_unchanged(allow=LINKS)
        if self._cache:
            self._cache.assert_unchanged(allow=LINKS)


@check("must", why=IN_PLACE)
@pytest.mark.parametrize("first", ["upgrade", "downgrade"])
def test_another_version_leaves_others(
    make: Make, sample: Wheel, sample_2: Wheel, first: str
) -> None:
    """An upgrade or downgrade leaves the files of other environments and of the cache alone."""
    old, new = (sample, sample_2) if first == "upgrade" else (sample_2, sample)
    one, two = make(old), make(old)
    others = Bystanders(two)
    one.install(new)
    assert one[new.name].version == new.version
    others.assert_as_they_were()


@check("must", why=IN_PLACE)
def test_uninstall_leaves_others(make: Make, sample: Wheel) -> None:
    """An uninstall leaves the files of other environments and of the cache alone."""
    one, two = make(sample), make(sample)
    others = Bystanders(two)
    one.uninstall(sample.name)
    others.assert_as_they_were()


@check("must", why=IN_PLACE)
def test_reinstall_leaves_others(make: Make, sample: Wheel) -> None:
    """Uninstalling and installing again leaves others alone, and gives back what was there."""
    one, two = make(sample), make(sample)
    subjects.need(one.installer, Task.UNINSTALL)
    others = Bystanders(two)
    before = subjects.files_below(one.site_packages)
    one.uninstall(sample.name)
    one.install(sample)
    others.assert_as_they_were()
    assert_same_files(subjects.files_below(one.site_packages), before, one)


@check("must", why=IN_PLACE)
def test_a_neighbour_with_the_same_path_leaves_others(
    make: Make, sample: Wheel, wheelhouse: Wheelhouse
) -> None:
    """A second package that ships the same path replaces the file, or is refused.

    It does not write into the file, which others may have too.
    """
    one, two = make(sample), make(sample)
    subjects.need(one.installer, Task.INSTALL)
    others = Bystanders(two)
    neighbour = wheelhouse.neighbour
    refused = one.install(neighbour, check=False).returncode != 0
    others.assert_as_they_were()
    installed = {canonicalize_name(dist.name) for dist in one.distributions()}
    assert (neighbour.name in installed) is not refused


@check("must", why=IN_PLACE)
def test_an_open_reader_keeps_what_it_reads(make: Make, sample: Wheel, sample_2: Wheel) -> None:
    """A program that holds a file open reads the old version to its end during an upgrade."""
    env = make(sample)
    with (env / "sample/large.py").open("rb") as reader:
        begun = reader.read(100)
        whole = (env / "sample/large.py").read_bytes()
        env.install(sample_2)
        # Not compared in the assert: pytest would seek the differences of 100 kB for minutes.
        kept = begun + reader.read() == whole
        changed = (env / "sample/large.py").read_bytes() != whole
    assert kept, "the open file was written to"
    assert changed, "the upgrade did not change the file"


@check("must", why=RECORDING)
def test_uninstall_leaves_nothing(make: Make, sample: Wheel) -> None:
    """After an uninstall the environment holds the files it held before the install."""
    env = make()
    before = subjects.files_below(env.prefix)
    env.install(sample)
    env.uninstall(sample.name)
    after = {
        path for path in subjects.files_below(env.prefix) if path.name not in subjects.BOOKKEEPING
    }
    assert_none(after - before, "left behind", env)


@check("must", why=RECORDING)
def test_upgrade_leaves_nothing_of_the_old(make: Make, sample: Wheel, sample_2: Wheel) -> None:
    """After an upgrade all files are those of the new version, and nothing temporary is left."""
    one, two = make(sample), make(sample_2)
    one.install(sample_2)
    wanted = {
        one.prefix / path.relative_to(two.prefix) for path in subjects.files_below(two.prefix)
    }
    assert_same_files(subjects.files_below(one.prefix), wanted, one)


@check("must", why=IN_PLACE)
def test_uninstall_takes_one_link(make: Make, sample: Wheel, expected: Sharing) -> None:
    """An uninstall takes one name from each hard-linked file, and none from any other."""
    one, two = make(sample), make(sample)
    files = [file.path for file in subjects.promised(two[sample.name], two)]
    before = {path: path.stat().st_nlink for path in files}
    one.uninstall(sample.name)
    fallen = 1 if expected is Sharing.HARDLINK else 0
    wrong = (path for path in files if path.stat().st_nlink + fallen != before[path])
    assert_none(wrong, f"the link count did not fall by {fallen}", two)
