"""Wheels made on the spot, so that tests need no package index."""

import base64
import csv
import hashlib
import io
import re
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from pytest_linkcheck.errors import LinkcheckError, hides_traceback
from pytest_linkcheck.links.show import show_name
from pytest_linkcheck.once import locked, noting

from . import sample
from .wheel import Wheel

__tracebackhide__ = hides_traceback

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")  # the core metadata's rule
_CLEAN = re.compile(r"[^\\\0\ud800-\udfff]+")  # no backslash, no NUL, nothing that is no UTF-8
_COMMAND = re.compile(r"[\w.-]+")
_FUNCTION = re.compile(r"\w+(\.\w+)*:\w+(\.\w+)*")
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the oldest time a zip file can hold: equal input, equal wheel
_REGULAR = 0o100000


class Wheelhouse:
    """Wheels in a folder of the run, which all its processes share.

    Every wheel lies in a folder of its own, named by what is in it: tests may build different
    wheels of one name and version without being in each other's way.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._wheels: list[Wheel] = []

    @property
    def sample(self) -> Wheel:
        """The package `sample` 1.0: a wheel with every class of file installers tell apart."""
        return self.build("sample", "1.0", **sample.contents("1.0"))

    @property
    def sample_2(self) -> Wheel:
        """The package `sample` 2.0: some files changed, some as they were, one gone, one new."""
        return self.build("sample", "2.0", **sample.contents("2.0"))

    @property
    def neighbour(self) -> Wheel:
        """The package `sample-neighbour` 1.0, which ships one of the paths that `sample` ships."""
        return self.build("sample-neighbour", "1.0", sample.NEIGHBOUR)

    def build(  # noqa: PLR0913 - all that a wheel can hold
        self,
        name: str,
        version: str,
        files: Mapping[str, bytes],
        *,
        executable: Collection[str] = (),
        console_scripts: Mapping[str, str] | None = None,
        requires: Collection[str] = (),
    ) -> Wheel:
        """Return a wheel of *files*; an equal one that is here already is not built again.

        Args:
            name: the distribution's name.
            version: its version (PEP 440).
            files: the bytes by path in the wheel. `NAME-VERSION.data/scripts/x` and its like
                go where the wheel specification says (PEP 427).
            executable: which of *files* have the executable bits set.
            console_scripts: entry points by the name of the command, as `module:function`.
            requires: the requirements in its METADATA.

        Raises:
            LinkcheckError: for what no valid wheel can have: a name, a version, a path, a
                requirement or an entry point; for an *executable* that is none of *files*.
        """
        stem, version = _stem(name, version)
        console_scripts = console_scripts or {}
        _check_entry_points(console_scripts)
        _check_requirements(requires)
        if absent := sorted(set(executable) - set(files)):
            raise LinkcheckError(
                f"{show_name(absent[0])} is to be executable, but is not among the files"
            )
        info = f"{stem}.dist-info"
        own = {f"{info}/{file}" for file in ("METADATA", "WHEEL", "RECORD")}
        if console_scripts:
            own.add(f"{info}/entry_points.txt")
        _check_paths(files, stem, own)
        metadata = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        metadata += [f"Requires-Dist: {requirement}" for requirement in requires]
        members = dict(files)
        members[f"{info}/METADATA"] = _lines(metadata)
        members[f"{info}/WHEEL"] = _lines(
            [
                "Wheel-Version: 1.0",
                "Generator: linkcheck",
                "Root-Is-Purelib: true",
                "Tag: py3-none-any",
            ]
        )
        if console_scripts:
            points = [f"{command} = {target}" for command, target in console_scripts.items()]
            members[f"{info}/entry_points.txt"] = _lines(["[console_scripts]", *points])
        members[f"{info}/RECORD"] = _record(members, f"{info}/RECORD")
        folder = self._folder / _digest(members, frozenset(executable))
        wheel = Wheel(name, version, folder / f"{stem}-py3-none-any.whl")
        if not wheel.path.exists():
            self._write(wheel.path, members, frozenset(executable))
        if wheel not in self._wheels:
            self._wheels.append(wheel)
        return wheel

    def _write(self, path: Path, members: Mapping[str, bytes], executable: frozenset[str]) -> None:
        with locked(self._folder / f"{path.parent.name}.lock"):
            if path.exists():  # another process was faster
                return
            with noting(self._folder, "wheel", f"{path.parent.name}/{path.name}"):
                path.parent.mkdir(exist_ok=True)
                # Not under the name of a wheel: an installer may be looking for some there.
                partial = path.with_name("partial")
                partial.write_bytes(_zip(members, executable))
                partial.rename(path)

    def get(self, name: str, version: str | None = None) -> Wheel:
        """Return the newest built wheel of *name*, or the one of *version*.

        Raises `LinkcheckError` naming the wheels that are here if there is none.
        """
        found = [
            wheel
            for wheel in self._wheels
            if canonicalize_name(wheel.name) == canonicalize_name(name)
            and (version is None or Version(_normal(version)) == Version(wheel.version))
        ]
        if found:
            return max(found, key=lambda wheel: Version(wheel.version))
        wanted = show_name(f"{name} {version}" if version else name)
        here = ", ".join(sorted({str(wheel) for wheel in self._wheels})) or "nothing"
        raise LinkcheckError(
            f"the wheelhouse has no wheel of {wanted}, it has {here}: make one with "
            "wheelhouse.build(name, version, files)"
        )


def _stem(name: str, version: str) -> tuple[str, str]:
    """Return how a wheel's file name begins, and its version in normal form."""
    if not _NAME.fullmatch(name):
        raise LinkcheckError(f"{show_name(name)!r} is no name a distribution can have")
    normal = _normal(version)
    return f"{canonicalize_name(name).replace('-', '_')}-{normal}", normal


def _normal(version: str) -> str:
    try:
        return str(Version(version))
    except InvalidVersion:
        raise LinkcheckError(f"{show_name(version)!r} is no version (PEP 440)") from None


def _check_paths(files: Collection[str], stem: str, own: Collection[str]) -> None:
    for path in files:
        parts = path.split("/")
        if {"", ".", ".."} & set(parts) or not _CLEAN.fullmatch(path):
            raise LinkcheckError(
                f"{show_name(path)!r} is no path in a wheel: it must be relative, with slashes"
            )
        if path in own:
            raise LinkcheckError(f"{show_name(path)} is written by build() itself: leave it out")
        if above := next((one for one in _parents(parts) if one in files), None):
            raise LinkcheckError(f"{show_name(above)} is to be a file, and a folder for others")
        _, dot, kind = parts[0].rpartition(".")
        if dot and kind in {"data", "dist-info"} and parts[0] != f"{stem}.{kind}":
            raise LinkcheckError(
                f"{show_name(parts[0])} is not this wheel's folder of that kind: "
                f"call it {stem}.{kind}"
            )


def _parents(parts: Sequence[str]) -> Iterator[str]:
    return ("/".join(parts[:end]) for end in range(1, len(parts)))


def _check_entry_points(console_scripts: Mapping[str, str]) -> None:
    for command, target in console_scripts.items():
        if not _COMMAND.fullmatch(command) or not _FUNCTION.fullmatch(target):
            point = show_name(f"{command} = {target}")
            raise LinkcheckError(f"{point!r} is no console script: give NAME = module:function")


def _check_requirements(requires: Collection[str]) -> None:
    if not requires:
        return
    from packaging.requirements import InvalidRequirement, Requirement  # noqa: PLC0415 - few do

    for requirement in requires:
        try:
            Requirement(requirement)
        except InvalidRequirement:
            raise LinkcheckError(
                f"{show_name(requirement)!r} is no requirement (PEP 508)"
            ) from None


def _lines(lines: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _record(members: Mapping[str, bytes], own: str) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    for path, data in members.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        writer.writerow((path, f"sha256={digest}", len(data)))
    writer.writerow((own, "", ""))
    return text.getvalue().encode()


def _digest(members: Mapping[str, bytes], executable: frozenset[str]) -> str:
    """Return what names a wheel of *members*, found much faster than the wheel is made."""
    told = hashlib.sha256()
    for path, data in members.items():
        told.update(f"{len(path)} {path} {path in executable} {len(data)} ".encode())
        told.update(data)
    return told.hexdigest()[:16]


def _zip(members: Mapping[str, bytes], executable: frozenset[str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path, data in members.items():
            entry = zipfile.ZipInfo(path, _EPOCH)
            mode = 0o755 if path in executable else 0o644
            entry.external_attr = (_REGULAR | mode) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return buffer.getvalue()
