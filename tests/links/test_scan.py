"""The walk: everything that lies under a root, and a name for all that was missed."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest
from support.mounting import bound, needs_root, run

from pytest_linkcheck.links.facts import Kind
from pytest_linkcheck.links.scanning import Problem, open_folder, scan

# The package's attribute of this name is the function.
module = import_module("pytest_linkcheck.links.scanning")


def found(root: Path) -> set[str]:
    return {os.path.relpath(entry.facts.path, root) for entry in scan(root).entries}


def by_find(root: Path) -> dict[str, tuple[str, ...]]:
    form = "%P\\0%D\\0%i\\0%n\\0%s\\0%b\\0%y\\0"
    fields = run("find", root, "-printf", form).split("\0")[:-1]
    return {fields[at]: tuple(fields[at + 1 : at + 7]) for at in range(0, len(fields), 7)}


LETTERS = {Kind.FILE: "f", Kind.DIRECTORY: "d", Kind.SYMLINK: "l", Kind.FIFO: "p"}


def test_agrees_with_find(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "file").write_bytes(b"x" * 5000)
    (tmp_path / "a" / "b" / "link").hardlink_to(tmp_path / "a" / "file")
    (tmp_path / "symlink").symlink_to("a")
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "fifo")
    os.mknod(tmp_path / "z\x1b[2J\n")
    (tmp_path / os.fsdecode(b"\xff\xfe")).touch()
    ours = {}
    for entry in scan(tmp_path).entries:
        facts = entry.facts
        relative = os.path.relpath(facts.path, tmp_path)
        ours["" if relative == "." else relative] = (
            str(facts.identity.device),
            str(facts.identity.inode),
            str(facts.links),
            str(facts.size),
            str(facts.allocated // 512),
            LETTERS[facts.kind],
        )
    assert ours == by_find(tmp_path)


def test_order_is_by_name_and_folders_come_before_what_they_hold(tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "inner").touch()
    names = [os.path.relpath(entry.facts.path, tmp_path) for entry in scan(tmp_path).entries]
    assert names == [".", "a", "b", "c", "a/inner", "b/inner", "c/inner"]


def test_symlink_under_a_root_is_not_followed_and_told(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").touch()
    (tmp_path / "root" / "link").symlink_to("../other")
    entries = scan(tmp_path / "root").entries
    assert [entry.facts.target for entry in entries] == [None, "../other"]


def test_root_is_a_symlink(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").touch()
    (tmp_path / "way").symlink_to("folder")
    (tmp_path / "to_file").symlink_to("folder/file")
    (tmp_path / "dangling").symlink_to("nowhere")
    entries = scan(tmp_path / "way").entries
    assert [entry.facts.path for entry in entries] == [tmp_path / "way", tmp_path / "way" / "file"]
    assert entries[0].facts.kind is Kind.DIRECTORY
    for name in ("to_file", "dangling"):
        (entry,) = scan(tmp_path / name).entries
        assert entry.facts.kind is Kind.SYMLINK


def test_key_is_that_of_the_name_however_it_was_reached(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").touch()
    (tmp_path / "folder" / "second").hardlink_to(tmp_path / "folder" / "file")
    (tmp_path / "way").symlink_to("folder")
    keys = [
        {entry.key for entry in scan(tmp_path / "folder").entries[1:]},
        {entry.key for entry in scan(tmp_path / "way").entries[1:]},
        {scan(tmp_path / "folder" / name).entries[0].key for name in ("file", "second")},
        {scan(tmp_path / "way" / name).entries[0].key for name in ("file", "second")},
    ]
    assert len(keys[0]) == 2
    assert keys == [keys[0]] * 4


def test_root_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        scan(tmp_path / "missing")


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[Path]:
    """A thousand levels, with a path of 21,000 bytes."""
    folder = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1000):
        os.mkdir("d" * 20, dir_fd=folder)
        inner = os.open("d" * 20, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.close(os.open("bottom", os.O_CREAT | os.O_WRONLY, dir_fd=folder))
    os.close(folder)
    yield tmp_path
    run("rm", "-rf", tmp_path / ("d" * 20))


def test_a_thousand_levels(deep: Path) -> None:
    result = scan(deep)
    assert result.problems == ()
    assert len(result.entries) == 1002
    assert result.entries[-1].facts.path.name == "bottom"
    assert run("find", deep).count("\n") == 1002


def test_names_that_are_too_long_are_the_kernels_affair(deep: Path) -> None:
    with pytest.raises(OSError, match="File name too long"):
        open_folder("/" + "n" * 5000)
    with pytest.raises(FileNotFoundError):
        open_folder(deep / "/".join(["d" * 20] * 990) / "missing")


def test_closes_what_it_opens(deep: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    scan(deep)
    with pytest.raises(FileNotFoundError):
        open_folder(deep / "/".join(["d" * 20] * 990) / "missing")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


# What cannot be read is said


def test_folder_replaced_under_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    (root / "folder").mkdir(parents=True)
    elsewhere.mkdir()
    (elsewhere / "secret").touch()
    honest = open_folder

    def swap(path: Path, *, follow: bool = False) -> int:
        if path.name == "folder":
            path.rename(tmp_path / "gone")
            path.symlink_to(elsewhere)
        if path.name == "gone":
            path.rmdir()
        return honest(path, follow=follow)

    monkeypatch.setattr(module, "open_folder", swap)
    result = scan(root)
    assert result.problems == (Problem(root / "folder", "Not a directory"),)
    assert len(result.entries) == 2


def test_folder_swapped_for_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "root"
    (root / "folder").mkdir(parents=True)
    honest = open_folder

    def swap(path: Path, *, follow: bool = False) -> int:
        if path.name == "folder":
            path.rename(tmp_path / "gone")
            path.mkdir()
        return honest(path, follow=follow)

    monkeypatch.setattr(module, "open_folder", swap)
    assert [str(problem) for problem in scan(root).problems] == [
        f"{root / 'folder'}: replaced while being read"
    ]


def test_folder_vanished_under_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "folder").mkdir()
    honest = open_folder

    def remove(path: Path, *, follow: bool = False) -> int:
        if path.name == "folder":
            path.rmdir()
        return honest(path, follow=follow)

    monkeypatch.setattr(module, "open_folder", remove)
    assert scan(tmp_path).problems == (Problem(tmp_path / "folder", "vanished while being read"),)


def test_entry_vanished_under_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").touch()
    (tmp_path / "gone").touch()
    honest: Callable[[os.DirEntry[str]], os.stat_result | OSError] = module._look_at  # noqa: SLF001

    def look(entry: "os.DirEntry[str]") -> os.stat_result | OSError:
        if entry.name == "gone":
            (tmp_path / "gone").unlink()
        return honest(entry)

    monkeypatch.setattr(module, "_look_at", look)
    result = scan(tmp_path)
    assert [entry.facts.path.name for entry in result.entries[1:]] == ["here"]
    assert result.problems == (Problem(tmp_path / "gone", "vanished while being read"),)


def test_without_descriptors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "file").touch()
    expected = scan(tmp_path)
    monkeypatch.setattr(module, "BY_DESCRIPTOR", False)
    assert scan(tmp_path) == expected
    honest = os.lstat

    def look(path: str) -> os.stat_result:
        if str(path).endswith("file"):
            raise FileNotFoundError(2, "No such file or directory")
        return honest(path)

    monkeypatch.setattr(os, "lstat", look)
    assert [problem.reason for problem in scan(tmp_path).problems] == ["vanished while being read"]


AS_USER = """
import os, sys
sys.path[:0] = {path!r}
from pytest_linkcheck.links.scanning import scan
os.setgid(65534), os.setuid(65534)
result = scan({place!r})
print(len(result.entries), *result.problems, sep="|")
"""


def test_unreadable_folder_as_an_ordinary_user() -> None:
    if os.geteuid() != 0:
        pytest.skip("root drops its rights in this test: run as root")
    place = Path(f"/tmp/linkcheck-scan-{os.getpid()}")  # noqa: S108 - pytest's own is closed to others
    place.mkdir(mode=0o755)
    try:
        (place / "closed").mkdir(mode=0)
        script = AS_USER.format(path=sys.path, place=str(place))
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=False
        )
        assert done.stdout == f"2|{place / 'closed'}: Permission denied\n", done.stderr
    finally:
        (place / "closed").rmdir()
        place.rmdir()


@needs_root
def test_mounts_are_entered_and_their_names_told_apart(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").touch()
    (tmp_path / "bound").mkdir()
    with bound(tmp_path / "folder", tmp_path / "bound"):
        entries = [entry for entry in scan(tmp_path).entries if entry.facts.kind is Kind.FILE]
        assert len(entries) == 2
        assert len({entry.key for entry in entries}) == 1  # one name, seen twice
        assert found(tmp_path) == {".", "folder", "bound", "folder/file", "bound/file"}
