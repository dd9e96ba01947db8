"""Each assertion on storage on the case it exists for, where it holds and where it must not."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from support.clones import clone, write_block
from support.oracle import same_bytes
from support.places import Place

from pytest_linkcheck import (
    LinkcheckError,
    assert_extents_shared,
    assert_isolated,
    assert_links_within,
    assert_reflinked,
)

BLOCK = 4096
BYTES = bytes(range(256)) * 16 * 8  # 8 blocks

Pair = tuple[Path, Path]


@pytest.fixture(params=["btrfs", "xfs"])
def folder(places: dict[str, Place], request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A new folder on a filesystem that has reflinks."""
    made = places[request.param].root / tmp_path.name
    made.mkdir(mode=0o755)
    return made


def _file(path: Path, data: bytes = BYTES) -> Path:
    path.write_bytes(data)
    return path


def _cloned(folder: Path) -> Pair:
    one, two = _file(folder / "one"), folder / "two"
    clone(one, two)
    return one, two


def _copied(folder: Path) -> Pair:
    return _file(folder / "one"), _file(folder / "two")


def _linked(folder: Path) -> Pair:
    one, two = _file(folder / "one"), folder / "two"
    os.link(one, two)
    return one, two


def _symlinked(folder: Path) -> Pair:
    one, two = _file(folder / "one"), folder / "two"
    two.symlink_to(one)
    return one, two


def _written_to(folder: Path) -> Pair:
    one, two = _cloned(folder)
    write_block(two, 0)
    return one, two


def _empty(folder: Path) -> Pair:
    return _file(folder / "one", b""), _file(folder / "two", b"")


class TestReflinked:
    def test_holds_for_a_clone(self, folder: Path) -> None:
        assert_reflinked(*_cloned(folder))

    @pytest.mark.parametrize(
        ("make", "verdict"),
        [
            (_copied, "not reflinked: copy"),
            (_linked, "not reflinked: hardlink"),
            (_symlinked, "not reflinked: symlink"),
            (_written_to, "not reflinked: partial"),
            (_empty, "it cannot be told whether they are reflinks: unknown (empty"),
        ],
    )
    def test_fails_for_anything_else(
        self, folder: Path, make: Callable[[Path], Pair], verdict: str
    ) -> None:
        one, two = make(folder)
        with pytest.raises(AssertionError) as failure:
            assert_reflinked(one, two)
        first, *evidence = str(failure.value).splitlines()
        assert first.startswith(verdict)
        assert any(line.strip().startswith(str(one)) for line in evidence)

    def test_fails_for_an_inline_file_of_btrfs_by_saying_so(
        self, places: dict[str, Place], tmp_path: Path
    ) -> None:
        folder = places["btrfs"].root / tmp_path.name
        folder.mkdir()
        one, two = _file(folder / "one", b"small"), folder / "two"
        clone(one, two)
        with pytest.raises(AssertionError, match=r"cannot be told.*inline"):
            assert_reflinked(one, two)

    def test_says_how_many_bytes_are_common(self, folder: Path) -> None:
        with pytest.raises(AssertionError, match=r"bytes in common blocks: 28\.7 kB of 32\.8 kB"):
            assert_reflinked(*_written_to(folder))

    def test_a_missing_path_is_no_verdict(self, folder: Path) -> None:
        with pytest.raises(LinkcheckError, match="No such file"):
            assert_reflinked(_file(folder / "one"), folder / "missing")


class TestExtentsShared:
    @pytest.mark.parametrize("make", [_cloned, _linked, _symlinked])
    def test_all_of_it_is_shared(self, folder: Path, make: Callable[[Path], Pair]) -> None:
        assert_extents_shared(*make(folder))

    def test_a_fraction_counts_bytes(self, folder: Path) -> None:
        one, two = _written_to(folder)
        assert_extents_shared(one, two, fraction=7 / 8)
        with pytest.raises(AssertionError, match=r"less than 90% of the extents is shared"):
            assert_extents_shared(one, two, fraction=0.9)

    def test_fails_for_a_copy(self, folder: Path) -> None:
        with pytest.raises(AssertionError, match=r"less than 1% of the extents is shared: copy"):
            assert_extents_shared(*_copied(folder), fraction=0.01)

    def test_fails_where_it_cannot_be_told(self, folder: Path) -> None:
        with pytest.raises(AssertionError, match="it cannot be told which extents are shared"):
            assert_extents_shared(*_empty(folder))

    @pytest.mark.parametrize("fraction", [0, -1, 1.5])
    def test_a_fraction_that_is_none_is_refused(self, folder: Path, fraction: float) -> None:
        with pytest.raises(LinkcheckError, match="give a number above 0, and up to 1"):
            assert_extents_shared(*_cloned(folder), fraction=fraction)


class TestIsolated:
    @pytest.mark.parametrize("probe", [False, True])
    @pytest.mark.parametrize("make", [_cloned, _copied, _written_to, _empty])
    def test_two_inodes_are_isolated(
        self, folder: Path, make: Callable[[Path], Pair], *, probe: bool
    ) -> None:
        one, two = make(folder)
        before = sorted(folder.iterdir()), one.read_bytes(), two.read_bytes()
        assert_isolated(one, two, probe=probe)
        assert (sorted(folder.iterdir()), one.read_bytes(), two.read_bytes()) == before

    @pytest.mark.parametrize("make", [_linked, _symlinked])
    def test_fails_for_one_inode(self, folder: Path, make: Callable[[Path], Pair]) -> None:
        one, two = make(folder)
        with pytest.raises(AssertionError, match="not isolated, a write to one is seen"):
            assert_isolated(one, two)
        with two.open("ab") as file:
            file.write(b"seen")
        assert same_bytes(one, two)

    def test_two_devices_are_isolated(self, folder: Path, tmp_path: Path) -> None:
        assert_isolated(_file(folder / "one"), _file(tmp_path / "two"), probe=True)

    @pytest.mark.linkcheck_requires("root")
    def test_a_probe_that_cannot_be_made_is_no_verdict(self, places: dict[str, Place]) -> None:
        one, two = Path("/proc/self/status"), places["tmpfs"].root / "two"
        two.write_bytes(b"2")
        with pytest.raises((LinkcheckError, AssertionError), match=r"probe:|cannot be told"):
            assert_isolated(one, two, probe=True)


class TestLinksWithin:
    def test_holds_when_all_names_lie_below(self, folder: Path) -> None:
        one, _ = _linked(folder)
        assert_links_within(one, folder)

    def test_fails_for_a_name_elsewhere_and_lists_the_others(self, folder: Path) -> None:
        (folder / "inside").mkdir()
        one = _file(folder / "inside" / "one")
        os.link(one, folder / "inside" / "two")
        os.link(one, folder / "outside")
        with pytest.raises(AssertionError) as failure:
            assert_links_within(one, folder / "inside")
        text = str(failure.value)
        assert text.startswith("1 link outside the roots")
        assert "names found under the roots: 2" in text
        assert str(folder / "inside" / "two") in text

    def test_the_asked_name_itself_must_lie_below(self, folder: Path) -> None:
        (folder / "inside").mkdir()
        outside = _file(folder / "outside")
        with pytest.raises(AssertionError, match="1 link outside the roots"):
            assert_links_within(outside, folder / "inside")

    def test_several_roots_are_one_place(self, folder: Path) -> None:
        (folder / "a").mkdir()
        (folder / "b").mkdir()
        one = _file(folder / "a" / "one")
        os.link(one, folder / "b" / "two")
        assert_links_within(one, folder / "a", folder / "b")

    def test_fails_on_overlay_which_does_not_count_exactly(
        self, places: dict[str, Place], tmp_path: Path
    ) -> None:
        folder = places["overlay/ext4"].root / tmp_path.name
        folder.mkdir()
        with pytest.raises(AssertionError, match="it cannot be told whether there are links"):
            assert_links_within(_file(folder / "one"), folder)

    def test_no_root_is_refused(self, folder: Path) -> None:
        with pytest.raises(LinkcheckError, match="name the folders"):
            assert_links_within(_file(folder / "one"))
