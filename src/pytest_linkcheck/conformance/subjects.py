"""What the checks install: the sample, under a name that the installer takes."""

import zipfile
from pathlib import Path

from pytest_linkcheck import Expected, Role, Sharing
from pytest_linkcheck.installs import Distribution, Environment, InstalledFile, Wheel, Wheelhouse
from pytest_linkcheck.installs.installers import Installer, Task
from pytest_linkcheck.installs.installers.base import cannot
from pytest_linkcheck.installs.sample import contents

FILES = 5_000


def build(wheelhouse: Wheelhouse, installer: Installer, version: str) -> Wheel:
    """Return the sample of *version*: as `pip` for an installer that installs nothing else.

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
             for path, data in told["files"].items()}  # fmt: skip
    executable = [path.replace(f"sample-{version}.", f"pip-{called}.")
                  for path in told["executable"]]  # fmt: skip
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
    """Return the files of *dist* that are to be taken from the cache, or copied out of a wheel."""
    roles = env.installer.promise(env.link_mode).linked
    return [
        file
        for file in dist.files
        if (file.role in roles if roles else file.role.value in {"payload", "metadata", "data"})
    ]


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
