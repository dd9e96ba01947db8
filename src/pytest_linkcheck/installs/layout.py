"""Where an environment keeps its things, found by reading folders: nothing in it is run."""

import os
import re
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.links.show import show_name
from pytest_linkcheck.steps import look_at

CONFIG = "pyvenv.cfg"  # PEP 405
_VERSION = re.compile(r"\d+\.\d+")
_WINDOWS = sys.platform == "win32"
_MAX_CONFIG = 1 << 16


@dataclass(frozen=True, slots=True)
class Layout:
    """The folders of an environment that a distribution's files may lie in.

    `bounds` are folders, real paths, out of which no symlink is followed to read something.
    """

    prefix: Path
    site_packages: Path
    bounds: tuple[str, ...] = ()

    @property
    def scripts(self) -> Path:
        """The folder of the environment's programs."""
        return self.prefix / ("Scripts" if _WINDOWS else "bin")

    @property
    def within(self) -> tuple[str, ...]:
        """The real folders that its files may lie in: its bounds, or else where it is now."""
        from pytest_linkcheck.links.resolution import real_path  # noqa: PLC0415 - for what is read

        if self.bounds:
            return self.bounds
        try:
            return real_path(self.prefix), real_path(self.site_packages)
        except OSError:  # nothing will be read, as that will not lie in a bound
            return (str(self.prefix),)

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self.scripts / ("python.exe" if _WINDOWS else "python")


def find_layout(prefix: str | os.PathLike[str]) -> Layout:
    """Return the layout of the environment at *prefix*.

    Raises `LinkcheckError` if there is no such folder, if it cannot be read, or if it has no
    site-packages, or several of which `pyvenv.cfg` does not choose one.
    """
    prefix = Path(os.path.abspath(prefix))  # noqa: PTH100 - resolve() would follow symlinks
    name = show_name(prefix)
    try:
        found = _find_site_packages(prefix)
    except FileNotFoundError:
        raise LinkcheckError(f"{name} does not exist: name an environment that does") from None
    except OSError as error:
        raise LinkcheckError(f"{name} cannot be read as an environment: {error.strerror}") from None
    if len(found) > 1:
        found = _choose(prefix, found)
    if not found:
        raise LinkcheckError(
            f"{name} has no lib/python*/site-packages: it is no environment, or a broken one; "
            "name another, or make it again"
        )
    if len(found) > 1:
        both = " and ".join(show_name(path.relative_to(prefix)) for path in found)
        raise LinkcheckError(
            f"{name} has {len(found)} site-packages, {both}, and its {CONFIG} does not say which "
            "is in use: remove the stale one"
        )
    return Layout(prefix, found[0])


def running_layout() -> Layout:
    """Return the layout of the environment this process runs in."""
    import sysconfig  # noqa: PLC0415 - large, and for the audit alone

    return Layout(Path(sys.prefix), Path(sysconfig.get_path("purelib")))


def read_config(prefix: Path) -> dict[str, str]:
    """Return what `pyvenv.cfg` says, by key; nothing where it is missing, or cannot be read."""
    from .files import read_regular  # noqa: PLC0415 - an environment just made is not read

    try:
        return parse_config(read_regular(prefix / CONFIG, _MAX_CONFIG, cut=True))
    except OSError:
        return {}


def parse_config(data: bytes) -> dict[str, str]:
    """Return what the `pyvenv.cfg` *data* says, by key; lines of another form say nothing."""
    text = data.decode("utf-8", "replace")
    rows = (line.partition("=") for line in text.split("\n"))
    return {key.strip(): value.strip() for key, equals, value in rows if equals}


def _find_site_packages(prefix: Path) -> list[Path]:
    look_at(prefix)
    if _WINDOWS:
        candidates = [prefix / "Lib" / "site-packages"]
        os.scandir(prefix).close()
    else:
        # listdir, not glob: a folder that cannot be read must be an error, not "nothing found".
        inner = prefix / "lib" if "lib" in os.listdir(prefix) else None  # noqa: PTH208
        names = sorted(os.listdir(inner)) if inner else []  # noqa: PTH208
        candidates = [
            inner / name / "site-packages"
            for name in names
            if inner and name.startswith(("python", "pypy", "graalpy"))
        ]
    return [path for path in candidates if _is_folder(path)]


def _is_folder(path: Path) -> bool:
    """Return whether *path* leads to a folder; not to be allowed to look is an `OSError`."""
    look_at(path)
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)  # noqa: PTH116 - Path.is_dir() hides errors
    except (FileNotFoundError, NotADirectoryError):
        return False


def _choose(prefix: Path, found: list[Path]) -> list[Path]:
    """Return those of *found* that belong to the version `pyvenv.cfg` names, or all."""
    config = read_config(prefix)
    match = _VERSION.match(config.get("version") or config.get("version_info", ""))
    if match is None:
        return found
    return [path for path in found if path.parent.name.endswith(match[0])] or found
