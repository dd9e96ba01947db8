import json
from pathlib import Path

import pytest
from support.mounting import needs_root

from pytest_linkcheck.cli import main
from pytest_linkcheck.filesystems import Capabilities
from pytest_linkcheck.filesystems.doctor import doctor


@needs_root
def test_the_table_shows_each_place_and_path(tmp_path: Path) -> None:
    told = doctor([tmp_path, "/nonexistent"], as_json=False).splitlines()
    row = {line.split()[0]: line.split() for line in told if line}
    assert row["btrfs"][:6] == ["btrfs", "btrfs", row["btrfs"][2], "yes", "yes", "yes"]
    assert row["tmpfs"][3:7] == ["yes", "yes", "no", "no"]
    assert row["nolink"][3:5] == ["no", "no"]
    assert row[str(tmp_path)][1] == row["default"][1]
    assert told[-1] == "  /nonexistent: there is no such folder"
    assert not list(tmp_path.iterdir())


def test_a_folder_may_be_called_like_a_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("tmpfs", "nolink"):
        Path(name).mkdir()
    told = json.loads(doctor(["tmpfs", "nolink", "none"], as_json=True))["places"][-3:]
    assert [place["name"] for place in told] == ["tmpfs", "nolink", "none"]
    assert [place["problem"] for place in told] == [
        "", "", f"{tmp_path}/none: there is no such folder"
    ]  # fmt: skip


@needs_root
def test_json_says_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json", str(tmp_path)]) == 0
    told = {place["name"]: place for place in json.loads(capsys.readouterr().out)["places"]}
    assert told["btrfs"]["capabilities"]["reflink"] == {"can": "yes", "reason": ""}
    assert told["tmpfs"]["capabilities"]["reflink"]["can"] == "no"
    assert "FICLONE" in told["tmpfs"]["capabilities"]["reflink"]["reason"]
    assert told[str(tmp_path)]["available"]
    assert set(told["ext4"]["capabilities"]) == set(Capabilities.__slots__)


def test_what_is_missing_says_what_would_unlock_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("pytest_linkcheck.filesystems.images._SBIN", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    told = doctor([], as_json=False)
    lines = [line for line in told.splitlines() if line.startswith("  btrfs needs ")]
    assert len(lines) == 1
    assert "install btrfs-progs" in lines[0] or "run as root" in lines[0]
