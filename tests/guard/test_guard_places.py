"""Filesystems on which a file that is written to does not look so."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from guard.conftest import guarded
from support.places import disk, overlaid_on
from support.users import NOBODY, nobody

from pytest_linkcheck import Filesystems
from pytest_linkcheck.guard import known
from pytest_linkcheck.guard.judge import Finding, Way, judge_all
from pytest_linkcheck.guard.known import find_known
from pytest_linkcheck.guard.looks import look_at_all
from pytest_linkcheck.guard.targets import Kind, Target

ONE, TWO = "archive-v0/id/one.py", "archive-v0/id/two.py"


@pytest.fixture(name="cache")
def fixture_cache(tmp_path: Path) -> Iterator[Path]:
    """Return a uv cache in the lower layer of an overlay, as images of containers have it."""
    with disk("ext4", tmp_path) as base:
        lower = base.path / "lower"
        for name in (ONE, TWO):
            (lower / name).parent.mkdir(parents=True, exist_ok=True)
            (lower / name).write_bytes(b"x" * 5000)
        (lower / "linked").hardlink_to(lower / ONE)
        with overlaid_on(base.path, tmp_path / "merged", lower) as merged:
            yield merged


def _set_back(path: Path) -> None:
    told = path.stat()
    path.write_bytes(b"y" * told.st_size)
    os.utime(path, ns=(told.st_atime_ns, told.st_mtime_ns))


def _judge(folder: Path, act: Callable[[], object], kind: Kind = Kind.UV_CACHE) -> list[Finding]:
    targets = [Target(kind, folder, (folder,))]
    survey = look_at_all(targets)
    known = find_known(survey)
    act()
    return judge_all(survey, known, targets)


@pytest.mark.parametrize("name", [ONE, TWO], ids=["linked", "alone"])
@pytest.mark.parametrize("kind", Kind)
def test_a_write_that_overlay_copies_up_is_found(cache: Path, name: str, kind: Kind) -> None:
    """The name is another inode by then, or the same inode born anew."""
    (finding,) = _judge(cache, lambda: (cache / name).write_text("short"), kind)
    assert finding.way is Way.REPLACED
    assert finding.paths == (str(cache / name),)
    assert finding.what[:2] == ("copied up by overlay", "size 5,000 -> 5 bytes")


def test_times_set_back_do_not_hide_it(cache: Path) -> None:
    (finding,) = _judge(cache, lambda: _set_back(cache / ONE))
    assert finding.what == ("copied up by overlay", "bytes differ")


@pytest.mark.parametrize("kind", Kind)
def test_a_link_that_overlay_copies_up_is_no_edit(cache: Path, kind: Kind) -> None:
    assert not _judge(cache, lambda: (cache / "new").hardlink_to(cache / ONE), kind)


def test_where_no_handle_tells_it_is_left_open(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a sandbox that forbids the call."""
    monkeypatch.setattr(known, "read_handle", lambda _: None)
    (finding,) = _judge(cache, lambda: (cache / ONE).write_text("short"))
    assert finding.way is Way.UNKNOWN
    assert finding.what[-1] == "in place, or it is another file"


def test_a_folder_above_makes_no_bytecode_of_an_environment(tmp_path: Path) -> None:
    file = tmp_path / "__pycache__/env/module.py"
    file.parent.mkdir(parents=True)
    file.write_text("one")
    (finding,) = _judge(file.parent, file.unlink, Kind.ENVIRONMENT)
    assert finding.way is Way.REMOVED


@pytest.mark.linkcheck_requires("root")
def test_a_mapping_of_a_file_in_memory_below_overlay_is_found(
    pytester: pytest.Pytester, tmp_path: Path
) -> None:
    with disk("tmpfs", tmp_path) as base, overlaid_on(base.path, tmp_path / "merged") as merged:
        (merged / "file").write_text("one")
        code = (
            "import mmap\n"
            "def test_it():\n"
            f"    with open({str(merged / 'file')!r}, 'r+b') as file:\n"
            "        with mmap.mmap(file.fileno(), 0) as mapping:\n"
            "            mapping[0] = mapping[0] ^ 1\n"
        )
        result = guarded(pytester, code, merged)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines([f"  {merged}/file: bytes differ*"])


@pytest.mark.linkcheck_requires("root")
def test_a_change_time_that_can_be_set_back_hides_nothing(filesystems: Filesystems) -> None:
    folder = filesystems.get("nolink").folder()
    (folder / "file").write_text("one")
    (finding,) = _judge(folder, lambda: _set_back(folder / "file"), Kind.FOLDER)
    assert "bytes differ" in finding.what


@pytest.mark.linkcheck_requires("root")
@pytest.mark.parametrize("kind", Kind)
def test_what_may_not_be_looked_at_is_not_taken_for_removed(
    public_folder: Path, kind: Kind
) -> None:
    path = public_folder / ONE
    path.parent.mkdir(parents=True)
    path.write_text("one")
    os.chown(path.parent, NOBODY, NOBODY)
    with nobody():
        (finding,) = _judge(public_folder, lambda: path.parent.chmod(0), kind)
    assert (finding.way, finding.what) == (Way.UNKNOWN, ("cannot be looked at",))
