"""Real filesystems for tests: an image, mkfs and a loop mount each, always undone."""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.mounting import mounted, run
from support.users import public_folder

_MKFS = {
    "ext4": ("mkfs.ext4", "-q", "-F"),
    "xfs": ("mkfs.xfs", "-q", "-f"),
    "btrfs": ("mkfs.btrfs", "-q", "-f"),
}
_PACKAGES = {
    "mkfs.ext4": "e2fsprogs",
    "filefrag": "e2fsprogs",
    "mkfs.xfs": "xfsprogs",
    "mkfs.btrfs": "btrfs-progs",
}
_IMAGE_SIZE = 512 << 20  # sparse; xfs takes no less than 300 MB
BASES = ("ext4", "xfs", "btrfs", "tmpfs")
KINDS = (*BASES, *(f"overlay/{base}" for base in BASES))


@dataclass(frozen=True, slots=True)
class Place:
    """A filesystem of one kind at `root`, and a second one of that kind, made alike, at `other`.

    `device` is the block device under it, `None` where there is none.
    """

    kind: str
    root: Path
    other: Path
    device: Path | None

    @property
    def base(self) -> str:
        """The kind of filesystem that holds the data."""
        return base_of(self.kind)


@dataclass(frozen=True, slots=True)
class Disk:
    """A filesystem of one kind, mounted for one test or one module of tests."""

    kind: str
    path: Path


def base_of(kind: str) -> str:
    """Return the kind of filesystem that holds the data of one of `KINDS`."""
    return kind.rpartition("/")[2]


def require(*kinds: str) -> None:
    """Skip where filesystems of *kinds* cannot be made and looked into, with the remedy."""
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("loop mounts need root: run the tests with sudo or as root in a container")
    programs = [_MKFS[base][0] for kind in kinds if (base := base_of(kind)) in _MKFS]
    if missing := [name for name in ("filefrag", *programs) if shutil.which(name) is None]:
        packages = dict.fromkeys(_PACKAGES[name] for name in missing)
        pytest.skip(f"{', '.join(missing)} not found: install {', '.join(packages)}")


@contextmanager
def made(kind: str, folder: Path, name: str, *options: str) -> Iterator[Path]:
    """Make a filesystem of one of `BASES` and mount it on a new folder *name* in *folder*."""
    point = folder / name
    image = folder / f"{name}.img"
    point.mkdir()
    if kind == "tmpfs":
        mount = mounted("none", point, "-t", "tmpfs", "-o", ",".join(("mode=1777", *options)))
    else:
        with image.open("wb") as file:
            file.truncate(_IMAGE_SIZE)
        run(*_MKFS[kind], image)
        mount = mounted(image, point, "-o", ",".join(("loop", *options)))
    with mount:
        image.unlink(missing_ok=True)  # the mount keeps it: a killed run leaves none behind
        point.chmod(0o1777)
        yield point


@contextmanager
def overlaid(
    point: Path, lowers: list[Path], upper: Path, work: Path, *options: str
) -> Iterator[Path]:
    """Mount an overlay of *lowers*, the topmost first, and *upper* on *point*."""
    words = [
        f"lowerdir={':'.join(map(str, lowers))}",
        f"upperdir={upper}",
        f"workdir={work}",
        *options,
    ]
    for folder in (point, *lowers, upper, work):
        folder.mkdir(exist_ok=True, parents=True)
    upper.chmod(0o1777)
    with mounted("overlay", point, "-t", "overlay", "-o", ",".join(words)):
        yield point


@contextmanager
def overlaid_on(base: Path, point: Path, lower: Path | None = None) -> Iterator[Path]:
    """Mount an overlay whose layers lie on the filesystem at *base*; or *lower* as told."""
    with overlaid(point, [lower or base / "lower"], base / "upper", base / "work"):
        yield point


@contextmanager
def disk(kind: str, under: Path, *options: str) -> Iterator[Disk]:
    """Make and mount a filesystem of one of `KINDS` in the folder *under*."""
    require(kind)
    with ExitStack() as stack:
        path = stack.enter_context(made(base_of(kind), under, "disk", *options))
        if kind.startswith("overlay/"):
            path = stack.enter_context(overlaid_on(path, under / "merged"))
        yield Disk(kind, path)


@contextmanager
def all_places() -> Iterator[dict[str, Place]]:
    """Mount one place of each kind, twice, in a folder that every user may enter."""
    with ExitStack() as stack:
        folder = stack.enter_context(public_folder())
        places = {}
        for base in BASES:
            root = stack.enter_context(made(base, folder, base))
            other = stack.enter_context(made(base, folder, f"{base}-other"))
            device = None if base == "tmpfs" else _device_of(root)
            places[base] = Place(base, root, other, device)
            over, over_other = (
                stack.enter_context(overlaid_on(one, folder / f"{one.name}-overlay"))
                for one in (root, other)
            )
            places[f"overlay/{base}"] = Place(f"overlay/{base}", over, over_other, device)
        yield places


def _device_of(point: Path) -> Path:
    return Path(run("findmnt", "--noheadings", "-o", "SOURCE", "-T", point).strip())
