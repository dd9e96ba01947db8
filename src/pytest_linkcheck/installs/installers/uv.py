"""uv: fills an environment by reflinks, hard links, copies or symlinks from its cache."""

import importlib.util
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.version import Version

from pytest_linkcheck.errors import UnavailableError
from pytest_linkcheck.installs.process import Completed, run

from .base import Bytecode, Command, Target, read_version

LINK_MODES = ("clone", "hardlink", "copy", "symlink")
_NO_NETWORK = (
    "dns error",
    "tcp connect error",
    "client error (connect)",
    "error sending request",
    "are you offline",
)


@dataclass(frozen=True, slots=True)
class Uv:
    """One uv, at `path`."""

    path: Path
    version: Version
    name: str = "uv"
    link_modes: tuple[str, ...] = LINK_MODES

    def create(self, target: Target) -> Command:
        """Return `uv venv`; what it seeds with comes from the index."""
        args = ["venv", "--quiet", "--python", target.base_python]
        if target.seed:
            args.append("--seed")
        return self._command(replace(target, online=target.seed), *args, str(target.prefix))

    def install(self, target: Target, requirements: Sequence[str]) -> Command:
        """Return `uv pip install`."""
        args = ["pip", "install", "--python", str(target.python)]
        if target.link_mode is not None:
            args += ["--link-mode", target.link_mode]
        if target.bytecode is Bytecode.COMPILED:
            args.append("--compile-bytecode")
        if not target.online:
            args.append("--no-index")
        for folder in target.find_links:
            args += ["--find-links", str(folder)]
        return self._command(target, *args, "--", *requirements)

    def uninstall(self, target: Target, names: Sequence[str]) -> Command:
        """Return `uv pip uninstall`."""
        return self._command(target, "pip", "uninstall", "--python", str(target.python), *names)

    def lacks_network(self, completed: Completed) -> bool:
        """Return whether uv failed for want of a package index."""
        said = completed.stderr.lower()
        return completed.returncode != 0 and any(words in said for words in _NO_NETWORK)

    def _command(self, target: Target, *args: str) -> Command:
        environ = {
            "UV_CACHE_DIR": str(target.cache),
            "UV_NO_CONFIG": "1",
            "UV_NO_PROGRESS": "1",
            "UV_PYTHON_DOWNLOADS": "never",
        }
        if not target.online:
            environ["UV_OFFLINE"] = "1"
        return Command((str(self.path), *args), environ)


def find_uv(path: Path | None) -> Uv:
    """Return the uv at *path*; without one that of the `uv` package, then that on `PATH`.

    Raises `UnavailableError` if there is none, or if it does not tell its version.
    """
    found = path or _packaged() or _on_path()
    if found is None:
        raise UnavailableError(
            "uv is missing: install the package pytest-linkcheck[uv], or name a uv with "
            "--linkcheck-installer uv=PATH"
        )
    said = run([str(found), "--version"], environ=os.environ)
    return Uv(found, read_version("uv", said))


def _packaged() -> Path | None:
    if importlib.util.find_spec("uv") is None:
        return None
    import uv  # noqa: PLC0415 - an extra

    try:
        return Path(uv.find_uv_bin())
    except (FileNotFoundError, AttributeError):  # a folder that is called uv is a package too
        return None


def _on_path() -> Path | None:
    found = shutil.which("uv")
    return Path(found) if found else None
