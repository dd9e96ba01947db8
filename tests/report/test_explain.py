"""`pytest-linkcheck explain`, on real files, against `stat`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.oracle import stat_of
from support.places import Place

from pytest_linkcheck import Venvs, Wheelhouse
from pytest_linkcheck.cli import main


@pytest.fixture
def no_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the cache of whoever runs the tests out of it."""
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "no-cache"))


@pytest.mark.usefixtures("no_cache")
class TestOnePath:
    def test_tells_what_stat_tells(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = tmp_path / "file"
        file.write_bytes(b"x" * 5000)
        assert main(["explain", str(file)]) == 0
        told = capsys.readouterr().out
        assert f"inode {stat_of(file, '%i')}, {stat_of(file, '%h')} link" in told
        assert f"mode {stat_of(file, '0%a')}, 5.0 kB" in told

    def test_lists_the_names_under_a_root(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "root").mkdir()
        file, inside = tmp_path / "file", tmp_path / "root" / "inside"
        file.write_bytes(b"x")
        os.link(file, inside)
        os.link(file, tmp_path / "elsewhere")
        main(["explain", str(file), "--root", str(tmp_path / "root")])
        told = capsys.readouterr().out
        assert "3 links, 2 found here, 1 elsewhere" in told
        assert f"\n    {inside}\n" in told

    def test_follows_symlinks_in_sight(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file, link = tmp_path / "file", tmp_path / "link"
        file.write_bytes(b"x")
        link.symlink_to("file")
        main(["explain", str(link)])
        assert f"symlink    {link} -> {file}" in capsys.readouterr().out

    def test_names_the_owner_and_finds_the_cache(
        self,
        venvs: Venvs,
        wheelhouse: Wheelhouse,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        one = venvs.uv(wheelhouse.sample, link_mode="hardlink")
        monkeypatch.setenv("UV_CACHE_DIR", str(one.cache))
        main(["explain", str(one / "sample/large.py")])
        told = capsys.readouterr().out
        assert f"owner      sample 1.0 (payload) in {one.prefix}, installed by uv" in told
        assert "2 links, 2 found here, 0 elsewhere" in told
        assert str(one.cache) in told

    def test_says_that_bytecode_is_the_distributions(
        self, venvs: Venvs, wheelhouse: Wheelhouse, capsys: pytest.CaptureFixture[str]
    ) -> None:
        one = venvs.uv(wheelhouse.sample, bytecode="compiled")
        main(["explain", str(one["sample"].bytecode()[0])])
        assert "owner      sample 1.0 (bytecode)" in capsys.readouterr().out

    def test_says_what_is_nobodys(self, venvs: Venvs, capsys: pytest.CaptureFixture[str]) -> None:
        one = venvs.uv()
        stray = one / "stray.py"
        stray.touch()
        main(["explain", str(stray)])
        assert "no distribution of the environment" in capsys.readouterr().out

    def test_a_folder_has_no_extents_and_no_owner(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        main(["explain", str(tmp_path)])
        told = capsys.readouterr().out
        assert "directory" in told
        assert "  extents  " not in told

    def test_json_holds_the_same(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        file = tmp_path / "file"
        file.write_bytes(b"x" * 5000)
        main(["explain", "--json", str(file)])
        told = json.loads(capsys.readouterr().out)
        assert told["inode"] == int(stat_of(file, "%i"))
        assert (told["links"], told["links_elsewhere"], told["size"]) == (1, 0, 5000)
        assert told["names"] == [str(file)]


class TestTwoPaths:
    def test_tells_the_verdict_and_what_lies_between(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        one, two = tmp_path / "one", tmp_path / "two"
        one.write_bytes(b"x")
        os.link(one, two)
        main(["explain", str(one), str(two)])
        told = capsys.readouterr().out
        assert told.startswith("hardlink (one inode, 2 links)\n")
        assert "between their folders: one mount, " in told

    def test_two_filesystems_are_named(
        self, tmp_path: Path, other_device: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        one, two = tmp_path / "one", other_device / "two"
        one.write_bytes(b"x")
        two.write_bytes(b"x")
        main(["explain", "--probe", str(one), str(two)])
        assert "hard links no, reflinks no: link() across them gives EXDEV; two filesystems" in (
            capsys.readouterr().out
        )
        assert [path.name for path in (*tmp_path.iterdir(), *other_device.iterdir())] == [
            "one",
            "two",
        ]

    def test_json_has_both_paths(
        self, places: dict[str, Place], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        folder = places["btrfs"].root / tmp_path.name
        folder.mkdir()
        one, two = folder / "one", folder / "two"
        one.write_bytes(b"x" * 8192)
        subprocess.run(["cp", "--reflink=always", one, two], check=True)
        main(["explain", "--json", str(one), str(two)])
        told = json.loads(capsys.readouterr().out)
        assert (told["sharing"], told["shared_bytes"], told["total_bytes"]) == (
            "reflink",
            8192,
            8192,
        )
        assert [path["path"] for path in told["paths"]] == [str(one), str(two)]


@pytest.mark.usefixtures("no_cache")
class TestErrors:
    def test_a_missing_path_is_one_sentence(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["explain", str(tmp_path / "missing")]) == 2
        assert capsys.readouterr().err == (
            f"pytest-linkcheck: {tmp_path / 'missing'}: No such file or directory\n"
        )

    def test_a_probe_needs_two_paths(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["explain", "--probe", str(tmp_path)]) == 2
        assert capsys.readouterr().err == (
            "pytest-linkcheck: --probe tries a link between the folders of two paths: "
            "name the second one\n"
        )

    def test_names_are_escaped(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        file = tmp_path / "a\x1b[31m\nb"
        file.touch()
        main(["explain", str(file)])
        told = capsys.readouterr().out
        assert "\x1b" not in told
        assert "a\\x1b[31m\\nb" in told

    def test_the_console_script_is_there(self, tmp_path: Path) -> None:
        script = Path(sys.executable).with_name("pytest-linkcheck")
        if not script.exists():
            pytest.skip("pytest-linkcheck is not installed beside this Python: pip install it")
        done = subprocess.run([script, "explain", tmp_path], capture_output=True, check=True)
        assert str(tmp_path).encode() in done.stdout
