import os
import tempfile
from pathlib import Path

import pytest
from support.mounting import mounted, needs_root

from pytest_linkcheck.errors import UnavailableError
from pytest_linkcheck.filesystems.claims import MARKER, Claim, SharedClaim, clear_leftovers


@pytest.fixture(autouse=True)
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A registry of this test alone."""
    folder = tmp_path / "registry"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder / f"pytest-linkcheck-of-{os.getuid()}"


def _abandoned(parent: Path) -> Path:
    """Return the folder of a process that is dead."""
    child = os.fork()
    if child == 0:
        claim = Claim(parent, "dead")
        (claim.folder / "file").write_text("x")
        os._exit(0)
    os.waitpid(child, 0)
    (folder,) = parent.glob("dead-*")
    return folder


def test_what_a_dead_process_left_is_cleared(tmp_path: Path, registry: Path) -> None:
    folder = _abandoned(tmp_path)
    assert (folder / "file").exists()
    assert clear_leftovers() == [folder]
    assert not folder.exists()
    assert not list(registry.iterdir())
    assert clear_leftovers() == []


def test_what_a_living_process_has_is_left_alone(tmp_path: Path, registry: Path) -> None:
    claim = Claim(tmp_path, "mine")
    assert clear_leftovers() == []
    assert claim.folder.is_dir()
    claim.release()
    assert not claim.folder.exists()
    assert not list(registry.iterdir())


def test_a_folder_without_the_token_is_not_ours(tmp_path: Path, registry: Path) -> None:
    folder = _abandoned(tmp_path)
    (folder / MARKER).write_text("another token")
    assert clear_leftovers() == []
    assert (folder / "file").exists()
    assert not list(registry.iterdir())


def test_a_symlink_is_not_followed(tmp_path: Path) -> None:
    folder = _abandoned(tmp_path)
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to("elsewhere")
    assert clear_leftovers() == []
    assert (tmp_path / "elsewhere" / "file").exists()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"folder": 1, "token": ""}', "\xff"])
def test_an_entry_that_says_nothing_is_dropped(tmp_path: Path, registry: Path, text: str) -> None:
    Claim(tmp_path, "x").release()
    (registry / "0123.json").write_text(text, encoding="latin-1")
    assert clear_leftovers() == []
    assert not list(registry.iterdir())


def test_an_entry_of_a_process_that_died_before_it_was_one(tmp_path: Path, registry: Path) -> None:
    Claim(tmp_path, "x").release()
    (registry / ".0123456789abcdef").touch()
    clear_leftovers()
    assert not list(registry.iterdir())


@needs_root
def test_a_mount_in_the_folder_is_ended_and_not_emptied(tmp_path: Path) -> None:
    behind = tmp_path / "behind"
    behind.mkdir()
    (behind / "precious").touch()
    folder = _abandoned(tmp_path)
    (folder / "point").mkdir()
    os.system(f"mount --bind {behind} {folder / 'point'}")  # noqa: S605 - ours
    assert (folder / "point" / "precious").exists()
    assert clear_leftovers() == [folder]
    assert (behind / "precious").exists()
    assert not folder.exists()


@needs_root
def test_a_mount_elsewhere_is_left_alone(tmp_path: Path) -> None:
    folder = _abandoned(tmp_path)
    beside = tmp_path / f"{folder.name}-not"
    beside.mkdir()
    with mounted("none", beside, "-t", "tmpfs"):
        clear_leftovers()
        assert os.path.ismount(beside)


def test_a_registry_that_others_can_write_to_proves_nothing(registry: Path) -> None:
    registry.mkdir()
    registry.chmod(0o777)
    with pytest.raises(UnavailableError, match="is not a folder of this user alone: remove it"):
        clear_leftovers()


def test_a_registry_that_cannot_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/proc")
    with pytest.raises(UnavailableError, match="set TMPDIR to a folder that takes writes"):
        clear_leftovers()


def test_a_claim_that_cannot_have_its_folder_leaves_no_entry(
    tmp_path: Path, registry: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        Claim(tmp_path / "file", "x")
    assert not list(registry.iterdir())


def test_a_folder_of_several_goes_with_the_last(tmp_path: Path, registry: Path) -> None:
    one, two = SharedClaim(tmp_path / "all"), SharedClaim(tmp_path / "all")
    assert one.folder == two.folder
    told: list[str] = []
    one.leave(lambda: told.append("one"))
    assert clear_leftovers() == []
    assert two.folder.is_dir()
    assert not told
    two.leave(lambda: told.append("two"))
    assert told == ["two"]
    assert not two.folder.exists()
    assert not list(registry.iterdir())


def test_what_dead_processes_shared_is_not_joined(tmp_path: Path, registry: Path) -> None:
    child = os.fork()
    if child == 0:
        (SharedClaim(tmp_path / "all").folder / "half-made").touch()
        os._exit(0)
    os.waitpid(child, 0)
    assert (tmp_path / "all/half-made").exists()
    claim = SharedClaim(tmp_path / "all")
    assert [path.name for path in claim.folder.iterdir()] == [MARKER]
    claim.leave()
    assert not list(registry.iterdir())


def test_a_folder_that_is_not_ours_is_not_shared(tmp_path: Path) -> None:
    (tmp_path / "all").mkdir()
    (tmp_path / "all/file").touch()
    with pytest.raises(FileExistsError):
        SharedClaim(tmp_path / "all")
    assert (tmp_path / "all/file").exists()
