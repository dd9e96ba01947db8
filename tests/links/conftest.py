import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.places import Place, all_places
from support.users import open_way


@pytest.fixture(scope="session")
def places() -> Iterator[dict[str, Place]]:
    """Return a real filesystem of each kind, mounted for this run."""
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("loop mounts need root: run the tests with sudo or as root in a container")
    with all_places() as found:
        yield found


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """Return a folder that other users may enter, as those of `tmp_path` are not."""
    with tempfile.TemporaryDirectory(prefix="linkcheck-") as name:
        folder = Path(name)
        open_way(folder)
        yield folder
