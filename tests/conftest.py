import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.places import Place, all_places
from support.users import public_folder


@pytest.fixture(scope="session")
def places() -> Iterator[dict[str, Place]]:
    """Return a real filesystem of each kind, mounted for this run."""
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("loop mounts need root: run the tests with sudo or as root in a container")
    programs = ("mkfs.ext4", "mkfs.btrfs", "mkfs.xfs", "filefrag")
    if missing := [name for name in programs if shutil.which(name) is None]:
        pytest.skip(f"{', '.join(missing)} not found: install e2fsprogs, btrfs-progs and xfsprogs")
    with all_places() as found:
        yield found


@pytest.fixture(name="public_folder")
def fixture_public_folder() -> Iterator[Path]:
    """Return a folder that other users may enter, as those of `tmp_path` are not."""
    with public_folder() as folder:
        yield folder
