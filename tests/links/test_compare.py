import os
import socket
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
from support.mounting import bound, needs_root
from support.oracle import same_bytes, same_file, same_file_followed, stat_of
from support.users import nobody

from pytest_linkcheck.links.comparison import compare
from pytest_linkcheck.links.content import Content
from pytest_linkcheck.links.resolution import Resolution, resolve
from pytest_linkcheck.links.verdict import Sharing, Verdict

# By name, as the package exports the function of the same name.
compare_module = import_module("pytest_linkcheck.links.comparison")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(b"content")
    return path


def _both_ways(a: Path, b: Path) -> Verdict:
    """Return the verdict on two paths, having shown that their order does not matter."""
    there, back = compare(a, b), compare(b, a)
    assert there.sharing is back.sharing
    assert there.content is back.content
    assert (there.a, there.b) == (back.b, back.a)
    return there


def test_two_names_of_one_inode_are_a_hard_link(tmp_path: Path, file: Path) -> None:
    (tmp_path / "folder").mkdir()
    link = tmp_path / "folder" / "link"
    os.link(file, link)
    verdict = _both_ways(file, link)
    assert same_file(file, link)
    assert str(verdict) == "hardlink (one inode, 2 links)"
    assert verdict.content is Content.EQUAL


@pytest.mark.parametrize("absolute", [True, False])
def test_a_symlink_to_the_other_is_said_before_it_is_followed(
    tmp_path: Path, file: Path, *, absolute: bool
) -> None:
    link = tmp_path / "link"
    link.symlink_to(file if absolute else "file")
    verdict = _both_ways(link, file)
    assert same_file_followed(link, file)
    assert not same_file(link, file)
    assert str(verdict) == f"symlink ({link} resolves to {file})"


def test_two_symlinks_to_one_file(tmp_path: Path, file: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.symlink_to("file")
    two.symlink_to("one")
    verdict = _both_ways(one, two)
    assert same_file_followed(one, two)
    assert str(verdict) == "symlink (both are symlinks to one file)"
    assert verdict.b.steps == (two, one, file)


def test_a_symlink_to_a_hard_link_is_a_symlink(tmp_path: Path, file: Path) -> None:
    os.link(file, tmp_path / "hard")
    (tmp_path / "soft").symlink_to("hard")
    assert _both_ways(tmp_path / "soft", file).sharing is Sharing.SYMLINK


def test_a_symlinked_folder_on_the_way_is_a_symlink(tmp_path: Path, file: Path) -> None:
    (tmp_path / "folder").mkdir()
    inside = tmp_path / "folder" / "inside"
    file.rename(inside)
    (tmp_path / "short").symlink_to("folder")
    through = tmp_path / "short" / "inside"
    verdict = _both_ways(inside, through)
    assert str(verdict) == "symlink (one file, one name: a folder on the way is a symlink)"
    os.link(inside, tmp_path / "folder" / "second")
    assert _both_ways(tmp_path / "short" / "second", inside).sharing is Sharing.HARDLINK


def test_dots_after_a_linked_folder_do_not_make_two_names_one(tmp_path: Path, file: Path) -> None:
    (tmp_path / "far" / "deep").mkdir(parents=True)
    os.link(file, tmp_path / "far" / "file")
    (tmp_path / "short").symlink_to("far/deep")
    assert _both_ways(tmp_path / "short" / ".." / "file", file).sharing is Sharing.HARDLINK


def test_one_path_twice_shows_nothing(file: Path) -> None:
    for spelling in (file, Path(f"{file.parent}/../{file.parent.name}/file")):
        verdict = _both_ways(file, spelling)
        assert verdict.sharing is Sharing.UNKNOWN
        assert verdict.reason == "the same path twice: there is nothing to compare"


def test_two_files_with_other_bytes_are_different(tmp_path: Path, file: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"another")
    verdict = _both_ways(file, other)
    assert not same_bytes(file, other)
    assert verdict.sharing is Sharing.DIFFERENT
    assert verdict.content is Content.DIFFERENT


@pytest.mark.parametrize("target", ["missing", "link"])
def test_a_link_that_leads_nowhere_cannot_be_judged(
    tmp_path: Path, file: Path, target: str
) -> None:
    link = tmp_path / "link"
    link.symlink_to(target)
    verdict = _both_ways(link, file)
    assert verdict.sharing is Sharing.UNKNOWN
    assert str(link) in verdict.reason
    assert compare(link, link).sharing is Sharing.UNKNOWN


def test_two_missing_paths_are_both_named(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    verdict = compare(one, two)
    assert verdict.reason == (f"{one}: No such file or directory; {two}: No such file or directory")
    assert verdict.content is Content.NOT_COMPARED


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path.name)


def _device(path: Path) -> None:
    os.mknod(path, 0o20600, os.makedev(1, 5))  # /dev/zero, which would never end


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (os.mkfifo, "FIFO"),
        (os.mkdir, "directory"),
        (_socket, "socket"),
        pytest.param(_device, "character device", marks=needs_root),
    ],
)
def test_what_is_no_file_is_not_opened(
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[Path], None],
    kind: str,
) -> None:
    monkeypatch.chdir(file.parent)
    special = file.parent / "special"
    make(special)
    verdict = _both_ways(special, file)
    assert verdict.sharing is Sharing.UNKNOWN
    assert verdict.reason == f"{special} is a {kind}: only files are judged"


def test_two_names_of_a_fifo_are_a_hard_link(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    os.mkfifo(one)
    os.link(one, two)
    assert stat_of(one, "%d %i") == stat_of(two, "%d %i")
    assert _both_ways(one, two).sharing is Sharing.HARDLINK


def test_a_file_without_read_permission_is_judged_by_identity_alone(public_folder: Path) -> None:
    file, other, link = (public_folder / name for name in ("file", "other", "link"))
    file.write_bytes(b"content")
    other.write_bytes(b"content")
    os.link(file, link)
    file.chmod(0)
    with nobody():
        linked, unread = compare(file, link), _both_ways(file, other)
    assert linked.sharing is Sharing.HARDLINK
    assert unread.sharing is Sharing.UNKNOWN
    assert unread.reason == f"not readable: {file}: Permission denied"


def test_a_file_replaced_between_look_and_read_is_not_judged(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, new = file.parent / "other", file.parent / "new"
    other.write_bytes(b"content")

    def replace_after_the_look(path: Path) -> object:
        found = resolve(path)
        if path == other:
            new.write_bytes(b"content")
            new.replace(other)
        return found

    monkeypatch.setattr(compare_module, "resolve", replace_after_the_look)
    verdict = compare(file, other)
    assert verdict.sharing is Sharing.UNKNOWN
    assert verdict.reason == f"{other} replaced while being read"


def test_a_file_that_vanishes_between_two_looks_is_not_judged(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = file.parent / "other"
    other.write_bytes(b"content")

    def remove_after_the_look(path: Path) -> Resolution:
        found = resolve(path)
        other.unlink(missing_ok=True)
        return found

    monkeypatch.setattr(compare_module, "resolve", remove_after_the_look)
    verdict = compare(other, file)
    assert verdict.sharing is Sharing.UNKNOWN
    assert verdict.reason == f"not readable: {other}: No such file or directory"


def test_an_inode_number_used_again_between_two_looks_is_no_link(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ext4 gives the number of a removed file to the next one."""
    times = file.stat()
    other = file.parent / "other"

    def reuse_after_the_look(path: Path) -> object:
        found = resolve(path)
        if path == file:
            file.unlink()
            other.write_bytes(b"CONTENT")
            os.utime(other, ns=(times.st_mtime_ns, times.st_mtime_ns))
        return found

    monkeypatch.setattr(compare_module, "resolve", reuse_after_the_look)
    assert compare(file, other).sharing is Sharing.UNKNOWN


def test_numbers_that_cannot_be_of_one_file_are_not_believed(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Overlay over two btrfs subvolumes gives one number to two files."""
    other = file.parent / "other"
    other.write_bytes(b"content")

    def confuse(path: Path) -> Resolution:
        found, first = resolve(path), resolve(file)
        assert first.facts is not None
        return replace(found, facts=replace(first.facts, path=path))

    monkeypatch.setattr(compare_module, "resolve", confuse)
    verdict = compare(file, other)
    assert verdict.sharing is Sharing.UNKNOWN
    assert verdict.reason == "two names, one inode, one link: inode numbers are not unique"


@needs_root
def test_one_inode_through_a_bind_mount_is_a_hard_link(tmp_path: Path, file: Path) -> None:
    (tmp_path / "folder").mkdir()
    inside, point = tmp_path / "folder" / "file", tmp_path / "point"
    os.link(file, inside)
    point.mkdir()
    with bound(tmp_path / "folder", point):
        assert same_file(file, point / "file")
        assert str(_both_ways(file, point / "file")) == "hardlink (one inode, 2 links)"
        file.unlink()
        verdict = _both_ways(inside, point / "file")
        assert str(verdict) == "hardlink (one inode with one name, seen through two mounts)"
        folders = _both_ways(tmp_path / "folder", point)
        assert folders.sharing is Sharing.UNKNOWN
        assert "only files are judged" in folders.reason


def test_the_evidence_names_steps_identities_and_mounts(tmp_path: Path, file: Path) -> None:
    link, other = tmp_path / "li\nnk", tmp_path / "other"
    link.symlink_to("file")
    other.write_bytes(b"another")
    lines = compare(link, other).explain().splitlines()
    assert lines[0].startswith("different (")
    assert lines[1].endswith(r"li\nnk -> " + str(file))
    assert f"inode {stat_of(file, '%i')}, 1 link, " in lines[2]
    assert f"inode {stat_of(other, '%i')}, 1 link, " in lines[3]
    assert lines[-1] == "  bytes: different"
    assert compare(link, tmp_path / "missing").explain().endswith("No such file or directory")
