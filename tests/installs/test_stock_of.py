"""Bytes by distribution: held against du of its files, for real installs and for broken ones."""

from pathlib import Path

import pytest
from support.handmade import SITE, install
from support.mounting import run

from pytest_linkcheck import Venvs, Wheelhouse
from pytest_linkcheck.installs import Layout, find_layout, take_stock_of
from pytest_linkcheck.links import Share, measure

FILES = {"demo/__init__.py": b"DEMO = 1\n" * 1000, "demo/deep/data.txt": b"data\n" * 1000}


def du(*paths: Path) -> int:
    """Return the bytes of *paths*, each inode once."""
    told = run("du", "-B1", "-c", *paths).splitlines()[-1]
    return int(told.split()[0])


@pytest.mark.parametrize("tool", ["uv", pytest.param("pip", marks=pytest.mark.slow)])
def test_each_distribution_has_its_own(venvs: Venvs, wheelhouse: Wheelhouse, tool: str) -> None:
    wheels = (wheelhouse.sample, wheelhouse.neighbour)
    mode = "hardlink" if tool == "uv" else "copy"
    one, two = (venvs.create(tool, *wheels, link_mode=mode) for _ in range(2))
    caches = [one.cache] if one.cache.exists() else []
    stock = take_stock_of((find_layout(env.prefix) for env in (one, two)), *caches)
    assert stock.problems == []
    exact = measure(one.prefix, two.prefix, *caches, extents=False)
    for env in (one, two):
        taken: set[Path] = set()
        for dist in env.distributions():
            share = stock.groups[f"{env.prefix}: {dist.dist_info.name}"]
            files = [file.path for file in dist.files if file.path not in taken]
            taken.update(files)  # of a file that two of them list the first is the owner
            account = exact.account(files)
            assert share.names == len(files) == account.names
            assert share.files == account.files
            assert share.on_disk == account.allocated == du(*files)
            assert share.shared == account.shared
            assert (share.shared > 0) is (tool == "uv")
    assert stock.total.on_disk == exact.total.allocated


def test_an_environment_by_another_path(tmp_path: Path) -> None:
    install(tmp_path / "env", FILES)
    (tmp_path / "way").symlink_to("env")
    straight = take_stock_of([find_layout(tmp_path / "env")])
    around = take_stock_of([find_layout(tmp_path / "way")])
    assert list(straight.groups.values()) == list(around.groups.values())
    assert straight.groups[f"{tmp_path}/env: demo-1.0.dist-info"].names == 4


def test_a_folder_of_files_that_is_a_symlink(tmp_path: Path) -> None:
    """As PDM makes them: what is behind counts, where that is walked."""
    install(tmp_path / "env", FILES)
    (tmp_path / "env" / SITE / "demo").rename(tmp_path / "cache")
    (tmp_path / "env" / SITE / "demo").symlink_to(tmp_path / "cache")
    layout = find_layout(tmp_path / "env")
    name = f"{tmp_path}/env: demo-1.0.dist-info"
    assert take_stock_of([layout]).groups[name].names == 2
    assert take_stock_of([layout], tmp_path / "cache").groups[name].names == 4


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        (b"", "RECORD is empty"),
        (b"\xff", "RECORD is not UTF-8: byte 0 is 0xff"),
        (b"gone.py,,\n", "none of its files was found"),
        (None, "demo 1.0 has no RECORD: its files cannot be told"),
    ],
)
def test_a_distribution_of_which_nothing_is_told_is_a_problem(
    tmp_path: Path, record: bytes | None, problem: str
) -> None:
    dist = install(tmp_path, FILES, record=record)
    install(tmp_path, {"other.py": b""}, name="other")
    if record is None:
        (dist.dist_info / "RECORD").unlink()
    stock = take_stock_of([Layout(tmp_path, tmp_path / SITE)])
    assert [str(one) for one in stock.problems] == [f"{dist.dist_info}: {problem}"]
    assert stock.groups[f"{tmp_path}: demo-1.0.dist-info"] == Share()
    assert stock.groups[f"{tmp_path}: other-1.0.dist-info"].names == 3
