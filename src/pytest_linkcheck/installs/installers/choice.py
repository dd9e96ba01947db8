"""Which installer is meant: `uv`, `uv==0.10.4`, `uv=./target/debug/uv`."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from packaging.version import InvalidVersion, Version

from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.links.show import show_name

_CHOICE = re.compile(r"(?P<name>[A-Za-z][\w.-]*)(?:==(?P<version>[^=]+)|=(?P<path>[^=].*))?")


@dataclass(frozen=True, slots=True)
class Choice:
    """An installer as it is asked for: by its name alone, at a version, or at a path."""

    name: str
    version: Version | None = None
    path: Path | None = None

    def __str__(self) -> str:
        if self.version is not None:
            return f"{self.name}=={self.version}"
        return f"{self.name}={show_name(self.path)}" if self.path is not None else self.name

    @property
    def is_plain(self) -> bool:
        """Whether it is a name alone: which one of that name is left open."""
        return self.version is None and self.path is None


def parse_choice(text: str, folder: Path, *, must_exist: bool = True) -> Choice:
    """Return what *text* chooses; a relative path begins at *folder*.

    Raises `LinkcheckError` if it is none of NAME, NAME==VERSION and NAME=PATH, or if there is no
    such file and it *must_exist* here.
    """
    match = _CHOICE.fullmatch(text)
    if match is None:
        raise LinkcheckError(
            f"{show_name(text)!r} names no installer: give NAME, NAME==VERSION or NAME=PATH"
        )
    name, version, given = match["name"], match["version"], match["path"]
    if version is not None:
        try:
            return Choice(name, version=Version(version))
        except InvalidVersion:
            raise LinkcheckError(
                f"{show_name(text)!r}: {show_name(version)!r} is no version (PEP 440); one exact "
                "version is expected, as uv==0.10.4"
            ) from None
    if given is None:
        return Choice(name)
    # os.path's expanduser: Path's raises where there is no such home.
    path = folder / os.path.expanduser(given)  # noqa: PTH111
    if must_exist and not path.is_file():
        raise LinkcheckError(f"{show_name(text)}: there is no such file")
    return Choice(name, path=path)
