from pathlib import Path

import pytest
from packaging.version import Version

from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.filesystems.capabilities import YES, Ability, Can, Pair
from pytest_linkcheck.filesystems.expectations import TABLE, expect, steps_of
from pytest_linkcheck.links import Sharing

DOCUMENT = Path(__file__).parents[2] / "docs" / "expectations.md"
NO, UNKNOWN = Ability(Can.NO, "no"), Ability(Can.UNKNOWN, "not writable")


def _pair(*, hardlink: Ability = YES, reflink: Ability = YES, symlink: Ability = YES) -> Pair:
    return Pair(Path("/cache"), Path("/here"), hardlink, reflink, symlink)


EVERYTHING, NO_REFLINK, SYMLINK_ONLY, NOTHING = (
    _pair(),
    _pair(reflink=NO),
    _pair(reflink=NO, hardlink=NO),
    _pair(reflink=NO, hardlink=NO, symlink=NO),
)


def table(name: str) -> list[list[str]]:
    """Return the cells of a table of the document, without its head."""
    _, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(f"<!-- {name} -->\n")
    lines = rest.partition("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


@pytest.mark.parametrize(
    ("installer", "mode", "pair", "sharing"),
    [
        ("uv", None, EVERYTHING, Sharing.REFLINK),
        ("uv", None, NO_REFLINK, Sharing.HARDLINK),
        ("uv", None, SYMLINK_ONLY, Sharing.COPY),
        ("uv", "clone", NO_REFLINK, Sharing.HARDLINK),
        ("uv", "reflink", EVERYTHING, Sharing.REFLINK),
        ("uv", "hardlink", EVERYTHING, Sharing.HARDLINK),
        ("uv", "hardlink", _pair(hardlink=NO), Sharing.REFLINK),
        ("uv", "copy", EVERYTHING, Sharing.REFLINK),
        ("uv", "copy", NO_REFLINK, Sharing.COPY),
        ("uv", "symlink", SYMLINK_ONLY, Sharing.SYMLINK),
        ("uv", "symlink", NOTHING, Sharing.COPY),
        ("uv==0.10.5", None, EVERYTHING, Sharing.REFLINK),
        ("uv==0.10.4", None, EVERYTHING, Sharing.HARDLINK),
        ("uv==0.10.4", "clone", NO_REFLINK, Sharing.COPY),
        ("pip", None, EVERYTHING, Sharing.COPY),
        ("pip==23.0", "copy", EVERYTHING, Sharing.COPY),
    ],
)
def test_the_first_step_that_works_decides(
    installer: str, mode: str | None, pair: Pair, sharing: Sharing
) -> None:
    assert expect(installer, mode, pair) is sharing


def test_an_installer_that_was_found_tells_its_version() -> None:
    class Found:
        name = "uv"
        version = Version("0.9.0")

    assert expect(Found(), None, EVERYTHING) is Sharing.HARDLINK


@pytest.mark.parametrize("mode", [None, "clone", "copy"])
def test_nothing_is_guessed(mode: str | None) -> None:
    with pytest.raises(LinkcheckError, match="from /cache to /here cannot be told: not writable"):
        expect("uv", mode, _pair(reflink=UNKNOWN))


def test_what_comes_first_is_enough() -> None:
    assert expect("uv", "hardlink", _pair(reflink=UNKNOWN)) is Sharing.HARDLINK
    assert expect("pip", None, _pair(reflink=UNKNOWN, hardlink=UNKNOWN)) is Sharing.COPY


@pytest.mark.parametrize(
    ("installer", "mode", "problem"),
    [
        ("conda", None, "what conda should share is not known here: .* has uv, pip"),
        ("uv", "hardlinks", "uv has no link mode hardlinks: it has clone, hardlink, copy, symlink"),
        ("pip", "hardlink", "pip has no link mode hardlink: it has copy"),
        ("uv>=0.10", None, "one version is expected, as uv==0.10.4"),
        ("uv 0.10", None, "is no installer: write uv or uv==0.10.4"),
    ],
)
def test_what_nobody_can_expect(installer: str, mode: str | None, problem: str) -> None:
    with pytest.raises(LinkcheckError, match=problem):
        expect(installer, mode, EVERYTHING)


def test_the_document_says_what_the_code_does() -> None:
    rows = [
        [_title(name, index), mode or "default", ", ".join(step.value for step in steps)]
        for name, ages in TABLE.items()
        for index, (_, modes) in enumerate(ages)
        for mode, steps in modes.items()
    ]
    assert table("table of steps") == rows


def _title(name: str, index: int) -> str:
    newest = TABLE[name][0][0]
    if len(TABLE[name]) == 1:
        return name
    return f"{name} before {newest}" if index else f"{name} {newest} and newer"


def test_each_mode_ends_with_a_step_that_always_works() -> None:
    for name, ages in TABLE.items():
        for since, modes in ages:
            for mode in modes:
                assert steps_of(f"{name}=={since}", mode)
                assert expect(f"{name}=={since}", mode, NOTHING) is Sharing.COPY
