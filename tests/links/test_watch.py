"""Before and after, on real filesystems: what is kept, replaced, rewritten, touched."""

import errno
import mmap
import os
import re
import resource
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from support.places import KINDS, Disk, disk, overlaid_on

from pytest_linkcheck.links.change import Aspect
from pytest_linkcheck.links.content import Content
from pytest_linkcheck.links.resolution import Resolution
from pytest_linkcheck.links.sameness import Same
from pytest_linkcheck.links.scanning import Scan, scan
from pytest_linkcheck.links.state import show_time
from pytest_linkcheck.links.watching import watch


@pytest.fixture(scope="module", params=KINDS)
def drive(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Disk]:
    with disk(request.param, tmp_path_factory.mktemp("drive")) as made:
        yield made


@pytest.fixture
def place(drive: Disk, request: pytest.FixtureRequest) -> Path:
    folder = drive.path / re.sub(r"\W", "_", request.node.name)
    folder.mkdir()
    return folder


@pytest.fixture
def file(place: Path) -> Path:
    path = place / "module.py"
    path.write_bytes(b"x" * 5000)
    return path


def rewrite(path: Path, data: bytes, offset: int = 0) -> None:
    """Write *data* into the file *path* as it is, without making another."""
    with path.open("r+b") as stream:
        stream.seek(offset)
        stream.write(data)


def reuse_inode(path: Path, data: bytes) -> bool:
    """Delete and create *path* until its inode number is the one it had: ext4 does so at once."""
    number = path.stat().st_ino
    for _ in range(50):
        path.unlink()
        path.write_bytes(data)
        if path.stat().st_ino == number:
            return True
    return False


def is_held(path: Path) -> bool:
    """Whether this process has *path* open."""
    return any(os.path.realpath(link) == str(path) for link in Path("/proc/self/fd").iterdir())


def test_nothing_happened(file: Path) -> None:
    snapshot = watch(file.parent)
    file.read_bytes()
    assert snapshot.changes() == ()
    assert snapshot.change_of(file).aspects == (Aspect.KEPT,)
    snapshot.assert_unchanged()
    snapshot.assert_same_inode(file)


def test_inode_number_used_again_is_another_file(drive: Disk, file: Path) -> None:
    snapshot = watch(file)
    told = file.stat()
    reused = reuse_inode(file, file.read_bytes())
    assert reused or "ext4" not in drive.kind
    os.utime(file, ns=(told.st_atime_ns, told.st_mtime_ns))
    change = snapshot.change_of(file)
    assert change.aspects == (Aspect.REPLACED,)
    assert change.content is Content.EQUAL
    assert change.reason == ("the inode number was used again" if reused else "")
    snapshot.assert_replaced(file)
    with pytest.raises(AssertionError) as caught:
        snapshot.assert_same_inode(file)
    first = str(caught.value).splitlines()[0]
    assert first == f"{file} is not the inode it was: {change.describe()}"
    assert reused == ("(the inode number was used again)" in first)


def test_symlinks_and_fifos_whose_numbers_are_used_again(place: Path) -> None:
    link, fifo = place / "link", place / "fifo"
    link.symlink_to("nowhere")
    os.mkfifo(fifo)
    snapshot = watch(place)
    assert snapshot.changes() == ()
    link.unlink()
    link.symlink_to("nowhere")
    fifo.unlink()
    os.mkfifo(fifo)
    snapshot.assert_replaced(link)
    snapshot.assert_replaced(fifo)


def test_renamed_over_with_the_same_bytes(file: Path) -> None:
    snapshot = watch(file)
    other = file.with_name("other")
    other.write_bytes(file.read_bytes())
    other.replace(file)
    change = snapshot.change_of(file)
    assert change.aspects == (Aspect.REPLACED,)
    assert change.content is Content.EQUAL
    snapshot.assert_replaced(file)
    with pytest.raises(AssertionError, match=r"is not the inode it was: replaced\n"):
        snapshot.assert_same_inode(file)
    with pytest.raises(AssertionError, match=r"^1 path is not as when 1 were watched: 1 replaced"):
        snapshot.assert_unchanged()


def test_rewritten_in_place_with_times_set_back(file: Path) -> None:
    snapshot = watch(file)
    told = file.stat()
    rewrite(file, b"y", 2500)
    os.utime(file, ns=(told.st_atime_ns, told.st_mtime_ns))
    assert (file.stat().st_size, file.stat().st_mtime_ns) == (told.st_size, told.st_mtime_ns)
    assert snapshot.change_of(file).aspects == (Aspect.REWRITTEN,)
    snapshot.assert_same_inode(file)
    with pytest.raises(AssertionError) as caught:
        snapshot.assert_replaced(file)
    assert str(caught.value).startswith(f"{file} was not replaced: rewritten in place\n")
    with pytest.raises(AssertionError, match=r"1 rewritten in place\n"):
        snapshot.assert_unchanged(allow={Aspect.TIMES, Aspect.TOUCHED})


def test_store_through_a_mapping_that_moves_no_time(file: Path) -> None:
    with file.open("r+b") as stream, mmap.mmap(stream.fileno(), 0) as mapping:
        mapping[0] = ord("a")  # the page is dirty from here on
        snapshot = watch(file)
        before = file.stat()
        mapping[1] = ord("b")
        assert file.stat().st_ctime_ns == before.st_ctime_ns
        assert snapshot.change_of(file).aspects == (Aspect.REWRITTEN,)


def test_rewritten_with_the_same_bytes_and_times_set_back(file: Path) -> None:
    snapshot = watch(file)
    told = file.stat()
    rewrite(file, file.read_bytes())
    assert snapshot.change_of(file).aspects == (Aspect.TIMES,)
    os.utime(file, ns=(told.st_atime_ns, told.st_mtime_ns))
    assert snapshot.change_of(file).aspects == (Aspect.TOUCHED,)
    with pytest.raises(AssertionError, match="1 touched"):
        snapshot.assert_unchanged()
    snapshot.assert_unchanged(allow=[Aspect.TOUCHED])


def test_appended(file: Path) -> None:
    snapshot = watch(file)
    rewrite(file, b"more", 5000)
    assert snapshot.change_of(file).aspects == (Aspect.REWRITTEN, Aspect.TIMES)


def test_mode_owner_and_times(drive: Disk, file: Path) -> None:
    file.chmod(0o644)
    snapshot = watch(file)
    file.chmod(0o600)
    change = snapshot.change_of(file)
    assert change.aspects == (Aspect.MODE,)
    assert change.describe() == "mode changed (0644 -> 0600)"
    os.utime(file, ns=(1, -1_500_000_000 if drive.kind == "tmpfs" else 1))
    assert snapshot.change_of(file).aspects == (Aspect.MODE, Aspect.TIMES)
    os.chown(file, 65534, -1)
    assert snapshot.change_of(file).aspects == (Aspect.MODE, Aspect.OWNER, Aspect.TIMES)
    snapshot.assert_same_inode(file)
    with pytest.raises(AssertionError, match="1 mode changed, 1 owner changed, 1 times changed"):
        snapshot.assert_unchanged()


def test_links_gained_and_lost_by_others(file: Path) -> None:
    file.with_name("second").hardlink_to(file)
    snapshot = watch(file)
    third = file.with_name("third")
    third.hardlink_to(file)
    change = snapshot.change_of(file)
    assert change.aspects == (Aspect.LINKS_GAINED,)
    assert change.describe() == "links gained (2 -> 3)"
    snapshot.assert_unchanged(allow={Aspect.LINKS_GAINED})
    third.unlink()
    assert snapshot.change_of(file).aspects == (Aspect.TOUCHED,)
    file.with_name("second").unlink()
    assert snapshot.change_of(file).describe() == "links lost (2 -> 1)"


def test_write_through_another_name(file: Path) -> None:
    second = file.with_name("second")
    second.hardlink_to(file)
    snapshot = watch(file)
    rewrite(second, b"y")
    assert Aspect.REWRITTEN in snapshot.change_of(file).aspects


def test_vanished_and_appeared(file: Path) -> None:
    snapshot = watch([file.parent])
    renamed = file.with_name("renamed")
    file.rename(renamed)
    changes = {change.path: change.aspects for change in snapshot.changes()}
    assert changes == {file: (Aspect.VANISHED,), renamed: (Aspect.APPEARED,)}
    with pytest.raises(AssertionError, match=r"is not the inode it was: vanished\n"):
        snapshot.assert_same_inode(file)
    with pytest.raises(AssertionError, match=r"was not replaced: vanished\n"):
        snapshot.assert_replaced(file)
    with pytest.raises(AssertionError) as caught:
        snapshot.assert_unchanged()
    assert str(caught.value).splitlines() == [
        "2 paths are not as when 2 were watched: 1 vanished, 1 appeared",
        f"  {file}: vanished",
        f"    before: {snapshot.change_of(file).before}",
        "    after:  nothing there",
        f"  {renamed}: appeared",
        "    before: nothing there",
        f"    after:  {snapshot.changes()[1].after}",
    ]


def test_kind_changed(file: Path) -> None:
    snapshot = watch(file)
    file.unlink()
    file.symlink_to("elsewhere")
    change = snapshot.change_of(file)
    assert change.aspects == (Aspect.REPLACED,)
    assert change.reason == "a file became a symlink"


def test_folder_replaced(place: Path) -> None:
    folder = place / "folder"
    folder.mkdir()
    (folder / "file").touch()
    snapshot = watch(place)
    (folder / "more").touch()  # a folder's own times tell of what it holds: not a change
    assert [str(change) for change in snapshot.changes()] == [f"{folder / 'more'}: appeared"]
    folder.rename(place / "old")
    folder.mkdir()
    snapshot.assert_replaced(folder)
    assert snapshot.change_of(folder / "file").aspects == (Aspect.VANISHED,)


def test_unlinked_file_is_not_kept_on_disk(file: Path) -> None:
    with watch(file) as snapshot:
        assert not is_held(file)
        snapshot.assert_unchanged()


# Overlay: what a write to a lower file does.


@pytest.fixture(params=["ext4", "xfs", "btrfs", "tmpfs", "mixed"])
def lower_file(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    kind = "ext4" if request.param == "mixed" else request.param
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with disk(kind, tmp_path / "a") as upper, disk("xfs", tmp_path / "b") as other:
        lower = (other if request.param == "mixed" else upper).path / "lower"
        lower.mkdir()
        (lower / "one").write_bytes(b"x" * 5000)
        (lower / "two").hardlink_to(lower / "one")
        with overlaid_on(upper.path, tmp_path / "merged", lower) as merged:
            yield merged / "one"


def test_copied_up_is_neither_kept_nor_replaced(lower_file: Path) -> None:
    snapshot = watch(lower_file.parent)
    lower_file.chmod(0o600)
    change = snapshot.change_of(lower_file)
    assert change.same is Same.COPIED_UP
    assert change.aspects == (Aspect.COPIED_UP, Aspect.MODE)
    with pytest.raises(AssertionError, match="was not replaced: copied up by overlay, mode"):
        snapshot.assert_replaced(lower_file)
    with pytest.raises(AssertionError, match="is not the inode it was: copied up by overlay"):
        snapshot.assert_same_inode(lower_file)
    snapshot.assert_same_inode(lower_file.with_name("two"))
    rewrite(lower_file, b"y")
    aspects = (Aspect.COPIED_UP, Aspect.REWRITTEN, Aspect.MODE)
    assert snapshot.change_of(lower_file).aspects == aspects


def test_lower_file_replaced(lower_file: Path) -> None:
    snapshot = watch(lower_file)
    data = lower_file.read_bytes()
    lower_file.unlink()
    lower_file.write_bytes(data)
    snapshot.assert_replaced(lower_file)


# Symlinks, spellings, roots


def test_symlink_is_watched_in_what_it_leads_to(tmp_path: Path) -> None:
    file, link = tmp_path / "file", tmp_path / "env" / "link"
    file.write_text("x")
    link.parent.mkdir()
    link.symlink_to(file)
    snapshot = watch(link.parent)
    rewrite(file, b"y")
    change = snapshot.change_of(link)
    assert change.aspects == (Aspect.TARGET,)
    assert change.describe() == "target changed (rewritten in place, times changed)"
    assert any(line.startswith(f"    {file}: rewritten") for line in change.explain())
    snapshot.assert_unchanged(allow={Aspect.REWRITTEN, Aspect.TIMES})
    snapshot.assert_unchanged(allow={Aspect.TARGET})
    with pytest.raises(AssertionError, match="1 target changed"):
        snapshot.assert_unchanged(allow={Aspect.REWRITTEN})
    snapshot.assert_same_inode(link)
    file.unlink()
    assert snapshot.change_of(link).describe() == "target changed (vanished)"


def test_dangling_symlink(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("missing")
    snapshot = watch(link)
    snapshot.assert_unchanged()
    (tmp_path / "missing").touch()
    assert snapshot.change_of(link).describe() == "target changed (appeared)"


def test_symlink_whose_end_cannot_be_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    link = tmp_path / "link"
    link.symlink_to("file")
    snapshot = watch(link)
    nowhere = Resolution((link,), None, "Permission denied")
    monkeypatch.setattr("pytest_linkcheck.links.state.resolve", lambda _path: nowhere)
    words = "target changed (cannot be told (changed while being looked at))"
    assert snapshot.change_of(link).describe() == words
    monkeypatch.setattr(os, "stat", _refuse_bytes)
    words = "target changed (cannot be told (Permission denied))"
    assert snapshot.change_of(link).describe() == words
    with pytest.raises(AssertionError, match="1 target changed"):
        snapshot.assert_unchanged(allow={Aspect.VANISHED})


def test_entry_that_goes_while_it_is_taken_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    module = import_module("pytest_linkcheck.links.watching")

    def walk(root: Path) -> Scan:
        found = scan(root)
        (tmp_path / "file").unlink(missing_ok=True)
        return found

    monkeypatch.setattr(module, "scan", walk)
    snapshot = watch(tmp_path)
    assert snapshot.paths == (tmp_path,)
    snapshot.assert_unchanged()


def test_root_that_is_a_symlink_to_a_folder(tmp_path: Path) -> None:
    for version in ("v1", "v2"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "file").write_text("x")
    current = tmp_path / "current"
    current.symlink_to("v1")
    snapshot = watch(current)
    snapshot.assert_same_inode(current / "file")
    snapshot.assert_same_inode(tmp_path / "v1" / "file")  # the same name, spelled otherwise
    current.unlink()
    current.symlink_to("v2")
    snapshot.assert_replaced(current / "file")
    assert Aspect.REPLACED in snapshot.change_of(current).aspects


def test_spellings_of_a_watched_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").touch()
    (tmp_path / "way").symlink_to("folder")
    monkeypatch.chdir(tmp_path)
    snapshot = watch("folder/file")
    for spelling in ("folder/file", tmp_path / "folder" / "file", "way/file", "way/../way/file"):
        snapshot.assert_same_inode(spelling)
    monkeypatch.chdir("/")
    snapshot.assert_unchanged()


def test_file_in_two_roots_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    file = tmp_path / "in" / "file"
    file.touch()
    snapshot = watch([tmp_path, tmp_path / "in", file])
    assert len(snapshot.paths) == 3
    file.unlink()
    assert len(snapshot.changes()) == 1


# Misuse is no AssertionError: `pytest.raises(AssertionError)` must not swallow it.


def test_misuse_is_a_value_error(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    snapshot = watch(str(file))
    other = tmp_path / "other\n"
    for ask in (snapshot.assert_replaced, snapshot.assert_same_inode, snapshot.change_of):
        with pytest.raises(ValueError, match=r"other\\n was not watched$"):
            ask(other)
    with pytest.raises(ValueError, match=r"no aspect that can be allowed: Aspect\.UNKNOWN"):
        snapshot.assert_unchanged(allow=[Aspect.UNKNOWN])
    with pytest.raises(ValueError, match="no aspect that can be allowed: replaced"):
        snapshot.assert_unchanged(allow=["replaced"])  # type: ignore[list-item]
    snapshot.close()
    with pytest.raises(ValueError, match="closed"):
        snapshot.assert_unchanged()
    with pytest.raises(ValueError, match="closed"):
        snapshot.change_of(file)
    with pytest.raises(ValueError, match="no path to watch"):
        watch([])
    with pytest.raises(FileNotFoundError):
        watch([file, tmp_path / "missing"])


def test_ten_offenders_are_shown_and_all_counted(tmp_path: Path) -> None:
    snapshot = watch(tmp_path)
    for number in range(25):
        (tmp_path / f"{number:02}").touch()
    with pytest.raises(AssertionError) as caught:
        snapshot.assert_unchanged()
    lines = str(caught.value).splitlines()
    assert lines[0] == "25 paths are not as when 1 were watched: 25 appeared"
    assert sum(line.endswith(": appeared") for line in lines) == 10
    assert lines[-1] == "  … and 15 more, 25 in all"
    assert repr(snapshot) == "<Snapshot of 1 path>"


def test_helpers_hide_their_frames(tmp_path: Path) -> None:
    snapshot = watch(tmp_path)
    (tmp_path / "new").touch()
    with pytest.raises(AssertionError) as caught:
        snapshot.assert_unchanged()
    assert caught.traceback[-1].frame.f_locals["__tracebackhide__"] is True


# What cannot be told


def test_without_reading_bytes(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    snapshot = watch(tmp_path, content=False)
    snapshot.assert_unchanged()
    told = file.stat()
    rewrite(file, b"y")
    os.utime(file, ns=(told.st_atime_ns, told.st_mtime_ns))
    change = snapshot.change_of(file)
    assert change.describe() == "cannot be told (bytes were not compared)"
    with pytest.raises(AssertionError, match="1 cannot be told"):
        snapshot.assert_unchanged(allow=set(Aspect) - {Aspect.UNKNOWN})
    snapshot.assert_same_inode(file)
    rewrite(file, b"longer")
    assert snapshot.change_of(file).aspects == (Aspect.REWRITTEN, Aspect.TIMES)


AS_USER = """
import os, sys
from pathlib import Path
sys.path[:0] = {path!r}
from pytest_linkcheck.links.state import show_time
from pytest_linkcheck.links.watching import watch
os.setgid(65534), os.setuid(65534)
snapshot = watch({place!r})
for change in snapshot.changes():
    print(change)
snapshot.assert_same_inode(Path({place!r}, "secret"))
print("same")
"""


def test_unreadable_as_an_ordinary_user() -> None:
    if os.geteuid() != 0:
        pytest.skip("root drops its rights in this test: run as root")
    place = Path(f"/tmp/linkcheck-watch-{os.getpid()}")  # noqa: S108 - pytest's own is closed to others
    place.mkdir(mode=0o755)
    try:
        (place / "secret").write_text("x")
        (place / "secret").chmod(0)
        (place / "closed").mkdir(mode=0)
        script = AS_USER.format(path=sys.path, place=str(place))
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=False
        )
        assert done.stdout.splitlines() == [
            f"{place / 'closed'}: cannot be told (Permission denied)",
            f"{place / 'secret'}: cannot be told (bytes not readable: Permission denied)",
            "same",
        ], done.stderr
    finally:
        (place / "closed").rmdir()
        (place / "secret").unlink()
        place.rmdir()


# Where there is no file handle


@pytest.fixture
def no_handles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_linkcheck.links.state.read_handle", lambda _path: None)


@pytest.mark.usefixtures("no_handles")
def test_pinned_where_there_is_no_handle(file: Path) -> None:
    with watch(file.parent) as snapshot:
        snapshot.assert_unchanged()
        snapshot.assert_same_inode(file)
        data = file.read_bytes()
        for _ in range(20):
            file.unlink()
            file.write_bytes(data)
            snapshot.assert_replaced(file)


@pytest.mark.usefixtures("no_handles")
def test_unknown_where_nothing_can_be_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_linkcheck.links.pins._descriptor_share", lambda: 1)
    for name in ("a", "b"):
        (tmp_path / name).touch()
    snapshot = watch([tmp_path / "a", tmp_path / "b"])
    snapshot.assert_same_inode(tmp_path / "a")
    with pytest.raises(AssertionError) as caught:
        snapshot.assert_same_inode(tmp_path / "b")
    assert str(caught.value).splitlines()[0] == (
        f"{tmp_path / 'b'}: whether it is the inode it was cannot be told: "
        "no file handle here, and the inode number may have been used again"
    )
    with pytest.raises(AssertionError, match="whether it was replaced cannot be told"):
        snapshot.assert_replaced(tmp_path / "b")
    with pytest.raises(AssertionError, match="1 cannot be told"):
        snapshot.assert_unchanged()
    (tmp_path / "b").unlink()
    (tmp_path / "b").touch()
    snapshot.assert_replaced(tmp_path / "b")  # by its birth, or another number


@pytest.mark.usefixtures("no_handles")
def test_pins_are_let_go(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()

    snapshot = watch(file)
    assert is_held(file)
    snapshot.close()
    snapshot.close()
    assert not is_held(file)
    snapshot = watch(file)
    assert is_held(file)
    del snapshot
    assert not is_held(file)


def test_changed_at_every_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    snapshot = watch(file)

    def disturb(_path: Path) -> None:
        with file.open("a") as stream:
            stream.write("x")

    monkeypatch.setattr("pytest_linkcheck.links.state.read_handle", disturb)
    change = snapshot.change_of(file)
    assert change.describe() == "cannot be told (changed while being looked at)"
    monkeypatch.setattr("pytest_linkcheck.links.state.read_handle", _refuse)
    assert snapshot.change_of(file).reason == os.strerror(errno.EACCES)


def _refuse(path: Path) -> None:
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def test_root_that_can_no_longer_be_walked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = watch(tmp_path)
    monkeypatch.setattr(import_module("pytest_linkcheck.links.watching"), "scan", _refuse)
    (change,) = snapshot.changes()
    assert change.describe() == "cannot be told (Permission denied)"


@pytest.mark.usefixtures("no_handles")
def test_only_files_and_folders_are_pinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("closed", "swapped"):
        (tmp_path / name).touch()
    os.mkfifo(tmp_path / "fifo")
    honest = os.open

    def refuse(path: Path, flags: int, *rest: int) -> int:
        if flags & os.O_NOCTTY and path.name == "closed":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        if flags & os.O_NOCTTY and path.name == "swapped":
            return honest(tmp_path / "closed", flags)
        return honest(path, flags, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        snapshot = watch(tmp_path, content=False)
    assert {change.path.name for change in snapshot.changes()} == {"closed", "swapped", "fifo"}


@pytest.mark.parametrize(
    ("nanoseconds", "shown"),
    [
        (None, "unknown"),
        (1_500_000_000_000_000_001, "2017-07-14 02:40:00.000000001Z"),
        (-1, "1969-12-31 23:59:59.999999999Z"),
        (1 << 80, "1208925819614629.174706176 s"),
    ],
)
def test_times_are_shown_whole(nanoseconds: int | None, shown: str) -> None:
    assert show_time(nanoseconds) == shown


@pytest.mark.parametrize(
    ("limit", "share"), [((1024, 4096), 256), ((resource.RLIM_INFINITY,) * 2, 1 << 16)]
)
def test_a_quarter_of_the_descriptors(
    limit: tuple[int, int], share: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = import_module("pytest_linkcheck.links.pins")
    monkeypatch.setattr(resource, "getrlimit", lambda _which: limit)
    assert module._descriptor_share() == share  # noqa: SLF001
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "resource", None)
        assert module._descriptor_share() == 0  # noqa: SLF001
    monkeypatch.setattr(module.sys, "platform", "win32")
    assert module._descriptor_share() == 0  # noqa: SLF001


def test_unreadable_bytes_and_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    snapshot = watch(tmp_path)
    monkeypatch.setattr("pytest_linkcheck.links.state.hash_bytes", _refuse_bytes)
    monkeypatch.setattr(import_module("pytest_linkcheck.links.scanning"), "_read", _refuse_bytes)
    assert [str(change) for change in snapshot.changes()] == [
        f"{tmp_path}: cannot be told (Permission denied)",
        f"{tmp_path / 'file'}: cannot be told (bytes not readable: Permission denied)",
    ]
    change = snapshot.change_of(tmp_path / "file")
    assert change.describe() == "cannot be told (bytes not readable: Permission denied)"
    assert str(change.after).endswith(", bytes not readable: Permission denied")
    with pytest.raises(AssertionError, match="cannot be told"):
        snapshot.assert_unchanged(allow=[Aspect.VANISHED])


def test_folder_unlisted_at_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    with monkeypatch.context() as patch:
        patch.setattr(import_module("pytest_linkcheck.links.scanning"), "_read", _refuse_bytes)
        snapshot = watch(tmp_path)
    assert [str(change) for change in snapshot.changes()] == [
        f"{tmp_path}: cannot be told (Permission denied)",
        f"{tmp_path / 'file'}: cannot be told (Permission denied)",
    ]


def _refuse_bytes(*_arguments: object, **_options: object) -> None:
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
