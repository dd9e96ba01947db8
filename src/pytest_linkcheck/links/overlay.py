"""Which file of a layer overlay shows (Documentation/filesystems/overlayfs.rst).

What `stat` says on overlay is no proof: after a copy-up a file may keep device and inode of the
lower file though its data lie in the upper layer, and files of two btrfs subvolumes may have one
device and inode. So the layer's own file is looked for, by the paths in the mount options.
"""

import os
import re
from itertools import takewhile

from .facts import Facts, Kind, read_facts
from .mounts import Mount

_PART = re.compile(r"((?:\\.|[^\\:])*)(?::|$)", re.DOTALL)
_LOOKS = 3


def layers_of(mount: Mount) -> tuple[str, ...]:
    """Return the folders an overlay shows, the topmost first, as the mount options tell them.

    They are paths of whoever mounted it: in a container they often lead nowhere.
    """
    upper, lower = [], []
    for option in mount.super_options:
        name, _, value = option.partition("=")
        if name == "upperdir":
            upper.append(value)
        elif name == "lowerdir+":
            lower.append(value)
        elif name == "lowerdir":
            # What follows an empty part, `::`, are layers that lend data, no names.
            lower += map(_unescape, takewhile(bool, _PART.findall(value)))
    return (*map(_unescape, upper), *lower)


def _unescape(path: str) -> str:
    return re.sub(r"\\(.)", r"\1", path, flags=re.DOTALL)


def beneath(facts: Facts, mount: Mount) -> Facts | None:
    """Return the facts of the layer's own file that overlay *mount* shows as *facts*.

    `None` where that cannot be told for certain: the layers cannot be seen from here, the file
    was renamed with its folder, or its data lie in another layer than its name (metacopy).
    """
    inside = os.path.relpath(os.path.realpath(facts.path), mount.point)
    if inside.startswith(os.pardir):
        return None
    for layer in layers_of(mount):
        if not os.path.isabs(layer):  # noqa: PTH117 - relative to a folder nobody knows
            return None
        try:
            told = read_facts(os.path.join(layer, mount.root.lstrip("/"), inside))  # noqa: PTH118
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            return None
        # The topmost layer that has the name is the one, if it is the same layer still.
        return told if _is_same(facts, told) else None
    return None


def _is_same(shown: Facts, told: Facts) -> bool:
    """Return whether overlay shows as *shown* the file that its layer tells as *told*.

    Looked at anew where they differ: xfs gives back blocks it had set aside while one looks.
    """
    for _ in range(_LOOKS):
        if _stamp(shown) == _stamp(told):
            return True
        try:
            now, below = read_facts(shown.path), read_facts(told.path)
        except OSError:
            return False
        if (now.identity, below.identity) != (shown.identity, told.identity):
            return False
        shown, told = now, below
    return False


def _stamp(facts: Facts) -> tuple[Kind, int, int, int, int, int | None]:
    """Return what overlay hands through from the layer's file; ctime can be set by nobody."""
    return (
        facts.kind,
        facts.size,
        facts.allocated,
        facts.mtime_ns,
        facts.ctime_ns,
        facts.birth_ns,
    )
