"""Installers from the index do as they promise: each is run, and its files are asked by stat."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_linkcheck import (
    Environment,
    Installer,
    InstallError,
    Role,
    Sharing,
    UnavailableError,
    Venvs,
    Wheel,
    Wheelhouse,
    assert_bytecode,
    assert_bytecode_fresh,
    assert_no_bytecode,
    read_bytecode,
)
from pytest_linkcheck.filesystems import probe_pair
from pytest_linkcheck.filesystems.expectations import expectation
from pytest_linkcheck.installs import sample
from pytest_linkcheck.installs.installers import INSTALLERS, Origin, Task

pytestmark = pytest.mark.network

NAMES = [
    "uv", "uv==0.4.0", "uv==0.10.4", "pip", "pip==26.3", "pip==22.3", "pip==21.3.1",
    "pdm", "installer", "virtualenv",
]  # fmt: skip
CASES = [(name, mode) for name in NAMES for mode in INSTALLERS[name.partition("=")[0]].link_modes]
per_case = pytest.mark.parametrize(("name", "mode"), CASES)
per_name = pytest.mark.parametrize("name", NAMES)
FROM_PATH = Path(sys.base_prefix)


def wheel_for(name: str, wheelhouse: Wheelhouse) -> Wheel:
    """The sample wheel; for virtualenv, which installs nothing else, by the name of pip."""
    if name != "virtualenv":
        return wheelhouse.sample
    contents = sample.contents("1.0")
    return wheelhouse.build(
        "pip", "99.0",
        {f"pip/{path.removeprefix('sample/')}": data for path, data in contents["files"].items()
         if path.startswith("sample/")},
        executable=("pip/tool.sh",),
        console_scripts={"pip": "pip.__main__:main"},
    )  # fmt: skip


def _same(one: Path, two: Path) -> bool:
    a, b = one.stat(), two.stat()
    return (a.st_dev, a.st_ino) == (b.st_dev, b.st_ino)


@per_case
def test_what_is_linked_is_what_is_promised(
    venvs: Venvs, wheelhouse: Wheelhouse, name: str, mode: str
) -> None:
    wheel = wheel_for(name, wheelhouse)
    one, two = (venvs.create(name, wheel, link_mode=mode) for _ in range(2))
    promise = one.installer.promise(mode)
    if promise.whole:  # what RECORD lists is not in the environment at all
        package = one / wheel.name
        assert package.is_symlink()
        assert one.link_source is not None
        assert package.resolve().is_relative_to(one.link_source)
        assert _same(package, two / wheel.name)
        return
    linked = mode in {"hardlink", "symlink"} or (mode == "clone" and _falls_back_to_links(one))
    seen = set()
    for file in one[wheel.name].files:
        other = two.prefix / file.path.relative_to(one.prefix)
        if not file.path.exists():
            assert name == "virtualenv"  # whose RECORD lists bytecode where none lies
            continue
        seen.add(file.role)
        if file.role in promise.linked:
            assert _same(file.path, other) is linked, file.name
        elif file.role in promise.own:
            assert not _same(file.path, other), file.name
            assert file.path.lstat().st_nlink == 1, file.name
    assert seen >= {Role.PAYLOAD, Role.METADATA, Role.GENERATED}
    assert one[wheel.name].installer == ("pip" if name == "virtualenv" else one.installer.name)


def _falls_back_to_links(environment: Environment) -> bool:
    return environment.installer.version.release >= (0, 10, 5)


@per_case
def test_bits_and_times_are_as_promised(
    venvs: Venvs, wheelhouse: Wheelhouse, name: str, mode: str
) -> None:
    wheel = wheel_for(name, wheelhouse)
    module = f"{wheel.name}/large.py"
    first = venvs.create(name, wheel, link_mode=mode, umask=0o022)
    long_ago = 1_000_000_000
    for root, _, names in os.walk(first.cache):
        for file in names:
            if file == "large.py":
                os.utime(Path(root, file), (long_ago, long_ago))
    second = venvs.create(name, wheel, link_mode=mode, umask=0o077)
    promise = second.installer.promise(mode)
    told = (second / module).stat()
    tool = second / wheel.name / "tool.sh"
    assert bool(tool.stat().st_mode & 0o100) is promise.executable
    if _same(second / module, first / module):  # a link has the bits and times of its file
        assert int(told.st_mtime) == long_ago
        return
    bits = 0o600 if promise.modes is Origin.INSTALL else 0o644
    assert oct(told.st_mode & 0o777) == oct(bits)
    assert (int(told.st_mtime) == long_ago) is (promise.mtimes is Origin.CACHE)


@per_name
def test_bytecode_is_as_promised(venvs: Venvs, wheelhouse: Wheelhouse, name: str) -> None:
    wheel = wheel_for(name, wheelhouse)
    one = venvs.create(name, wheel)
    if name == "uv==0.4.0":  # it runs the environment's python with -I, which hears no variable
        assert [file.source.name for file in read_bytecode(one).files] == ["_virtualenv.py"]
    else:
        assert_no_bytecode(one)
    if one.cache.exists():
        assert_no_bytecode(one.cache)
    if Task.COMPILE in one.installer.tasks:
        two = venvs.create(name, wheel, bytecode="compiled")
        assert_bytecode(two, complete=True)
        assert_bytecode_fresh(two)
        assert not read_bytecode(two).shared
        if two.cache.exists():
            assert_no_bytecode(two.cache)
    else:
        with pytest.raises(UnavailableError, match=f"^{name} cannot compile bytecode: ask another"):
            venvs.create(name, wheel, bytecode="compiled")


def test_virtualenv_compiles_where_it_links(venvs: Venvs, wheelhouse: Wheelhouse) -> None:
    one = venvs.create("virtualenv", wheel_for("virtualenv", wheelhouse), link_mode="symlink")
    assert one.installer.promise("symlink").compiles
    files = read_bytecode(one).files
    own = [file.source.name for file in files if not file.shared]
    assert own == [], files
    with pytest.raises(AssertionError, match="bytecode in"):
        assert_no_bytecode(one.cache)


@per_name
def test_it_does_its_tasks_and_refuses_others(
    venvs: Venvs, wheelhouse: Wheelhouse, name: str
) -> None:
    wheel = wheel_for(name, wheelhouse)
    one = venvs.create(name, wheel)
    tasks = one.installer.tasks
    if Task.UPGRADE in tasks:
        one.install(wheelhouse.sample_2)
        assert one["sample"].version == "2.0"
        assert not (one / "sample/tiny.py").exists()
    actions: dict[Task, Callable[[], object]] = {
        Task.UNINSTALL: lambda: one.uninstall(wheel.name),
        Task.PRUNE: one.prune_cache,
        Task.CLEAN: one.clean_cache,
    }
    for task, action in actions.items():
        if task in tasks:
            action()
        else:
            with pytest.raises(UnavailableError, match=f"cannot {task.value}: ask"):
                action()
    if Task.UNINSTALL in tasks:
        assert not (one / wheel.name).exists()
    if Task.INSTALL not in tasks:
        with pytest.raises(UnavailableError, match=r"virtualenv cannot install sample==1\.0: it"):
            one.install(wheelhouse.sample)


@pytest.mark.parametrize("name", ["uv", "uv==0.4.0"])
def test_what_uv_says_it_freed_is_what_was_there(
    venvs: Venvs, wheelhouse: Wheelhouse, name: str
) -> None:
    one = venvs.create(name, wheelhouse.sample, link_mode="copy")
    held = {path.name for path in one.cache.rglob("*") if path.is_file()}
    freed = one.clean_cache().freed
    assert freed is not None
    assert 0 < freed.low < freed.high
    left = {path.name for path in one.cache.rglob("*")}
    assert "large.py" in held
    assert left <= {".lock"}


@pytest.mark.parametrize("name", ["pip", "installer", "virtualenv", "pdm"])
def test_nothing_is_written_outside(venvs: Venvs, wheelhouse: Wheelhouse, name: str) -> None:
    before = {path: path.lstat().st_mtime_ns for path in FROM_PATH.glob("include/*/*")}
    one = venvs.create(name, wheel_for(name, wheelhouse))
    assert {path: path.lstat().st_mtime_ns for path in FROM_PATH.glob("include/*/*")} == before
    assert not one[wheel_for(name, wheelhouse).name].problems


def test_a_version_of_pip_works_by_the_environments_own_python(
    venvs: Venvs, wheelhouse: Wheelhouse
) -> None:
    one = venvs.create("pip==21.3.1", wheelhouse.sample)
    installer: Installer = one.installer
    assert str(installer.version) == "21.3.1"
    assert one.log[-1].args[0] == str(one.python)
    assert (one.scripts / "sample-console").read_text().startswith(f"#!{one.python}")


@pytest.mark.parametrize("name", ["uv==0.10.4", "pdm", "installer", "virtualenv"])
def test_another_device_ends_as_expected(
    venvs: Venvs, wheelhouse: Wheelhouse, other_device: Path, tmp_path: Path, name: str
) -> None:
    wheel = wheel_for(name, wheelhouse)
    for mode in INSTALLERS[name.partition("=")[0]].link_modes:
        empty = venvs.create(name, link_mode=mode, cache_at=other_device)
        told = expectation(empty.installer, mode, probe_pair(other_device, tmp_path))
        if told.sharing is None:
            with pytest.raises(InstallError, match=f"^{name} did not install"):
                empty.install(wheel)
            continue
        completed = empty.install(wheel)
        assert bool(completed.warnings) is bool(told.warning)
        assert told.warning in completed.stderr
        linked = (empty / wheel.name).is_symlink() or (empty / wheel.name / "large.py").is_symlink()
        assert linked is (told.sharing is Sharing.SYMLINK)
