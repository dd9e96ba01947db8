"""Packages named as ordinary requirements: fetched from the index once, then installed locally.

Every test has an installer's cache of its own, so that link counts are the test's own; without
this, each would fetch its packages again.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_linkcheck.errors import LinkcheckError, UnavailableError, hides_traceback
from pytest_linkcheck.links.host import digest
from pytest_linkcheck.links.show import show_name
from pytest_linkcheck.once import locked, noting

from .hermetic import hermetic_environ
from .process import run

if TYPE_CHECKING:
    from .installers import Pip

__tracebackhide__ = hides_traceback


class Index:
    """The package index, through a folder of wheels that the whole run shares."""

    def __init__(self, folder: Path, home: Path) -> None:
        self._folder = folder
        self._home = home

    def fetch(self, requirements: Sequence[str], pip: "Pip") -> Path:
        """Return a folder with wheels of *requirements* and of all they need.

        Raises `UnavailableError` if no index can be reached, `LinkcheckError` if it has no such
        package.
        """
        key = digest("\0".join(sorted(requirements)))
        folder = self._folder / key
        with locked(self._folder / f"{key}.lock"):
            if not folder.exists():
                with noting(self._folder, "download", " ".join(sorted(requirements))):
                    self._download(requirements, pip, folder)
        return folder

    def _download(self, requirements: Sequence[str], pip: "Pip", folder: Path) -> None:
        # Beside its place and renamed into it: a killed run leaves no half-filled folder behind.
        partial = folder.with_suffix(".partial")
        command = pip.wheel(requirements, partial, self._folder / "pip-cache")
        environ = hermetic_environ(self._home, online=True)
        environ.setdefault("PIP_RETRIES", "1")
        completed = run(command.args, environ=environ | dict(command.environ))
        names = show_name(" ".join(requirements))
        if pip.lacks_network(completed):
            raise no_network(names)
        if completed.returncode != 0:
            raise LinkcheckError(f"{names} cannot be fetched from the index\n{completed}")
        partial.rename(folder)


def no_network(names: str) -> UnavailableError:
    """Return the error that says that *names* cannot be had without a network."""
    return UnavailableError(
        f"{names} cannot be fetched, no package index answers: connect to one, name one by "
        "PIP_INDEX_URL and UV_DEFAULT_INDEX, or install a local wheel"
    )
