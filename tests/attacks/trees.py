"""What somebody may do to an environment, and what the audit has to say of it."""

import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

from attacks.conftest import FILES, Tree
from support.handmade import record_of

# Each makes an environment that the audit fails, and returns a pattern of the one line it says.
Attack = Callable[[Tree], str]
ATTACKS: dict[str, Attack] = {}
NEED_ROOT = {"dist_info_is_a_device", "a_device_for_a_file"}


def _attack(function: Attack) -> Attack:
    ATTACKS[function.__name__.strip("_")] = function
    return function


def _evil(tree: Tree) -> str:
    return f"import pathlib; pathlib.Path({str(tree.scene.mark)!r}).touch()\n"


@_attack
def _programs(tree: Tree) -> str:
    """Programs and code in every place where Python would run it."""
    folder = tree.prefix / "bin"
    folder.mkdir()
    for name in ("python", "python3", "pip", "uv", "activate"):
        (folder / name).write_text(f"#!/bin/sh\ntouch {tree.scene.mark}\n")
        (folder / name).chmod(0o755)
    for name in ("evil.pth", "sitecustomize.py", "usercustomize.py", "demo/__init__.py",
                 "conftest.py", "pytest.py", "pytest_linkcheck.py", "packaging.py"):  # fmt: skip
        (tree.site / name).write_text(_evil(tree))
    (tree.info / "entry_points.txt").write_text("[pytest11]\nevil = demo\n")
    return "demo 1.0: demo/__init__.py was changed since it was installed: *"


@_attack
def _record_leads_out(tree: Tree) -> str:
    way = os.path.relpath(tree.outside / "canary", tree.site)
    tree.record(f"{way},,")
    return f"demo 1.0: RECORD lists {way}, which leaves the environment: not followed"


@_attack
def _record_leads_out_and_in_again(tree: Tree) -> str:
    tree.record(f"demo/../../../../../../{tree.prefix.name}/../outside/canary,,")
    return "demo 1.0: RECORD lists demo/../*outside/canary, which leaves the environment: *"


@_attack
def _record_is_absolute(tree: Tree) -> str:
    tree.record("/etc/passwd,,")
    return "demo 1.0: RECORD lists an absolute path, /etc/passwd: not followed"


@_attack
def _record_goes_through_a_symlink(tree: Tree) -> str:
    (tree.site / "way").symlink_to(tree.outside)
    tree.record("way/canary,,")
    return "demo 1.0: way/canary is reached through a symlink that leads out of the environment: *"


@_attack
def _record_goes_up_behind_a_symlink(tree: Tree) -> str:
    (tree.outside / "inner").mkdir(exist_ok=True)
    (tree.site / "up").symlink_to(tree.outside / "inner")
    tree.record("up/../canary,,")  # by the kernel outside/canary; not by the letters
    return "demo 1.0: up/../canary is missing, though RECORD lists it"


@_attack
def _record_has_nul(tree: Tree) -> str:
    tree.record("demo/\0a.py,,")
    return "demo 1.0: RECORD line 1 has a NUL in its path"


@_attack
def _record_has_a_long_line(tree: Tree) -> str:
    tree.record("a" * 10_000_000)
    return "demo 1.0: RECORD is not CSV: line 1: field larger than field limit (131072)"


@_attack
def _record_has_many_columns(tree: Tree) -> str:
    tree.record("," * 10_000_000)
    return "demo 1.0: RECORD line 1 has 10000001 columns instead of 3"


@_attack
def _record_has_a_long_path(tree: Tree) -> str:
    tree.record("a/" * 10_000 + "a.py,,")
    return "demo 1.0: RECORD line 1 has a path of 20,004 characters: no file can"


@_attack
def _record_has_a_path_no_folder_takes(tree: Tree) -> str:
    tree.record("x" * 300 + ".py,,")
    return "demo 1.0: xxx*.py cannot be looked at: File name too long"


@_attack
def _record_has_a_long_size(tree: Tree) -> str:
    tree.record("demo/a.py,," + "x" * 100_000)
    return f"demo 1.0: RECORD line 1 has {'x' * 40}… for a size"


@_attack
def _record_has_rows_twice(tree: Tree) -> str:
    tree.record("demo/a.py,,", "demo/a.py,,")
    return "demo 1.0: RECORD line 2 lists demo/a.py again"


@_attack
def _record_has_wrong_hashes(tree: Tree) -> str:
    tree.record("demo/a.py,md5=AAAA,6")
    return "demo 1.0: RECORD line 1 has a hash that is no sha256, sha384 or sha512"


@_attack
def _record_has_a_million_rows(tree: Tree) -> str:
    tree.record(*(f"f{number},," for number in range(1_000_000)))
    return "demo 1.0: RECORD has more than 200,000 rows: not read"


@_attack
def _record_has_a_thousand_problems(tree: Tree) -> str:
    tree.record(*(f"gone{number},," for number in range(1_001)))
    return "demo 1.0: 1,001 problems"


@_attack
def _record_is_huge(tree: Tree) -> str:
    os.truncate(tree.info / "RECORD", 1_000_000_000)
    return "demo 1.0: RECORD cannot be read: it has 1.0 GB"


@_attack
def _record_is_a_device(tree: Tree) -> str:
    (tree.info / "RECORD").unlink()
    (tree.info / "RECORD").symlink_to("/dev/zero")
    return "demo 1.0: RECORD cannot be read: it is a symlink"


@_attack
def _dist_info_is_a_symlink(tree: Tree) -> str:
    target = tree.outside / "demo-1.0.dist-info"
    tree.info.rename(target)
    tree.info.symlink_to(target)
    return "demo 1.0: demo-1.0.dist-info is no folder of its own: not followed"


@_attack
def _dist_info_is_a_fifo(tree: Tree) -> str:
    os.mkfifo(tree.site / "fifo-1.0.dist-info")
    return "fifo 1.0: fifo-1.0.dist-info is no folder of its own: not followed"


@_attack
def _dist_info_is_a_socket(tree: Tree) -> str:
    with socket.socket(socket.AF_UNIX) as bound:
        here = os.open(tree.site, os.O_RDONLY)  # a socket's address has 108 bytes
        bound.bind(f"/proc/self/fd/{here}/socket-1.0.dist-info")
        os.close(here)
    return "socket 1.0: socket-1.0.dist-info is no folder of its own: not followed"


@_attack
def _dist_info_is_a_device(tree: Tree) -> str:
    os.mknod(tree.site / "device-1.0.dist-info", stat.S_IFCHR | 0o666, os.makedev(1, 5))
    return "device 1.0: device-1.0.dist-info is no folder of its own: not followed"


@_attack
def _a_device_for_a_file(tree: Tree) -> str:
    (tree.site / "demo/a.py").unlink()
    os.mknod(tree.site / "demo/a.py", stat.S_IFCHR | 0o666, os.makedev(1, 5))
    return "demo 1.0: demo/a.py is a character device, though RECORD lists it as a file"


@_attack
def _a_fifo_for_a_file(tree: Tree) -> str:
    (tree.site / "demo/a.py").unlink()
    os.mkfifo(tree.site / "demo/a.py")
    return "demo 1.0: demo/a.py is a FIFO, though RECORD lists it as a file"


@_attack
def _a_symlink_out(tree: Tree) -> str:
    (tree.site / "demo/a.py").unlink()
    (tree.site / "demo/a.py").symlink_to(tree.outside / "canary")
    return "demo 1.0: demo/a.py is a symlink out of the environment and its cache, to *: not *"


@_attack
def _a_symlink_loop(tree: Tree) -> str:
    (tree.site / "demo/a.py").unlink()
    (tree.site / "demo/a.py").symlink_to("a.py")
    return "demo 1.0: demo/a.py * is a symlink loop"


@_attack
def _a_loop_of_folders(tree: Tree) -> str:
    (tree.site / "one").symlink_to("two")
    (tree.site / "two").symlink_to("one")
    (tree.site / "demo/up").symlink_to("..")
    tree.record("one/a.py,,")
    return "demo 1.0: one/a.py cannot be looked at: Too many levels of symbolic links"


@_attack
def _names(tree: Tree) -> str:
    """Names of 255 bytes, with newlines, escapes and bytes that are no UTF-8."""
    for name in (
        b"n" * 255,
        b"line\nfeed\r",
        b"\x1b]0;title\x07\x1b[2J",
        b"\xff\xfe",
        b"-rf",
        b"~",
    ):
        os.mkdir(os.fsencode(tree.site / "demo") + b"/" + name)  # noqa: PTH102 - bytes
        Path(os.fsdecode(os.fsencode(tree.site / "demo") + b"/" + name), "file").touch()
    tree.record(
        f"demo/{'n' * 255}/file,,",
        '"demo/line\nfeed\r/file",,',
        "demo/\x1b]0;title\x07\x1b[2J/no,,",
    )
    return "demo 1.0: demo/\\x1b]0;title\\x07\\x1b[[]2J/no is missing, though RECORD lists it"


@_attack
def _deep(tree: Tree) -> str:
    """A thousand folders in one another, and a file that lies too deep for its path to be given."""
    here = os.open(tree.site, os.O_RDONLY)
    for _ in range(1000):
        os.mkdir("depth", dir_fd=here)
        inner = os.open("depth", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(os.open("file", os.O_WRONLY | os.O_CREAT, dir_fd=here))
    os.close(here)
    tree.record("depth/" * 600 + "missing,,")
    return "demo 1.0: depth/depth/* is missing, though RECORD lists it"


@_attack
def _a_hole_without_end(tree: Tree) -> str:
    path = tree.site / "demo/a.py"
    size = _extend(path)
    record = record_of(FILES, "demo-1.0.dist-info/RECORD").decode()
    tree.record(record.replace(f",{len(FILES['demo/a.py'])}\n", f",{size}\n", 1))
    return "demo 1.0: demo/a.py cannot be read: too large to read: it has * on disk"


def _extend(path: Path) -> int:
    """Make *path* as large as the filesystem lets it be; returns how large."""
    for bits in (60, 53, 43):  # tmpfs and xfs take an exabyte, ext4 16 TiB
        try:
            os.truncate(path, (1 << bits) - (1 << 20))
        except OSError:
            continue
        return path.stat().st_size
    raise NotImplementedError("no filesystem is as small as that")


@_attack
def _metadata_is_huge(tree: Tree) -> str:
    os.truncate(tree.info / "METADATA", 1_000_000_000)
    os.truncate(tree.info / "RECORD", 0)
    return "demo 1.0: RECORD is empty"


@_attack
def _installer_is_huge(tree: Tree) -> str:
    (tree.info / "INSTALLER").write_bytes(b"x" * 10_000_000)
    (tree.site / "demo/a.py").unlink()
    return "demo 1.0: demo/a.py is missing, though RECORD lists it"


@_attack
def _metadata_has_a_long_name(tree: Tree) -> str:
    (tree.info / "METADATA").write_text(f"Name: {'n' * 500_000}\nVersion: {'1' * 500_000}\n")
    tree.record("gone,,")
    return "demo 1.0: gone is missing, though RECORD lists it"


@_attack
def _metadata_is_nonsense(tree: Tree) -> str:
    (tree.info / "METADATA").write_bytes(b"\xff\0: :\n \n\tName\nName:\n\x1b[2J\n")
    tree.record("gone,,")
    return "demo 1.0: gone is missing, though RECORD lists it"


@_attack
def _pyvenv_cfg_is_nonsense(tree: Tree) -> str:
    (tree.prefix / "pyvenv.cfg").write_bytes(b"uv = " + b"9" * 20_000 + b"\n\xff\0=\0\nversion=\n")
    (tree.site / "demo/a.py").unlink()
    return "demo 1.0: demo/a.py is missing, though RECORD lists it"


@_attack
def _pyvenv_cfg_is_a_fifo(tree: Tree) -> str:
    os.mkfifo(tree.prefix / "pyvenv.cfg")
    (tree.site / "demo/a.py").unlink()
    return "demo 1.0: demo/a.py is missing, though RECORD lists it"


@_attack
def _site_packages_leads_out(tree: Tree) -> str:
    target = tree.outside / "site-packages"
    tree.site.rename(target)
    tree.site.symlink_to(target)
    return "* leads out of it, to *: not followed; name the environment it belongs to"


@_attack
def _lib_leads_out(tree: Tree) -> str:
    (tree.prefix / "lib").rename(tree.outside / "lib")
    (tree.prefix / "lib").symlink_to(tree.outside / "lib")
    return "* leads out of it, to *: not followed; name the environment it belongs to"


@_attack
def _bytecode_leads_out(tree: Tree) -> str:
    (tree.outside / "__pycache__").mkdir(exist_ok=True)
    (tree.outside / "__pycache__/a.cpython-311.pyc").touch()
    (tree.site / "demo/__pycache__").symlink_to(tree.outside / "__pycache__")
    (tree.site / "demo/b.py").unlink()
    return "demo 1.0: demo/b.py is missing, though RECORD lists it"
