"""How an installer is named, and what cleaning a cache is said to have freed."""

from pathlib import Path

import pytest
from packaging.version import Version

from pytest_linkcheck import LinkcheckError
from pytest_linkcheck.installs.installers import Choice, parse_choice, read_freed


def test_a_name_a_version_a_path(tmp_path: Path) -> None:
    (tmp_path / "uv").touch()
    assert parse_choice("uv", tmp_path) == Choice("uv")
    assert parse_choice("uv==0.10.4", tmp_path) == Choice("uv", version=Version("0.10.4"))
    assert parse_choice("uv=uv", tmp_path) == Choice("uv", path=tmp_path / "uv")
    assert parse_choice(f"uv={tmp_path}/uv", Path("/")) == Choice("uv", path=tmp_path / "uv")


def test_they_show_as_they_are_written(tmp_path: Path) -> None:
    (tmp_path / "uv").touch()
    for text in ("uv", "uv==0.10.4", f"uv={tmp_path}/uv"):
        assert str(parse_choice(text, tmp_path)) == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "'' names no installer: give NAME, NAME==VERSION or NAME=PATH"),
        ("uv=", "'uv=' names no installer: give NAME, NAME==VERSION or NAME=PATH"),
        ("uv==", "'uv==' names no installer: give NAME, NAME==VERSION or NAME=PATH"),
        ("uv>=1", "'uv>=1' names no installer: give NAME, NAME==VERSION or NAME=PATH"),
        ("uv===1", "'uv===1' names no installer: give NAME, NAME==VERSION or NAME=PATH"),
        ("uv=absent", "uv=absent: there is no such file"),
    ],
)
def test_what_names_none(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(LinkcheckError) as caught:
        parse_choice(text, tmp_path)
    assert str(caught.value) == told


def test_several_versions_are_none(tmp_path: Path) -> None:
    with pytest.raises(LinkcheckError) as caught:
        parse_choice("uv==1,<2", tmp_path)
    assert str(caught.value) == (
        "'uv==1,<2': '1,<2' is no version (PEP 440); one exact version is expected, as uv==0.10.4"
    )


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("Removed 31 files (107.6KiB)", 110080, 110284),
        ("Files removed: 3 (10.2 MB)", 10_100_000, 10_300_000),
        ("Removed 2 files (512B)", 512, 512),
        ("Removed 1 file (1 byte)", 1, 1),
        ("Removed 9 files (1.0GiB)", 966367641, 1181116006),
    ],
)
def test_bytes_that_are_said_to_be_freed(text: str, low: int, high: int) -> None:
    freed = read_freed(text)
    assert freed is not None
    assert (freed.low, freed.high) == (low, high)
    assert low in freed
    assert high + 1 not in freed


@pytest.mark.parametrize("text", ["", "No unused entries found", "31 files", "uv-1.5MB", "v1.2B3"])
def test_nothing_is_said(text: str) -> None:
    assert read_freed(text) is None
