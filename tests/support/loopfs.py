"""Real filesystems for tests: made in images, mounted by loop device, always taken down."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.mounting import run

KINDS = ("ext4", "xfs", "btrfs", "tmpfs", "overlay-ext4", "overlay-xfs", "overlay-tmpfs")
_MAKERS = {
    "ext4": ("mkfs.ext4", "-q", "-F"),
    "xfs": ("mkfs.xfs", "-q", "-f"),
    "btrfs": ("mkfs.btrfs", "-q", "-f"),
}
_PACKAGES = {"ext4": "e2fsprogs", "xfs": "xfsprogs", "btrfs": "btrfs-progs"}
_SIZE = 320 << 20  # mkfs.xfs wants 300 MB; the image is sparse


@dataclass(frozen=True, slots=True)
class Disk:
    """A mounted filesystem. `lower` is the folder under an overlay, to be filled before it."""

    kind: str
    path: Path

    @property
    def is_overlay(self) -> bool:
        return self.kind.startswith("overlay")


def require(kind: str) -> None:
    """Skip where *kind* cannot be made, with what would unlock it."""
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip(f"{kind} is mounted for this test: run as root")
    base = kind.removeprefix("overlay-")
    if base in _MAKERS and not shutil.which(_MAKERS[base][0]):
        pytest.skip(f"{base} needs {_MAKERS[base][0]}: install {_PACKAGES[base]}")


@contextmanager
def mounted(point: Path, *arguments: str | os.PathLike[str]) -> Iterator[Path]:
    point.mkdir(parents=True, exist_ok=True)
    try:
        run("mount", *arguments, point)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"this machine does not mount {arguments}: {error.stderr}")
    try:
        yield point
    finally:
        run("umount", point)


@contextmanager
def disk(kind: str, under: Path, *options: str) -> Iterator[Disk]:
    """Make and mount a filesystem of *kind* in the folder *under*."""
    require(kind)
    with ExitStack() as stack:
        if kind.startswith("overlay-"):
            base = stack.enter_context(disk(kind.removeprefix("overlay-"), under))
            yield Disk(kind, stack.enter_context(overlay(under / "merged", base.path)))
        elif kind == "tmpfs":
            arguments = ("-t", "tmpfs", "-o", "size=64m", "linkcheck")
            yield Disk(kind, stack.enter_context(mounted(under / kind, *arguments)))
        else:
            image = under / f"{kind}.img"
            with image.open("wb") as file:
                file.truncate(_SIZE)
            run(*_MAKERS[kind], image)
            chosen = ",".join(("loop", *options))
            yield Disk(kind, stack.enter_context(mounted(under / kind, "-o", chosen, image)))
            # Unmounted by the stack; the image goes with the temporary folder.


@contextmanager
def overlay(point: Path, upper_on: Path, lower: Path | None = None) -> Iterator[Path]:
    """Mount an overlay at *point*, its upper layer on *upper_on*, its lower there too or given."""
    below = lower or upper_on / "lower"
    for folder in (below, upper_on / "upper", upper_on / "work"):
        folder.mkdir(exist_ok=True)
    layers = f"lowerdir={below},upperdir={upper_on / 'upper'},workdir={upper_on / 'work'}"
    with mounted(point, "-t", "overlay", "-o", layers, "overlay"):
        yield point
