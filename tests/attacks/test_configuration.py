"""What uv is configured to, and what distributions call themselves: somebody else's word."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from attacks.conftest import Scene
from support.handmade import lay_out

from pytest_linkcheck.audit.discover import name_apart
from pytest_linkcheck.audit.uv_cache import find_uv_cache
from pytest_linkcheck.installs import Distribution

BY_CONFIGURATION = {"UV_NO_CONFIG": "", "UV_CACHE_DIR": ""}


def test_a_project_that_calls_everything_uvs_cache_opens_no_way_out(scene: Scene) -> None:
    (scene.folder / "pyproject.toml").write_text('[tool.uv]\ncache-dir = "/"\n')
    tree = scene.tree("tree")
    (tree.site / "demo").rename(scene.outside / "demo")
    (tree.site / "demo").symlink_to(scene.outside / "demo")
    audited = scene.audit(f"--linkcheck-env={tree.prefix}", environ=BY_CONFIGURATION)
    assert any(line.endswith("uv cache /, same mount, reflinks no") for line in audited.lines)
    told = "is reached through a symlink that leads out of the environment: not followed"
    assert sum(line.endswith(told) for line in audited.lines) == 3
    assert not [path for path in audited.opened() if path.is_relative_to(scene.outside)]


def test_nor_does_a_bucket_that_is_a_symlink(scene: Scene) -> None:
    (scene.folder / "cache/archive-v0").symlink_to(scene.outside)
    tree = scene.tree("tree")
    (tree.site / "demo").rename(scene.outside / "demo")
    (tree.site / "demo").symlink_to(scene.outside / "demo")
    audited = scene.audit(f"--linkcheck-env={tree.prefix}")
    told = "is reached through a symlink that leads out of the environment: not followed"
    assert sum(line.endswith(told) for line in audited.lines) == 3


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _folder(path: Path) -> None:
    path.mkdir()


def _endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _huge(path: Path) -> None:
    path.touch()
    os.truncate(path, 1_000_000_000)


def _nested(path: Path) -> None:
    path.write_text("cache-dir = " + "[" * 100_000)


@pytest.mark.parametrize("name", ["uv.toml", "pyproject.toml"])
@pytest.mark.parametrize("make", [_fifo, _folder, _endless, _huge, _nested])
def test_a_configuration_that_is_an_attack_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], None], name: str
) -> None:
    for variable in ("UV_NO_CONFIG", "UV_CACHE_DIR", "UV_CONFIG_FILE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "default"))
    make(tmp_path / name)
    assert find_uv_cache(tmp_path).path == tmp_path / "default/uv"


def _called(folder: str, name: str, version: str = "1.0", *, at: Path) -> Distribution:
    return Distribution(name, version, lay_out(at), at / folder)


def test_no_distribution_takes_the_place_of_another(tmp_path: Path) -> None:
    """One that calls itself by name and version of two others, or by a folder's."""
    dists = [
        _called("a.dist-info", "b 1.0", at=tmp_path),
        _called("b1.dist-info", "b", "1.0", at=tmp_path),
        _called("b2.dist-info", "b", "2.0", at=tmp_path),
        _called("c.dist-info", "b 1.0 1.0 in b1.dist-info", at=tmp_path),
        _called("odd\\xff.dist-info", "odd", at=tmp_path),
        _called("odd\udcff.dist-info", "odd", at=tmp_path),
        _called("odd\\xff.dist-info", "odd 1.0 in odd\\xff.dist-info", at=tmp_path),
    ]
    named = name_apart(dists)
    assert len(named) == len(dists)
    assert {id(dist) for dist in named.values()} == {id(dist) for dist in dists}


def test_all_of_them_are_items(scene: Scene) -> None:
    tree = scene.tree("tree")
    for folder in ("other\\xff-1.0.dist-info", "other\udcff-1.0.dist-info"):
        info = tree.site / folder
        info.mkdir()
        (info / "METADATA").write_text("Name: other\nVersion: 1.0\n")
        (info / "RECORD").write_text("gone,,\n")
    audited = scene.audit(f"--linkcheck-env={tree.prefix}")
    assert "= 2 failed, 1 passed in " in audited.text
