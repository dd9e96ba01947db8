"""Real filesystems for tests: an image, mkfs and a loop mount each, always undone."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.mounting import mounted, run
from support.users import public_folder

_MKFS = {
    "ext4": ("mkfs.ext4", "-q", "-F"),
    "xfs": ("mkfs.xfs", "-q", "-f"),
    "btrfs": ("mkfs.btrfs", "-q", "-f"),
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
        return self.kind.rpartition("/")[2]


@contextmanager
def made(kind: str, folder: Path, name: str) -> Iterator[Path]:
    """Make a filesystem of one of `BASES` and mount it on a new folder *name* in *folder*."""
    point = folder / name
    point.mkdir()
    if kind == "tmpfs":
        mount = mounted("none", point, "-t", "tmpfs", "-o", "mode=1777")
    else:
        image = folder / f"{name}.img"
        with image.open("wb") as file:
            file.truncate(_IMAGE_SIZE)
        run(*_MKFS[kind], image)
        mount = mounted(image, point, "-o", "loop")
    with mount:
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
                stack.enter_context(_overlaid_on(one, folder)) for one in (root, other)
            )
            places[f"overlay/{base}"] = Place(f"overlay/{base}", over, over_other, device)
        yield places


@contextmanager
def _overlaid_on(root: Path, folder: Path) -> Iterator[Path]:
    """Mount an overlay whose layers all lie on the filesystem at *root*."""
    point = folder / f"{root.name}-overlay"
    with overlaid(point, [root / "lower"], root / "upper", root / "work"):
        yield point


def _device_of(point: Path) -> Path:
    return Path(run("findmnt", "--noheadings", "-o", "SOURCE", "-T", point).strip())
