from contextvars import Context
from pathlib import Path

import pytest
from support.evidence import evidence, failure
from support.mounting import run
from support.oracle import stat_of

from pytest_linkcheck import Venvs, Wheelhouse, assert_link_count
from pytest_linkcheck.installs import Toolbox
from pytest_linkcheck.installs.known import knowing, known_roots

MODULE = "sample/__init__.py"


def test_as_many_links_as_stat_says(file: Path, hard: Path) -> None:
    assert stat_of(hard, "%h") == "2"
    assert_link_count(file, 2)
    assert_link_count(hard, at_least=2)
    assert_link_count(hard, at_least=1)


@pytest.mark.parametrize(
    ("wanted", "headline"),
    [
        ({"count": 1}, "2 links instead of 1"),
        ({"count": 3}, "2 links instead of 3"),
        ({"at_least": 3}, "2 links instead of at least 3"),
    ],
)
@pytest.mark.usefixtures("hard")
def test_fails_on_another_count(file: Path, wanted: dict[str, int], headline: str) -> None:
    assert failure(assert_link_count, file, **wanted)[:2] == [headline, evidence(file)]


def test_fails_on_a_symlink_even_if_its_target_has_the_count(file: Path, soft: Path) -> None:
    lines = failure(assert_link_count, soft, 1)
    assert lines[0] == f"{soft} is a symlink: the links are those of its target"
    assert lines[1] == f"  {soft} -> {file}"


def test_the_names_in_environments_and_caches_are_listed(
    venvs: Venvs, wheelhouse: Wheelhouse
) -> None:
    one, two = (venvs.uv(wheelhouse.sample, link_mode="hardlink") for _ in range(2))
    found = run("find", one.cache, one.prefix, two.prefix, "-samefile", one / MODULE).splitlines()
    assert_link_count(one / MODULE, len(found))
    lines = failure(assert_link_count, one / MODULE, 1)
    assert lines[:3] == [
        "3 links instead of 1",
        evidence(one / MODULE),
        "names of this inode: 3 in this test's environments and caches, 0 elsewhere",
    ]
    assert sorted(lines[3:]) == sorted(f"  {name}" for name in found)


def test_names_that_lie_elsewhere_are_counted(
    venvs: Venvs, wheelhouse: Wheelhouse, tmp_path: Path
) -> None:
    env = venvs.uv(wheelhouse.sample, link_mode="hardlink")
    (tmp_path / "outside").hardlink_to(env / MODULE)
    lines = failure(assert_link_count, env / MODULE, at_least=9)
    assert lines[0] == "3 links instead of at least 9"
    assert lines[2].endswith("2 in this test's environments and caches, 1 elsewhere")
    assert not any("outside" in line for line in lines[3:])


def test_a_file_of_no_environment_is_elsewhere(
    venvs: Venvs, wheelhouse: Wheelhouse, file: Path
) -> None:
    venvs.uv(wheelhouse.sample)
    assert failure(assert_link_count, file, 2)[2:] == [
        "names of this inode: 0 in this test's environments and caches, 1 elsewhere"
    ]


def test_without_environments_there_is_nowhere_to_look(file: Path) -> None:
    lines = Context().run(failure, assert_link_count, file, 2)
    assert lines == ["1 link instead of 2", evidence(file)]


def test_only_ten_names_are_listed(venvs: Venvs) -> None:
    env = venvs.uv()
    file = env / "file"
    file.touch()
    for number in range(12):
        (env / f"name-{number:02}").hardlink_to(file)
    lines = failure(assert_link_count, file, 1)
    assert lines[2].startswith("names of this inode: 13 in")
    assert len(lines[3:-1]) == 10
    assert lines[-1] == "  and 3 more"


def test_names_are_escaped(venvs: Venvs) -> None:
    env = venvs.uv()
    (env / "\x1b[2J").touch()
    assert "\x1b" not in "".join(failure(assert_link_count, env / "\x1b[2J", 2))


def test_makers_may_be_forgotten_in_any_order(tmp_path: Path) -> None:
    toolbox = Toolbox([], tmp_path / "run")
    one, two = (Venvs(toolbox, tmp_path / name) for name in ("one", "two"))
    first, second = knowing(one), knowing(two)
    before = known_roots()
    first.__enter__()
    second.__enter__()
    env = two.uv()
    first.__exit__(None, None, None)
    assert known_roots() == [*before, env.prefix, env.cache]
    second.__exit__(None, None, None)
    assert known_roots() == before
