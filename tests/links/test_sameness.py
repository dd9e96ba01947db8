"""Whether it is the same file: every combination of what may be known."""

from dataclasses import replace
from pathlib import Path

import pytest

from pytest_linkcheck.links.facts import Facts, Identity, Kind
from pytest_linkcheck.links.handle import Handle
from pytest_linkcheck.links.sameness import Same, judge_same

FILE = Facts(Path("/x"), Identity(1, 12), 1, Kind.FILE, 0o644, 1, 4096, 5, 5, 100, None)
OTHER = replace(FILE, identity=Identity(1, 13))
LATER = replace(FILE, birth_ns=200)
EARLIER = replace(FILE, birth_ns=50)
NO_BIRTH = replace(FILE, birth_ns=None)
FOLDER = replace(FILE, kind=Kind.DIRECTORY)
EXT4, EXT4_NEXT = Handle(1, b"12 first"), Handle(1, b"12 second")
OVERLAY = Handle(0xF8, b"origin")


@pytest.mark.parametrize(
    ("before", "after", "pinned", "same"),
    [
        pytest.param((FILE, EXT4), (FILE, EXT4), False, Same.YES, id="all equal"),
        pytest.param((FILE, EXT4), (FOLDER, EXT4), False, Same.NO, id="another kind"),
        pytest.param((FILE, EXT4), (OTHER, EXT4_NEXT), False, Same.NO, id="another number"),
        pytest.param((FILE, EXT4), (OTHER, EXT4), False, Same.NO, id="two ext4, equal handles"),
        pytest.param((FILE, None), (OTHER, None), True, Same.NO, id="another number, pinned"),
        pytest.param((FILE, EXT4), (FILE, EXT4_NEXT), False, Same.NO, id="number used again"),
        pytest.param((FILE, OVERLAY), (OTHER, OVERLAY), False, Same.COPIED_UP, id="copied up"),
        pytest.param(
            (FOLDER, OVERLAY),
            (replace(FOLDER, identity=OTHER.identity), OVERLAY),
            False,
            Same.YES,
            id="folder of overlay, numbered anew",
        ),
        pytest.param(
            (FILE, OVERLAY), (LATER, OVERLAY), False, Same.NO, id="one origin, another birth"
        ),
        pytest.param((FILE, EXT4), (LATER, EXT4), False, Same.UNKNOWN, id="handle against birth"),
        pytest.param((FILE, EXT4), (LATER, EXT4), True, Same.YES, id="birth set, pinned"),
        pytest.param((FILE, None), (LATER, None), False, Same.NO, id="no handle, born later"),
        pytest.param(
            (FILE, None), (EARLIER, None), False, Same.UNKNOWN, id="no handle, born earlier"
        ),
        pytest.param((FILE, None), (FILE, None), False, Same.UNKNOWN, id="no handle"),
        pytest.param((FILE, None), (FILE, None), True, Same.YES, id="no handle, pinned"),
        pytest.param((FILE, EXT4), (FILE, None), False, Same.UNKNOWN, id="one handle"),
        pytest.param((NO_BIRTH, None), (NO_BIRTH, None), False, Same.UNKNOWN, id="nothing known"),
        pytest.param((NO_BIRTH, EXT4), (NO_BIRTH, EXT4), False, Same.YES, id="handle alone"),
    ],
)
def test_judgement(
    before: tuple[Facts, Handle | None],
    after: tuple[Facts, Handle | None],
    pinned: bool,  # noqa: FBT001 - a parameter of the table
    same: Same,
) -> None:
    found, reason = judge_same(before, after, pinned=pinned)
    assert found is same
    if same is Same.UNKNOWN:
        assert reason
