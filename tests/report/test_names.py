"""Checks of one name in two modules are two."""

from dataclasses import replace

import pytest
from report.samples import check, report

from pytest_linkcheck.report.cells import find_repeated
from pytest_linkcheck.report.grid import make_grid
from pytest_linkcheck.report.names import tell_apart


def named(*nodeids: str) -> list[str]:
    return [one.check for one in tell_apart(check(check="it", nodeid=one) for one in nodeids)]


@pytest.mark.parametrize(
    ("nodeids", "names"),
    [
        (["a.py::test_it[x]", "a.py::test_it[y]"], ["it", "it"]),
        (["a.py::test_it[x]", "b.py::test_it[x]"], ["a.py::it", "b.py::it"]),
        (["s/t/a.py::test_it", "s/t/u/a.py::test_it"], ["a.py::it", "u/a.py::it"]),
        (["s/a.py::A::test_it", "s/a.py::B::test_it"], ["a.py::A::it", "a.py::B::it"]),
        (["s/a.py::test_it", "s/a.py::B::test_it"], ["a.py::it", "a.py::B::it"]),
        (["a.py::it[b.py::test_it]", "a.py::it[x]"], ["it", "it"]),
        (["", ""], ["it", "it"]),
    ],
)
def test_names_are_as_long_as_it_takes(nodeids: list[str], names: list[str]) -> None:
    assert named(*nodeids) == names


def test_two_checks_of_one_name_are_no_conflict() -> None:
    one = check(nodeid="a.py::test_files_are_shared[uv]")
    two = replace(one, outcome="failed", nodeid="b.py::test_files_are_shared[uv]")
    made = report(*tell_apart([one, two]))
    assert find_repeated(made) == []
    (cell,) = make_grid(made).cells.values()
    assert cell.words == ["1 failed", "1 passed"]
