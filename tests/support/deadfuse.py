"""A filesystem that never answers, as a network mount whose server is gone.

FUSE without a server: the kernel puts its questions, and nobody takes them up.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pytest_linkcheck.filesystems import kernel
from pytest_linkcheck.filesystems.namespace import enter_namespace

_DEVICE = "/dev/fuse"


@contextmanager
def silent(point: Path) -> Iterator[Path]:
    """Mount a filesystem on the folder *point* that answers nobody before the block is left."""
    if not os.access(_DEVICE, os.R_OK | os.W_OK):
        pytest.skip(f"there is no {_DEVICE} to open: load the kernel's module fuse (modprobe fuse)")
    enter_namespace()  # where the mount ends with this process, whatever becomes of it
    connection = os.open(_DEVICE, os.O_RDWR)
    try:
        options = f"fd={connection},rootmode=40000,user_id=0,group_id=0"
        kernel.mount("silent", point, "fuse", options=options)
        yield point
    finally:
        # Ends the connection: whoever waits for an answer gets an error.
        os.close(connection)
        kernel.unmount(point, detach=True)
