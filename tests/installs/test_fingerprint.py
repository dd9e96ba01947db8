"""What tells that a folder was changed, also while somebody is changing it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest

from pytest_linkcheck.installs.fingerprint import differences, take_fingerprint


def test_what_is_gone_new_and_changed(tmp_path: Path) -> None:
    for name in ("gone", "changed", "same"):
        (tmp_path / name).write_text(name)
    before = take_fingerprint(tmp_path)
    assert differences(before, take_fingerprint(tmp_path)) == []
    (tmp_path / "gone").unlink()
    (tmp_path / "changed").write_text("more than before")
    (tmp_path / "new").mkdir()
    assert differences(before, take_fingerprint(tmp_path)) == [
        f"{tmp_path}/changed was changed",
        f"{tmp_path}/gone is gone",
        f"{tmp_path}/new is new",
    ]


def test_nothing_is_seen_of_a_folder_that_is_gone(tmp_path: Path) -> None:
    assert take_fingerprint(tmp_path / "absent") == {}


def test_what_vanishes_during_the_look_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for path in (folder / "inner", tmp_path / "file", tmp_path / "kept"):
        path.touch()
    before = take_fingerprint(tmp_path)
    scandir = os.scandir

    def look(path: str) -> AbstractContextManager[Iterator[os.DirEntry[str]]]:
        if path == str(folder):
            shutil.rmtree(folder)
        with scandir(path) as listing:
            entries = list(listing)
        (tmp_path / "file").unlink()
        return nullcontext(iter(entries))

    with monkeypatch.context() as patch:
        patch.setattr("pytest_linkcheck.installs.fingerprint.os.scandir", look)
        during = take_fingerprint(tmp_path)
    assert differences(before, during) == [
        f"{tmp_path}/file is gone",
        f"{tmp_path}/folder/inner is gone",
    ]
