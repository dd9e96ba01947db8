"""The second opinion: programs that share no code with ours, and a comparison block by block."""

import re
import subprocess
from pathlib import Path

from support.mounting import run
from support.oracle import same_bytes, same_file, same_file_followed, stat_of
from support.places import Place

_ROW = re.compile(
    r"^\s*\d+:\s*(\d+)\.\.\s*(\d+):\s*(\d+)\.\.\s*(\d+):\s*(\d+):\s*(?:\d+:)?\s*(.*)$"
)
_UNIT = 512


def oracle_verdict(a: Path, b: Path, place: Place) -> str:
    """Return what the programs make of two paths, in the words of our verdicts or in their own."""
    if not (a.exists() and b.exists()):
        return "nothing there"
    kinds = {run("stat", "-L", "-c", "%F", path).strip() for path in (a, b)}
    if not kinds <= {"regular file", "regular empty file"}:
        return "no file"
    if a.is_symlink() or b.is_symlink():
        if same_file_followed(a, b):
            return "symlink"
        return oracle_verdict(a.resolve(), b.resolve(), place)
    if same_file(a, b) and not _told_apart(a, b):
        return _name_one_file(a, b)
    if place.kind == place.base and {"lower", "merged"} <= {a.parent.name, b.parent.name}:
        # A layer's file and what overlay makes of it: only names tell whether it is one.
        return "layer" if a.name == b.name else _by_bytes(a, b)
    if _device(a) != _device(b) and place.kind != "btrfs" and _mount(a) != _mount(b):
        return _by_bytes(a, b)
    if _filesystem(a) != _filesystem(b):
        return _by_bytes(a, b)  # addresses that collide fool `filefrag`
    return _by_blocks(a, b, place)


def _filesystem(path: Path) -> str:
    """Return the number of the filesystem that holds the data, below overlay if it can be seen."""
    told = run(
        "findmnt", "--noheadings", "--pairs", "-o", "FSTYPE,FSROOT,OPTIONS,TARGET", "-T", path
    )
    words = dict(re.findall(r'(\w+)="([^"]*)"', told))
    if words["FSTYPE"] == "overlay":
        options = dict(word.partition("=")[::2] for word in words["OPTIONS"].split(","))
        layers = [options.get("upperdir", ""), *options["lowerdir"].split(":")]
        for layer in filter(None, layers):
            root = Path(layer) / words["FSROOT"].lstrip("/")
            inside = root / path.relative_to(words["TARGET"])
            if inside.exists():
                return _filesystem(inside)
    return run("findmnt", "--noheadings", "-o", "MAJ:MIN", "-T", path).split()[-1]


def _name_one_file(a: Path, b: Path) -> str:
    return "one file" if a.parent.resolve() / a.name == b.parent.resolve() / b.name else "hardlink"


def _told_apart(a: Path, b: Path) -> bool:
    """Return whether two names with one inode and one link cannot be one file."""
    return stat_of(a, "%h") == "1" and _mount(a) == _mount(b) and a.name != b.name


def _device(path: Path) -> str:
    return stat_of(path, "%d")


def _mount(path: Path) -> str:
    return run("findmnt", "--noheadings", "-o", "ID", "-T", path).split()[-1]


def _by_bytes(a: Path, b: Path) -> str:
    return "copy" if same_bytes(a, b) else "different"


def _by_blocks(a: Path, b: Path, place: Place) -> str:
    rows = [filefrag(path) for path in (a, b)]
    if rows[0] is None or rows[1] is None:
        return _by_bytes(a, b)  # tmpfs: the kernel has no way to share there
    maps = [_blocks(told) for told in rows if told is not None]
    if place.base == "btrfs" and place.device is not None:
        known = [_on_btrfs(path, place) for path in (a, b)]
        if known[0] is not None and known[1] is not None:
            maps = [dump_tree(path, place) for path in known if path is not None]
    return judge_blocks(maps[0], maps[1], a, b)


def _on_btrfs(path: Path, place: Place) -> Path | None:
    """Return where btrfs itself knows *path*, `None` where that is not plain to see."""
    if run("stat", "-f", "-c", "%T", path).strip() == "btrfs":
        return path
    if place.kind != place.base and _mount(path) == _mount(place.root):
        # All files of a place that is an overlay are made in its upper layer.
        return place.root.parent / place.base / "upper" / path.relative_to(place.root)
    return None


Blocks = dict[int, tuple[str, int]]


def judge_blocks(one: Blocks, two: Blocks, a: Path, b: Path) -> str:
    """Judge two maps from offset to place, both in units of 512 bytes."""
    if not one and not two:
        return "empty"
    if any(where == ("inline", 0) for where in one.values()) and any(
        where == ("inline", 0) for where in two.values()
    ):
        return "unknown"
    if one == two:
        return "reflink"
    if set(one.values()) & set(two.values()):
        return "partial"
    # Two parts of one compressed extent have the block on disk in common.
    if _extents(one) & _extents(two):
        return "partial"
    return _by_bytes(a, b)


def _extents(blocks: Blocks) -> set[str]:
    return {name for name, _offset in blocks.values() if name.startswith("compressed")}


def filefrag(path: Path) -> list[tuple[int, int, int, str]] | None:
    """Return rows (offset, address, count, flags) in units of 512 bytes; `None` if refused."""
    done = subprocess.run(
        ["filefrag", "-s", "-v", f"-b{_UNIT}", path], capture_output=True, check=False
    )
    words = done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")
    if done.returncode or "FIBMAP" in words or "not supported" in words:
        return None
    rows = []
    for line in words.splitlines():
        if match := _ROW.match(line):
            first, _last, start, _end, count, flags = match.groups()
            rows.append((int(first), int(start), int(count), flags))
    return rows


def _blocks(rows: list[tuple[int, int, int, str]]) -> Blocks:
    blocks: Blocks = {}
    for first, start, count, flags in rows:
        if "unwritten" in flags:
            continue
        for index in range(count):
            where = ("block", start + index)
            if "inline" in flags:
                where = ("inline", 0)
            elif "encoded" in flags:
                where = (f"compressed {start}", first + index)
            blocks[first + index] = where
    return blocks


def dump_tree(path: Path, place: Place) -> Blocks:
    """Return where btrfs itself keeps the bytes, offsets inside compressed extents too."""
    assert place.device is not None
    run("sync", "-f", path)
    run("blockdev", "--flushbufs", place.device)
    tree = run("btrfs", "inspect-internal", "rootid", path).strip()
    told = run("btrfs", "inspect-internal", "dump-tree", "-t", tree, place.device)
    inode = stat_of(path, "%i")
    blocks: Blocks = {}
    for item in re.split(r"\n\titem \d+ ", told):
        head = re.match(rf"key \({inode} EXTENT_DATA (\d+)\)", item)
        if not head:
            continue
        logical = int(head[1]) // _UNIT
        if "inline extent data" in item:
            blocks[logical] = ("inline", 0)
            continue
        disk = re.search(r"extent data disk byte (\d+) nr", item)
        part = re.search(r"extent data offset (\d+) nr (\d+) ram", item)
        if "(prealloc)" in item or disk is None or part is None or int(disk[1]) == 0:
            continue  # reserved, or a hole
        packed = "extent compression 0" not in item
        for index in range(int(part[2]) // _UNIT):
            offset = int(part[1]) // _UNIT + index
            where = ("block", int(disk[1]) // _UNIT + offset)
            blocks[logical + index] = (f"compressed {disk[1]}", offset) if packed else where
    return blocks
