import json
from pathlib import Path

import pytest
from packaging.version import Version

from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.filesystems.capabilities import YES, Ability, Can, Pair
from pytest_linkcheck.filesystems.expectations import (
    MEASURED,
    TABLE,
    Filler,
    expect,
    expectation,
    steps_of,
)
from pytest_linkcheck.installs import Role
from pytest_linkcheck.installs.installers.promise import OWN_ROLES, WHEEL_ROLES, Promise
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
    ages = [since for since, _ in TABLE[name]]
    if len(ages) == 1:
        return name
    if index == 0:
        return f"{name} {ages[0]} and newer"
    older = index + 1 < len(ages)
    return f"{name} {f'from {ages[index]}, ' if older else ''}before {ages[index - 1]}"


NO_OTHER_WAY = {("pdm", "hardlink"), ("pdm", "symlink"), ("virtualenv", "symlink")}


def test_a_mode_ends_with_a_step_that_always_works_or_the_install_fails() -> None:
    for name, ages in TABLE.items():
        for since, modes in ages:
            for mode in modes:
                assert steps_of(f"{name}=={since}", mode)
                told = expectation(f"{name}=={since}", mode, NOTHING)
                fails = (name, mode) in NO_OTHER_WAY
                assert told.sharing is (None if fails else Sharing.COPY)
                assert (told.links(2) is None) is fails


def test_an_install_that_should_fail_shares_nothing() -> None:
    with pytest.raises(LinkcheckError) as caught:
        expect("pdm", "hardlink", NOTHING)
    assert str(caught.value) == (
        "nothing is shared from /cache to /here: pdm fails there, it has no other way in link mode "
        "hardlink"
    )


ABILITIES = {
    "ext4 to ext4": NO_REFLINK,
    "btrfs to btrfs": EVERYTHING,
    "btrfs to ext4": SYMLINK_ONLY,
}
MEASUREMENTS = json.loads((DOCUMENT.parent / "uv-history.json").read_text())


@pytest.mark.parametrize("version", MEASUREMENTS)
def test_what_was_measured_is_what_is_expected(version: str) -> None:
    for key, measured in MEASUREMENTS[version].items():
        place, mode = key.split(", ")
        link_mode = None if mode == "default" else mode
        told = expectation(f"uv=={version}", link_mode, ABILITIES[place])
        assert told.sharing is not None
        assert set(measured["payload"]) - {"unknown"} == {told.sharing.value}, key
        assert measured["links"] == [told.links(2)], key
        warned = [told.warning in line for line in measured["warnings"]]
        assert warned == ([True] if told.warning else []), key
        assert not told.assumed


def test_all_of_the_minor_releases_were_measured() -> None:
    minors = {Version(version).release[:2] for version in MEASUREMENTS}
    assert minors == {(0, minor) for minor in range(4, 14)}
    versions = sorted(map(Version, MEASUREMENTS))
    assert MEASURED["uv"] == (versions[0], versions[-1])


def test_other_versions_are_assumed_to_do_the_same() -> None:
    newer = expectation("uv==99.0", None, EVERYTHING)
    assert newer.sharing is Sharing.REFLINK
    assert newer.assumed == (
        f"uv 99.0 is newer than {MEASURED['uv'][1]}, the newest that was measured: it is assumed "
        "to do the same"
    )
    older = expectation("uv==0.3.0", None, EVERYTHING)
    assert older.assumed == (
        "uv 0.3.0 is older than 0.4.0, the oldest that was measured: it is assumed to do the same"
    )


class _Found:
    name = "uv"
    version = Version("0.13.0")

    @staticmethod
    def promise(_link_mode: str | None) -> Promise:
        return Promise(linked=WHEEL_ROLES, own=OWN_ROLES)


@pytest.mark.parametrize("installer", ["uv", _Found()])
def test_each_role(installer: str | Filler) -> None:
    def told(role: Role) -> Sharing | None:
        return expectation(installer, "hardlink", EVERYTHING, role).sharing

    assert told(Role.PAYLOAD) is told(Role.METADATA) is told(Role.DATA) is Sharing.HARDLINK
    assert told(Role.GENERATED) is told(Role.BYTECODE) is Sharing.COPY
    with pytest.raises(LinkcheckError) as caught:
        told(Role.SCRIPT)
    assert str(caught.value) == (
        "what uv should share of files that are script cannot be told: of some it does, of others "
        "it does not"
    )
