"""What a failure must say of a path, by `stat`."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from support.oracle import stat_of

SAME_FOLDER = "a hard link could be made between these folders: whoever wrote them made none"


def evidence(path: Path) -> str:
    """Return the line on *path* up to its link count."""
    device, inode, links = stat_of(path, "%d %i %h").split()
    number = f"{os.major(int(device))}:{os.minor(int(device))}"
    return f"  {path}: device {number} inode {inode}, {links} link{'' if links == '1' else 's'}"


def failure(assertion: Callable[..., object], *args: object, **options: object) -> list[str]:
    """Return the lines of the failure, without what the mounts add to the end of a line."""
    with pytest.raises(AssertionError) as caught:
        assertion(*args, **options)
    return [re.sub(r"(, \d+ links?(?:, \w+)?), .* at /.*", r"\1", line) for line in _lines(caught)]


def _lines(caught: pytest.ExceptionInfo[AssertionError]) -> list[str]:
    return str(caught.value).split("\n")
