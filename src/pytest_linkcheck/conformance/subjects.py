"""What the checks install: the sample, under a name that the installer takes."""

import os
import zipfile
from pathlib import Path

import pytest

from pytest_linkcheck import Expected, Role, Sharing, assert_linked, assert_symlinked
from pytest_linkcheck.installs import Distribution, Environment, InstalledFile, Wheel, Wheelhouse
from pytest_linkcheck.installs.installers import Installer, Task
from pytest_linkcheck.installs.installers.base import cannot
from pytest_linkcheck.installs.installers.promise import WHEEL_ROLES
from pytest_linkcheck.installs.sample import contents

FILES = 5_000
# What installers write into an environment, or a cache, for themselves.
BOOKKEEPING = (".lock", ".gitignore", "CACHEDIR.TAG")
NOT_FOLLOWED = "RECORD lies in the cache, and is not followed there"


def build(wheelhouse: Wheelhouse, installer: Installer, version: str) -> Wheel:
    """Return the sample of *version*: as `pip` for an installer that installs nothing else.

    Then it has no `.data` folder, as no wheel of pip's has: such an installer may not know it.
    Raises `UnavailableError` for a second version where an installer cannot replace the first.
    """
    if version != "1.0":
        need(installer, Task.UPGRADE)
    if Task.INSTALL in installer.tasks:
        return wheelhouse.build("sample", version, **contents(version))
    if "pip" not in installer.brings:
        raise cannot(installer.name, Task.INSTALL)
    # Newer than any real one, which it would otherwise lose against.
    told, called = contents(version), f"99.{version}"
    files = {path.replace(f"sample-{version}.", f"pip-{called}."): data
             for path, data in told["files"].items() if ".data/" not in path}  # fmt: skip
    executable = [path for path in told["executable"] if path in files]
    scripts = told["console_scripts"]
    return wheelhouse.build("pip", called, files, executable=executable, console_scripts=scripts)


def build_large(wheelhouse: Wheelhouse, installer: Installer) -> Wheel:
    """Return a wheel of 5,000 small files, in 50 folders."""
    need(installer, Task.INSTALL)
    files = {f"large/part_{number % 50}/module_{number}.py": b"NUMBER = %d\n" % number * 200
             for number in range(FILES)}  # fmt: skip
    return wheelhouse.build("large", "1.0", files)


def need(installer: Installer, task: Task) -> None:
    """Raise `UnavailableError` if *installer* cannot do *task*: the check is skipped."""
    if task not in installer.tasks:
        raise cannot(installer.name, task)


def promised(dist: Distribution, env: Environment) -> list[InstalledFile]:
    """Return the files of *dist* that are to be taken from the cache, or copied out of a wheel.

    What RECORD lists and is not there is left out: that is for the checks of RECORD to say. Where
    it lists none of them nothing can be said of any: that fails, or skips where it lies in the
    cache.
    """
    __tracebackhide__ = True
    skip_if_whole(env, NOT_FOLLOWED)
    roles = env.installer.promise(env.link_mode).linked or WHEEL_ROLES
    found = [file for file in dist.files if file.role in roles and os.path.lexists(file.path)]
    if not found:
        why = dist.problems[0] if dist.problems else "RECORD lists no file out of the wheel"
        raise AssertionError(f"nothing proves it: {why}")
    return found


def assert_shared(one: Environment, two: Environment, name: str, expected: Sharing) -> None:
    """Assert that the files of *name* in both are shared as *expected*, where that is promised.

    Where whole folders are linked, these and single files beside them lead to one in the cache.
    """
    __tracebackhide__ = True
    if not one.installer.promise(one.link_mode).whole:
        assert_linked(one[name], two[name], as_promised(one[name], one, expected))
        return
    entries = linked_entries(one)
    if not entries:
        raise AssertionError(f"nothing in {one.site_packages} is a symlink")
    for entry in entries:
        twin = two / entry.name
        assert_symlinked(entry, into=one.cache)
        assert_symlinked(twin, into=two.cache)
        if entry.resolve() != twin.resolve():
            raise AssertionError(f"{entry} and {twin} lead to two places")


def skip_if_whole(env: Environment, consequence: str) -> None:
    """Skip where whole folders are linked, of which follows what *consequence* says."""
    if env.installer.promise(env.link_mode).whole:
        pytest.skip(f"whole folders are linked: {consequence}")


def linked_entries(env: Environment) -> list[Path]:
    """Return what is a symlink in site-packages itself, folders and files."""
    return sorted(path for path in env.site_packages.iterdir() if path.is_symlink())


def as_promised(
    dist: Distribution, env: Environment, expected: Sharing
) -> dict[Role | str, str | Sharing | Expected]:
    """Return what to hand to `assert_linked`: *expected* for the roles taken from the cache."""
    return {file.role: expected for file in promised(dist, env)}


def members(wheel: Wheel, env: Environment) -> dict[Path, bytes]:
    """Return the bytes that files out of *wheel* should have, by where they are in *env*.

    Headers are left out, whose place is the installer's choice, and scripts, which may be
    rewritten, and the RECORD.
    """
    found: dict[Path, bytes] = {}
    with zipfile.ZipFile(wheel.path) as archive:
        for name in archive.namelist():
            top, _, rest = name.partition("/")
            kind, _, below = rest.partition("/")
            if top.endswith(".data"):
                if kind in {"purelib", "platlib", "data"}:
                    root = env.prefix if kind == "data" else env.site_packages
                    found[root / below] = archive.read(name)
            elif not name.endswith(".dist-info/RECORD"):
                found[env / name] = archive.read(name)
    return found


def executables(wheel: Wheel, env: Environment) -> set[Path]:
    """Return which of the files out of *wheel* are executable in it."""
    with zipfile.ZipFile(wheel.path) as archive:
        marked = {info.filename for info in archive.infolist() if info.external_attr >> 16 & 0o100}
    return {
        path
        for path in members(wheel, env)
        if any(str(path).endswith(f"/{name}") for name in marked)
    }


def files_below(folder: Path) -> set[Path]:
    """Return all that lies below *folder* and is no folder."""
    return {path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()}
