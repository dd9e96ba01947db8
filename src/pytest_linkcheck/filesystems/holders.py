"""Ending mounts, and which processes keep one: by working folder, root, program or open files."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from pytest_linkcheck.links.mounts import Mount
from pytest_linkcheck.links.show import show_name

from . import kernel
from .claims import mounts_below
from .namespace import rights

_PROC = Path("/proc")


def unmount_below(folder: Path) -> list[str]:
    """Unmount all below *folder*; return a sentence for each mount that was busy."""
    told = []
    with rights():
        for mount in reversed(mounts_below(folder)):
            try:
                kernel.unmount(mount.point)
            except OSError as error:
                holders = find_holders(mount) or ["a process that cannot be seen from here"]
                told.append(
                    f"{mount} is busy ({error.strerror}): held by {', '.join(holders)}; end it "
                    "before the test ends"
                )
                with suppress(OSError):
                    kernel.unmount(mount.point, detach=True)
    return told


def find_holders(mount: Mount) -> list[str]:
    """Return a phrase for each process that holds *mount*, as far as this user may see them."""
    return [
        f"process {folder.name} ({_name(folder)}, by its {what})"
        for folder in _PROC.iterdir()
        if folder.name.isdecimal() and (what := next(_held(folder, mount), None))
    ]


def _held(process: Path, mount: Mount) -> Iterator[str]:
    links = [("working folder", process / "cwd"), ("root", process / "root")]
    links.append(("program", process / "exe"))
    with suppress(OSError):  # gone, or another user's
        links += [("open file", link) for link in (process / "fd").iterdir()]
    for what, link in links:
        if _mount_number(link) == mount.id:
            try:
                path = os.readlink(link)  # noqa: PTH115 - as the kernel writes it
            except OSError:
                continue
            yield f"{what} {show_name(path)}"


def _mount_number(link: Path) -> int | None:
    """Return the number of the mount that a link of /proc leads to, without opening what is there.

    A path would not do: the same path may be another mount in that process's namespace.
    """
    try:
        descriptor = os.open(link, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        told = Path(f"/proc/self/fdinfo/{descriptor}").read_text(encoding="ascii")
    finally:
        os.close(descriptor)
    numbers = (line.split()[1] for line in told.splitlines() if line.startswith("mnt_id:"))
    return int(next(numbers, "-1"))


def _name(process: Path) -> str:
    try:
        return show_name((process / "comm").read_text(errors="replace").strip())
    except OSError:
        return "gone"
