from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_linkcheck.filesystems import Filesystems


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filesystems]:
    """The places of this process, made once."""
    made = Filesystems(tmp_path_factory.mktemp("places"))
    yield made
    made.close()


@pytest.fixture
def own_places(tmp_path: Path) -> Iterator[Filesystems]:
    """Places of this test alone."""
    made = Filesystems(tmp_path / "places")
    yield made
    made.close()
