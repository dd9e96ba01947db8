"""The text: what it tells, and that it is one on all machines and filesystems of a kind."""

from pathlib import Path

import pytest

from pytest_linkcheck import Filesystems, LinkcheckError, Venvs, Wheelhouse
from pytest_linkcheck.filesystems import Filesystem
from pytest_linkcheck.snapshot.describe import describe

HARDLINKED = """\
linkcheck snapshot 1

uv-1: uv, link mode hardlink
uv-2: uv, link mode hardlink
pip-3: pip

sample 1.0 in pip-3
  payload: 15 files own
  metadata: 3 files own
  generated: 3 files own
  script: 4 files own
  data: 2 files own

sample 1.0 in uv-1, uv-2
  payload: 15 files hardlink x3 (uv-1, uv-2, cache)
  metadata: 3 files hardlink x3 (uv-1, uv-2, cache)
  generated: 4 files own
  script: 3 files own
  script: 1 file hardlink x3 (uv-1, uv-2, cache)
    ../../../bin/sample-executable
  data: 2 files hardlink x3 (uv-1, uv-2, cache)
"""


def _describe(
    venvs: Venvs, wheelhouse: Wheelhouse, place: Filesystem, mode: str, *others: str
) -> str:
    made = [venvs.uv(wheelhouse.sample, link_mode=mode, at=place) for _ in range(2)]
    made += [venvs.create(other, wheelhouse.sample, at=place) for other in others]
    return describe(made)


@pytest.mark.linkcheck_requires("root")
@pytest.mark.parametrize("place", ["ext4", "tmpfs"])
def test_hard_links_read_the_same_wherever_they_are(
    venvs: Venvs, wheelhouse: Wheelhouse, filesystems: Filesystems, place: str
) -> None:
    told = _describe(venvs, wheelhouse, filesystems.get(place), "hardlink", "pip")
    assert told == HARDLINKED


@pytest.mark.linkcheck_requires("root")
@pytest.mark.parametrize("mode", ["clone", "hardlink", "copy"])
def test_reflinks_read_the_same_on_btrfs_and_xfs(
    venvs: Venvs, wheelhouse: Wheelhouse, filesystems: Filesystems, mode: str
) -> None:
    one, two = (
        _describe(venvs, wheelhouse, filesystems.get(place), mode) for place in ("btrfs", "xfs")
    )
    assert one == two
    if mode != "hardlink":  # uv copies by reflinks too
        small = "  payload: 14 files own inode (too small to tell of blocks)\n"
        assert f"{small}  payload: 1 file reflink x3 (uv-1, uv-2, cache)\n" in one


@pytest.mark.linkcheck_requires("root")
def test_hard_links_on_overlay_are_those_that_are_found(
    venvs: Venvs, wheelhouse: Wheelhouse, filesystems: Filesystems
) -> None:
    told = _describe(venvs, wheelhouse, filesystems.get("overlay"), "hardlink")
    assert "  payload: 15 files hardlink x3 (uv-1, uv-2, cache)\n" in told


def test_symlinks_say_where_they_lead(venvs: Venvs, wheelhouse: Wheelhouse) -> None:
    one = venvs.uv(wheelhouse.sample, link_mode="symlink")
    assert "  payload: 15 files symlink into cache\n" in describe([one])
    assert "  payload: 15 files symlink to elsewhere\n" in describe([one.prefix])
    archive = one.cache / "archive-v0"
    next(iter(one.cache.glob("archive-v*"))).rename(archive.with_name("gone"))
    assert "  payload: 15 files symlink that leads nowhere\n" in describe([one])


def test_exceptions_are_named_without_versions(
    venvs: Venvs, wheelhouse: Wheelhouse, tmp_path: Path
) -> None:
    one = venvs.uv(wheelhouse.sample, link_mode="hardlink", bytecode="compiled")
    (one / "sample/tiny.py").unlink()
    (tmp_path / "outside").hardlink_to(one / "sample/large.py")
    (one / "sample/__pycache__").joinpath("block.cpython-311.pyc").touch()
    (tmp_path / "pyc").hardlink_to(
        next((one / "sample/__pycache__").glob("large.*.pyc")),
    )
    told = describe([one], versions=False)
    assert "\nsample in uv-1\n" in told
    assert "  payload: 1 file hardlink x3 (uv-1, cache, 1 elsewhere)\n    sample/large.py" in told
    assert "  payload: 1 file missing\n    sample/tiny.py\n" in told
    assert "    sample/__pycache__/large.cpython-*.pyc\n" in told


def test_caches_are_told_apart(venvs: Venvs, wheelhouse: Wheelhouse, tmp_path: Path) -> None:
    one = venvs.uv(wheelhouse.sample, link_mode="hardlink")
    two = venvs.uv(wheelhouse.sample, link_mode="hardlink", cache_at=tmp_path / "apart")
    told = describe([one, two, venvs.uv()])
    assert "payload: 15 files hardlink x2 (uv-1, cache of uv-1)" in told
    assert "payload: 15 files hardlink x2 (uv-2, cache of uv-2)" in told
    assert told.endswith("\nnothing is installed in uv-3\n")


def test_roles_can_be_chosen(venvs: Venvs, wheelhouse: Wheelhouse) -> None:
    told = describe([venvs.uv(wheelhouse.sample, link_mode="symlink")], roles=["data", "payload"])
    assert told.endswith(
        "payload: 15 files symlink into cache\n  data: 2 files symlink into cache\n"
    )


def test_what_cannot_be_described_is_an_error(venvs: Venvs, tmp_path: Path) -> None:
    one = venvs.uv()
    with pytest.raises(LinkcheckError, match="give one or more"):
        describe([])
    with pytest.raises(LinkcheckError, match="given twice"):
        describe([one, one.prefix])
    with pytest.raises(LinkcheckError, match="'pyload' is no role"):
        describe([one], roles=["pyload"])
    with pytest.raises(LinkcheckError, match="is no environment"):
        describe([tmp_path])
