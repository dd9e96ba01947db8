"""Systems that are not Linux: nothing fails to import, and nothing is guessed."""

import ctypes
import errno
import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_linkcheck.links import darwin, storage
from pytest_linkcheck.links.comparison import compare
from pytest_linkcheck.links.content import Opened, open_unchanged
from pytest_linkcheck.links.darwin import CloneFacts, parse_answer, read_clone
from pytest_linkcheck.links.facts import read_facts
from pytest_linkcheck.links.show import show_device
from pytest_linkcheck.links.storage import Common, examine_clones

SCRIPT = """
import os, pathlib, sys
import ctypes, hashlib, tempfile  # the standard library knows where it is
for name in ("fcntl", "grp", "pwd", "resource", "termios"):
    sys.modules[name] = None
for name in (
    "major", "minor", "makedev", "pread", "mknod", "O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC"
):
    delattr(os, name)
sys.platform = sys.argv[1]
from pytest_linkcheck import links
from pytest_linkcheck.links import mounts
mounts.MOUNTINFO = pathlib.Path("missing")
os.link("a", "hard")
os.symlink("a", "soft")
for name in ("hard", "soft", "copy", "other"):
    print(links.compare("a", name))
print(links.compare("a", "copy", content=True).content.value)
boundary = links.probe_boundary(".", ".")
print(boundary.linkable.value, boundary.reflinkable.value)
print(links.compare("a", "copy").explain())
"""


@pytest.mark.parametrize("platform", ["win32", "freebsd14"])
def test_without_what_linux_has_links_are_told_and_blocks_are_not(
    tmp_path: Path, platform: str
) -> None:
    for name, data in (("a", "same"), ("copy", "same"), ("other", "else")):
        (tmp_path / name).write_text(data)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT, platform],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines()[:6] == [
        "hardlink (one inode, 2 links)",
        "symlink (soft resolves to a)",
        "unknown (not supported on this system)",
        "unknown (not supported on this system)",
        "equal",
        "yes unknown",
    ]


def test_a_device_number_of_one_part_is_shown_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "major")
    assert show_device(3735928559) == "3735928559"


ALL = 0x8 | 0x100 | 0x200


def _answer(returned: int = ALL, length: int = 48, flags: int = 1) -> bytes:
    return struct.pack("=I5IqQQ", length, 0, 0, 0, 0, returned, 4096, 77, flags) + bytes(64)


def test_the_answer_of_getattrlist_is_read_by_its_layout() -> None:
    assert parse_answer(_answer()) == CloneFacts(77, may_share=True, private_size=4096)
    assert parse_answer(_answer(flags=0xFE)) == CloneFacts(77, may_share=False, private_size=4096)


@pytest.mark.parametrize(("returned", "length"), [(0x8 | 0x100, 48), (0, 24), (ALL, 40)])
def test_an_answer_that_lacks_a_part_is_none(returned: int, length: int) -> None:
    assert parse_answer(_answer(returned, length)) is None


def test_clone_data_are_asked_for_on_macos_alone(tmp_path: Path) -> None:
    assert read_clone(tmp_path) is None


class FakeLibrary:
    """A C library whose getattrlist answers, or fails."""

    def __init__(self, *, fails: bool) -> None:
        def getattrlist(
            _path: bytes, request: bytes, buffer: object, size: int, options: int
        ) -> int:
            assert struct.unpack("=HHIIIII", request) == (5, 0, 0x80000000, 0, 0, 0, ALL)
            assert (size, options) == (256, 0x21)
            if fails:
                ctypes.set_errno(errno.ENOENT)
                return -1
            ctypes.memmove(buffer, _answer(), 48)  # type: ignore[arg-type]
            return 0

        self.getattrlist = getattrlist


@pytest.mark.parametrize("fails", [False, True])
def test_getattrlist_is_called_as_its_man_page_says(
    monkeypatch: pytest.MonkeyPatch, *, fails: bool
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(darwin.ctypes.util, "find_library", lambda _name: None)  # type: ignore[attr-defined]
    monkeypatch.setattr(ctypes, "CDLL", lambda *_names, **_options: FakeLibrary(fails=fails))
    if fails:
        with pytest.raises(FileNotFoundError):
            read_clone("file")
    else:
        assert read_clone("file") == CloneFacts(77, may_share=True, private_size=4096)


@pytest.mark.parametrize(
    ("ids", "data", "common"),
    [
        (((7, True), (7, True)), b"same", Common.ALL),
        (((7, True), (7, True)), b"else", Common.UNKNOWN),
        (((7, True), (7, True)), b"longer", Common.UNKNOWN),
        (((7, True), (8, True)), b"same", Common.UNKNOWN),
        (((7, False), (7, True)), b"same", Common.NONE),
        (((7, True), (7, False)), b"same", Common.NONE),
        ((None, (7, True)), b"same", Common.UNKNOWN),
    ],
)
def test_clones_of_macos_are_believed_only_where_all_agrees(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    ids: tuple[tuple[int, bool] | None, ...],
    data: bytes,
    common: Common,
) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    a.write_bytes(b"same")
    b.write_bytes(data)
    told = {
        path: None if known is None else CloneFacts(known[0], may_share=known[1], private_size=0)
        for path, known in zip((a, b), ids, strict=True)
    }
    monkeypatch.setattr(storage, "read_clone", told.__getitem__)
    first, second = read_facts(a), read_facts(b)
    with open_unchanged(first) as here, open_unchanged(second) as there:
        assert examine_clones(Opened(first, here), Opened(second, there)).common is common
    monkeypatch.setattr(sys, "platform", "darwin")
    assert (compare(a, b).sharing.value == "reflink") is (common is Common.ALL)


def test_two_volumes_of_macos_share_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    clone = CloneFacts(7, may_share=True, private_size=0)
    monkeypatch.setattr(storage, "read_clone", lambda _path: clone)
    one, two = read_facts("/"), read_facts("/proc/self/status")
    assert examine_clones(Opened(one, -1), Opened(two, -1)).common is Common.NONE
