import os
from pathlib import Path

import pytest

from pytest_linkcheck.links.show import show_count, show_device, show_home, show_name, show_size


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (61_300_000, "61.3 MB"),
        (10**9, "1.0 GB"),
        (10**12, "1.0 TB"),
        (1_234_500_000_000_000, "1.2 PB"),
        (10**22, "10,000.0 EB"),
    ],
)
def test_a_size_is_shown_in_the_unit_below_a_thousand(count: int, text: str) -> None:
    assert show_size(count) == text


@pytest.mark.parametrize(
    ("count", "noun", "text"),
    [
        (0, "file", "0 files"),
        (1, "file", "1 file"),
        (1204, "file", "1,204 files"),
        (1, "directory", "1 directory"),
        (2, "directory", "2 directories"),
    ],
)
def test_a_count_agrees_with_its_noun(count: int, noun: str, text: str) -> None:
    assert show_count(count, noun) == text


def test_a_device_is_shown_as_its_two_numbers() -> None:
    assert show_device(os.makedev(254, 7)) == "254:7"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("plain name.py", "plain name.py"),
        ("naïve-日本", "naïve-日本"),
        (Path("a/b"), "a/b"),
        ("\x1b[2J", r"\x1b[2J"),
        ("two\nlines", r"two\nlines"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        (os.fsdecode(b"\xff.py"), r"\xff.py"),
        (b"\xff.py", r"\xff.py"),
        ("\ud800", r"\ud800"),
        ("\U000e0001", r"\U000e0001"),
    ],
)
def test_a_name_is_shown_in_printable_form(name: object, text: str) -> None:
    assert show_name(name) == text
    assert show_name(name).isprintable()


def test_the_home_folder_is_a_tilde(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert show_home("/home/me/.cache/uv") == "~/.cache/uv"
    assert show_home("/home/me-too/x") == "/home/me-too/x"
    monkeypatch.setenv("HOME", "/")
    assert show_home("/x") == "/x"
