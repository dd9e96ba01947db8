"""The shapes of the corpus, whole trees of them: by listing, by stat, and as find and stat say."""

import os
import subprocess
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path

import pytest
from links.corpus import table
from links.corpus.case import CASES, Case, sites
from support.mounting import run
from support.places import KINDS, Place

from pytest_linkcheck.links import Identity, compare_trees, find_names, take_stock
from pytest_linkcheck.links.trees import TreeComparison

KINDS_WITHOUT_REFLINKS = ("ext4", "tmpfs")
pytestmark = pytest.mark.slow
assert table.MODULES  # which have added their cases


@pytest.mark.parametrize("kind", KINDS)
def test_trees_of_the_corpus(kind: str, places: dict[str, Place]) -> None:
    made = [case.name for case in CASES if _is_checked(case, places[kind])]
    assert len(made) > len(CASES) / 3


def _is_checked(case: Case, place: Place) -> bool:
    with ExitStack() as stack:
        site = sites(place, case.name, stack)
        try:
            a, b = case.make(site)
        except (OSError, subprocess.CalledProcessError):  # not on this filesystem
            return False
        folders = [path.parent.resolve() for path in (a, b)]
        for folder in {site.folder, site.other, *folders}:
            run("sync", "-f", folder)  # or blocks are counted otherwise once they are written
        _check_pair(folders[0], folders[1], case)
        for folder in {*folders, site.folder.resolve()}:
            _check_names(folder, (a, b), case)
        _check_stock([site.folder, site.other, *folders], case)
        _check_stock(folders, case)
    return True


def _check_pair(one: Path, two: Path, case: Case) -> None:
    found = compare_trees(one, two)
    assert _told(found) == _told(compare_trees(one, two, by_stat=True)), case.name
    names = [_names(folder) for folder in (one, two)]
    common = names[0].keys() & names[1].keys()
    equal = {name for name in common if names[0][name][:2] == names[1][name][:2]}
    folders = {name for name in common if names[0][name][2] == names[1][name][2] == "d"}
    assert found.only_first == [] or set(found.only_first) <= names[0].keys() - common, case.name
    assert set(found.different) >= common - equal - folders, case.name
    # On overlay equal numbers are no proof: there, less may be the same than seems so.
    assert found.same + len(found.unknown) <= len(equal - folders), case.name
    if not any(_type(folder) == "overlayfs" for folder in (one, two)):
        assert found.same == len(equal - folders), case.name
        assert set(found.different) == common - equal - folders, case.name


def _check_names(folder: Path, pair: tuple[Path, Path], case: Case) -> None:
    for path in pair:
        if not os.path.lexists(path):
            continue
        device, inode = run("stat", "-c", "%d %i", path).split()
        wanted = [Identity(int(device), int(inode))]
        found = find_names(folder, wanted)
        assert sorted(found.names) == sorted(find_names(folder, wanted, by_stat=True).names)
        theirs = _names(
            folder
        ).items()  # not by -samefile: find opens its file, which may be a FIFO
        names = [name for name, told in theirs if told[:2] == (device, inode) and told[2] != "d"]
        assert sorted(found.names) == sorted(names), case.name


def _check_stock(roots: list[Path], case: Case) -> None:
    stock = take_stock(roots)
    assert stock == take_stock(roots, by_stat=True), case.name
    assert stock.problems == [], case.name
    form = "%D %i %n %b %F %p\\0"
    told = run("find", *dict.fromkeys(roots), "-type", "f", "-printf", form).split("\0")[:-1]
    inodes: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    for row in told:
        *facts, path = row.split(" ", 5)
        inodes[tuple(facts)].add(path)
    assert stock.total.on_disk == 512 * sum(int(blocks) for *_, blocks, _ in inodes), case.name
    own = 512 * sum(
        int(blocks)
        for (_device, _inode, links, blocks, kind), paths in inodes.items()
        if kind in KINDS_WITHOUT_REFLINKS and len(paths) >= int(links)
    )
    assert stock.total.own <= own, case.name
    if not case.root:  # mounts may show one name twice
        assert stock.total.own == own, case.name


def _names(folder: Path) -> dict[str, tuple[str, ...]]:
    told = run("find", folder, "-mindepth", "1", "-printf", "%P\\0%D\\0%i\\0%y\\0").split("\0")[:-1]
    return {told[at]: tuple(told[at + 1 : at + 4]) for at in range(0, len(told), 4)}


def _type(folder: Path) -> str:
    return run("stat", "-f", "-c", "%T", folder).strip()


def _told(found: TreeComparison) -> tuple[object, ...]:
    lists = (found.different, found.only_first, found.only_second, found.unknown, found.problems)
    return (found.same, *(sorted(map(str, names)) for names in lists))
