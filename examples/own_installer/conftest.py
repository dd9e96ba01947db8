"""An installer of one's own: it hard-links the files of a wheel from where it unpacked it once."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from packaging.version import Version

from pytest_linkcheck.installs import Role, installers

UNPACK = """
import os, shutil, sys, sysconfig, zipfile
cache, *wheels = sys.argv[1:]
for wheel in wheels:
    folder = os.path.join(cache, os.path.basename(wheel))
    if not os.path.isdir(folder):
        zipfile.ZipFile(wheel).extractall(folder)
    for top, _, names in os.walk(folder):
        into = os.path.join(sysconfig.get_path("purelib"), os.path.relpath(top, folder))
        os.makedirs(into, exist_ok=True)
        for name in names:
            link = shutil.copyfile if name == "RECORD" else os.link
            link(os.path.join(top, name), os.path.join(into, name))
"""
LINKED, OWN = frozenset({Role.PAYLOAD, Role.METADATA}), frozenset({Role.GENERATED})


class Unpacker(installers.BaseInstaller):
    """Environments are made by `python -m venv`: that, and more, `BaseInstaller` brings along."""

    name = "unpacker"
    version = Version("1.0")
    link_modes = ("hardlink",)

    def __init__(self, choice: installers.Choice, tools: installers.Tools) -> None:
        """Find it: in the version or at the path that *choice* asks for, if there are several."""

    def promise(self, link_mode: str | None) -> installers.Promise:
        """Say what the conformance suite may hold it to."""
        return installers.Promise(linked=LINKED, own=OWN)

    def cache(self, target: installers.Target) -> Path:
        """Name the folder that links lead to."""
        return target.cache

    def install(self, target: installers.Target, requirements: Sequence[str]) -> installers.Command:
        """Return the command; who runs it takes care of its environment variables."""
        wheels = map(str, installers.find_wheels(requirements, target.find_links))
        python, cache = str(target.python), str(target.cache)
        return installers.Command((python, "-I", "-c", UNPACK, cache, *wheels))


def pytest_linkcheck_installers() -> Mapping[str, installers.Finder]:
    """Register it."""
    return {"unpacker": Unpacker}
