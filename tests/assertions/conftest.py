from pathlib import Path

import pytest


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(b"content")
    return path


@pytest.fixture
def hard(file: Path) -> Path:
    """Another name of `file`."""
    path = file.with_name("hard")
    path.hardlink_to(file)
    return path


@pytest.fixture
def copy(file: Path) -> Path:
    """The bytes of `file` in an inode of their own."""
    path = file.with_name("copy")
    path.write_bytes(file.read_bytes())
    return path


@pytest.fixture
def soft(file: Path) -> Path:
    """A symlink to `file`."""
    path = file.with_name("soft")
    path.symlink_to(file.name)
    return path
