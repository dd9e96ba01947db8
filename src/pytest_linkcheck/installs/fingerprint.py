"""What tells that nothing below a folder was changed: a look at every file, none is opened."""

import os
from pathlib import Path

from pytest_linkcheck.links.show import show_name

Fingerprint = dict[str, tuple[int, ...]]


def take_fingerprint(folder: Path) -> Fingerprint:
    """Return what was seen below *folder*, by path."""
    seen: Fingerprint = {}
    pending = [str(folder)] if folder.is_dir() else []
    while pending:
        try:
            listing = os.scandir(pending.pop())
        except FileNotFoundError:  # somebody is changing it right now
            continue
        with listing as entries:
            for entry in entries:
                try:
                    told = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                    seen[entry.path] = (told.st_ino, told.st_mode)
                else:
                    # ctime moves with any change and cannot be set back, but not by reading.
                    seen[entry.path] = (told.st_ino, told.st_mode, told.st_size, told.st_ctime_ns)
    return seen


def differences(before: Fingerprint, after: Fingerprint) -> list[str]:
    """Return a phrase for each path that is not as it was."""
    told = [f"{show_name(path)} is gone" for path in before.keys() - after.keys()]
    told += [f"{show_name(path)} is new" for path in after.keys() - before.keys()]
    told += [
        f"{show_name(path)} was changed"
        for path in before.keys() & after.keys()
        if before[path] != after[path]
    ]
    return sorted(told)
