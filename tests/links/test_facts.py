import ctypes
import errno
import os
import socket
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
from support.mounting import needs_root
from support.oracle import stat_of

from pytest_linkcheck.links import facts as facts_module
from pytest_linkcheck.links import statx as statx_module
from pytest_linkcheck.links.comparison import compare
from pytest_linkcheck.links.facts import Facts, Identity, Kind, read_facts
from pytest_linkcheck.links.verdict import Sharing


def _told_by_stat(path: Path) -> list[int]:
    # %W is the birth time in seconds, 0 if unknown; %.9Y and %.9Z are mtime and ctime
    form = "%d %i %h %s %b %.9Y %.9Z %W"
    return [int(word.replace(".", "")) for word in stat_of(path, form).split()]


def _as_stat(facts: Facts) -> list[int]:
    assert facts.birth_ns is not None
    blocks, rest = divmod(facts.allocated, 512)
    assert rest == 0
    return [
        facts.identity.device,
        facts.identity.inode,
        facts.links,
        facts.size,
        blocks,
        facts.mtime_ns,
        facts.ctime_ns,
        facts.birth_ns // 1_000_000_000,
    ]


def test_the_facts_of_a_file_are_those_of_stat(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 5000)
    os.link(path, tmp_path / "link")
    path.chmod(0o640)
    facts = read_facts(path)
    assert _as_stat(facts) == _told_by_stat(path)
    assert facts.links == 2
    assert f"{facts.mode:o}" == stat_of(path, "%a") == "640"
    assert facts.kind is Kind.FILE
    assert facts.target is None
    assert read_facts(str(path)) == facts


def test_a_symlink_is_looked_at_not_followed(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("./no/where")
    facts = read_facts(link)
    assert _as_stat(facts) == _told_by_stat(link)
    assert (facts.kind, facts.target) == (Kind.SYMLINK, "./no/where")
    assert str(facts).startswith(f"{link} -> ./no/where: device ")
    assert str(facts).endswith(", 1 link, symlink")


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        (Kind.FIFO, stat.S_IFIFO),
        pytest.param(Kind.CHARACTER_DEVICE, stat.S_IFCHR, marks=needs_root),
        pytest.param(Kind.BLOCK_DEVICE, stat.S_IFBLK, marks=needs_root),
    ],
)
def test_special_files_are_named_and_not_opened(tmp_path: Path, kind: Kind, mode: int) -> None:
    path = tmp_path / "special"
    os.mknod(path, mode | 0o600, os.makedev(1, 3))
    facts = read_facts(path)
    assert facts.kind is kind
    assert _as_stat(facts) == _told_by_stat(path)


def test_a_socket_and_a_folder_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the path of a socket may have 107 bytes
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        assert read_facts("socket").kind is Kind.SOCKET
    assert read_facts(tmp_path).kind is Kind.DIRECTORY
    assert str(read_facts(tmp_path)).endswith(", directory")


@pytest.mark.parametrize("name", ["new\nline", "esc\x1b[2J", "byte\udcff"])
def test_a_hostile_name_is_read_and_shown_in_one_line(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.touch()
    facts = read_facts(path)
    assert facts.identity.inode == path.lstat().st_ino
    assert str(facts).isprintable()


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("missing", FileNotFoundError),
        ("file/below", NotADirectoryError),
        ("x" * 300, OSError),
        ("nul\0", ValueError),
    ],
)
def test_what_is_not_there_raises_as_lstat_does(
    tmp_path: Path, name: str, error: type[Exception]
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(error):
        (tmp_path / name).lstat()
    with pytest.raises(error):
        read_facts(tmp_path / name)


def test_without_statx_lstat_tells_all_but_birth_and_mount(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"content")
    full = read_facts(path)
    monkeypatch.setattr(facts_module, "statx", lambda _path: None)
    plain = read_facts(path)
    assert (plain.birth_ns, plain.mount_id) == (None, None)
    for field in ("identity", "links", "kind", "mode", "size", "allocated", "mtime_ns", "ctime_ns"):
        assert getattr(plain, field) == getattr(full, field)


def _refuse(error: int) -> object:
    def function(*_arguments: object) -> int:
        ctypes.set_errno(error)
        return -1

    return function


@pytest.mark.parametrize("error", [errno.ENOSYS, errno.EPERM])
def test_a_kernel_or_sandbox_without_statx_is_asked_by_lstat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    monkeypatch.setattr(statx_module, "_function", lambda: _refuse(error))
    assert read_facts(tmp_path).mount_id is None
    assert read_facts(tmp_path).identity.inode == tmp_path.stat().st_ino


# STATX_TYPE, MODE, NLINK, MTIME, CTIME, INO, SIZE, BLOCKS; and what is not asked for here: ATIME.
@pytest.mark.parametrize("bit", [0x1, 0x2, 0x4, 0x40, 0x80, 0x100, 0x200, 0x400, 0x20])
def test_what_the_filesystem_does_not_tell_is_no_fact(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bit: int
) -> None:
    """No filesystem here leaves anything out, so a bit of its real answer is taken away."""
    honest = statx_module._function()  # noqa: SLF001
    assert honest is not None

    def less(*arguments: Any) -> int:  # noqa: ANN401 - of ctypes
        status = honest(*arguments)
        mask = int.from_bytes(arguments[-1][:4], sys.byteorder)
        arguments[-1][:4] = (mask & ~bit).to_bytes(4, sys.byteorder)
        return status

    monkeypatch.setattr(statx_module, "_function", lambda: less)
    if bit == 0x20:
        assert read_facts(tmp_path).identity.inode == tmp_path.stat().st_ino
        return
    with pytest.raises(OSError, match="the filesystem does not tell all that stat asks for"):
        read_facts(tmp_path)
    verdict = compare(tmp_path, tmp_path)
    assert verdict.sharing is Sharing.UNKNOWN
    assert "does not tell all" in verdict.reason


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_other_systems_have_no_statx(monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert statx_module._function.__wrapped__() is None  # noqa: SLF001


def test_an_old_c_library_has_no_statx(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda *_args, **_options: object())
    assert statx_module._function.__wrapped__() is None  # noqa: SLF001


def test_a_birth_time_of_macos_is_taken_from_lstat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = tmp_path.lstat()

    class Told:
        st_birthtime = 12.5

        def __getattr__(self, name: str) -> object:
            return getattr(real, name)

    monkeypatch.setattr(facts_module, "statx", lambda _path: None)
    monkeypatch.setattr(os, "lstat", lambda _path: Told())
    assert read_facts(tmp_path).birth_ns == 12_500_000_000


def test_identity_is_ordered_and_printable() -> None:
    assert str(Identity(os.makedev(8, 1), 257)) == "device 8:1 inode 257"
    assert sorted([Identity(2, 1), Identity(1, 2)]) == [Identity(1, 2), Identity(2, 1)]
