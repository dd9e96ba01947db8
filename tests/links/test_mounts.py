import os
from dataclasses import replace
from pathlib import Path

import pytest
from support.mounting import bound, mounted, needs_root, run
from support.oracle import mount_number_of

from pytest_linkcheck.links import mounts as mounts_module
from pytest_linkcheck.links.facts import read_facts
from pytest_linkcheck.links.mounts import (
    Mount,
    mount_of,
    mount_of_path,
    parse_mountinfo,
    read_mounts,
)

LINE = "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 propagate_from:2 - ext3 /dev/root rw,errors=x"


def test_a_line_is_read_whatever_the_number_of_optional_fields() -> None:
    (mount,) = parse_mountinfo(LINE)
    assert mount == Mount(
        id=36,
        parent=35,
        device=os.makedev(98, 0),
        root="/mnt1",
        point="/mnt2",
        options=("rw", "noatime"),
        type="ext3",
        source="/dev/root",
        super_options=("rw", "errors=x"),
    )
    assert parse_mountinfo(LINE.replace(" master:1 propagate_from:2", "")) == [mount]
    assert str(mount) == "ext3 98:0 at /mnt2"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "nonsense",
        LINE.replace(" - ", " "),
        LINE.replace("98:0", "98"),
        LINE.replace("36", "x"),
        LINE.replace("98:0", "-98:0"),
        LINE.replace("98:0", "9999999999999:0"),
    ],
)
def test_a_line_of_another_form_is_passed_over(line: str) -> None:
    assert parse_mountinfo(f"{line}\n{LINE}\n") == parse_mountinfo(LINE)


def test_read_only_is_of_the_mount_or_of_the_filesystem() -> None:
    (mount,) = parse_mountinfo(LINE)
    assert not mount.read_only
    assert replace(mount, options=("ro",)).read_only
    assert replace(mount, super_options=("ro",)).read_only


def test_the_mount_of_a_path_is_the_one_its_descriptor_tells(tmp_path: Path) -> None:
    for path in (tmp_path, Path("/proc/self/status"), Path("/")):
        mount = mount_of_path(path)
        assert mount is not None
        assert mount.id == mount_number_of(path)
        told = run("findmnt", "--noheadings", "-o", "ID,FSTYPE", mount.point)
        assert [str(mount.id), mount.type] in [line.split() for line in told.splitlines()]


def test_without_mount_number_the_longest_point_above_decides(tmp_path: Path) -> None:
    lines = [
        "1 0 8:1 / / rw - ext4 /dev/a rw",
        f"2 1 8:2 / {tmp_path} rw - xfs /dev/b rw",
        f"3 1 8:3 / {tmp_path} rw - btrfs /dev/c rw",
        f"4 1 8:4 / {tmp_path}-not rw - tmpfs none rw",
    ]
    mounts = parse_mountinfo("\n".join(lines))
    facts = replace(read_facts(tmp_path), mount_id=None)
    below = tmp_path / "below"
    below.touch()
    assert mount_of(facts, mounts) == mounts[2]
    assert mount_of(replace(read_facts(below), mount_id=None), mounts) == mounts[2]
    assert mount_of(replace(facts, path=Path("/")), mounts) == mounts[0]
    assert mount_of(facts, []) is None


def test_a_mount_number_that_is_not_listed_is_no_answer(tmp_path: Path) -> None:
    assert mount_of(replace(read_facts(tmp_path), mount_id=2**40), read_mounts()) is None


def test_a_system_without_mountinfo_has_no_mounts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mounts_module, "MOUNTINFO", tmp_path / "missing")
    assert read_mounts() == []


@needs_root
def test_a_bind_mount_is_told_from_its_source(tmp_path: Path) -> None:
    source, point = tmp_path / "source", tmp_path / "point"
    source.mkdir()
    point.mkdir()
    with bound(source, point):
        one, two = mount_of_path(source), mount_of_path(point)
    assert one is not None
    assert two is not None
    assert one.device == two.device
    assert one.id != two.id
    assert two.point == str(point)
    assert two.root.endswith("/source")


@needs_root
@pytest.mark.parametrize("name", ["a b", "tab\t", "line\nend", "back\\slash", "cr\rcr", "\udcff"])
def test_a_mount_point_may_have_any_name(tmp_path: Path, name: str) -> None:
    point = tmp_path / name
    point.mkdir()
    with mounted("none", point, "-t", "tmpfs", "-o", "ro"):
        mount = mount_of_path(point)
    assert mount is not None
    assert (mount.point, mount.type, mount.read_only) == (str(point), "tmpfs", True)
    assert str(mount).isprintable()
