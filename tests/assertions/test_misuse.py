import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_linkcheck import (
    LinkcheckError,
    assert_different_device,
    assert_different_inodes,
    assert_hardlinked,
    assert_link_count,
    assert_linkable,
    assert_not_shared,
    assert_same_device,
    assert_same_inode,
    assert_symlinked,
)

Assertion = Callable[..., object]
OF_FILES = [assert_same_inode, assert_different_inodes, assert_hardlinked, assert_not_shared]
OF_PATHS = [*OF_FILES, assert_same_device, assert_different_device]

of_files = pytest.mark.parametrize("assertion", OF_FILES, ids=lambda one: one.__name__)
of_paths = pytest.mark.parametrize("assertion", OF_PATHS, ids=lambda one: one.__name__)


def _refusal(assertion: Assertion, *args: object, **options: object) -> str:
    with pytest.raises(LinkcheckError) as caught:
        assertion(*args, **options)
    assert not isinstance(caught.value, AssertionError)
    return str(caught.value)


@of_paths
@pytest.mark.parametrize("missing_first", [True, False])
def test_a_missing_file(assertion: Assertion, file: Path, *, missing_first: bool) -> None:
    absent = file.with_name("absent")
    paths = (absent, file) if missing_first else (file, absent)
    assert _refusal(assertion, *paths) == f"{absent}: No such file or directory"


@of_paths
def test_a_dangling_symlink(assertion: Assertion, file: Path) -> None:
    link = file.with_name("link")
    link.symlink_to("absent")
    refusal = _refusal(assertion, file, link)
    assert refusal == f"{link} is a dangling symlink: {link.with_name('absent')} does not exist"


@of_paths
def test_a_symlink_loop(assertion: Assertion, file: Path) -> None:
    link = file.with_name("link")
    link.symlink_to("link")
    assert _refusal(assertion, file, link) == f"{link} is a symlink loop"


@of_files
def test_a_folder(assertion: Assertion, file: Path) -> None:
    assert _refusal(assertion, file, file.parent) == f"{file.parent} is a directory: name a file"


@of_files
def test_a_symlink_to_a_folder(assertion: Assertion, file: Path) -> None:
    link = file.with_name("link")
    link.symlink_to(".")
    assert _refusal(assertion, file, link) == f"{link} is a directory: name a file"


@of_files
def test_a_fifo_is_not_opened(assertion: Assertion, file: Path) -> None:
    fifo = file.with_name("fifo")
    os.mkfifo(fifo)
    assert _refusal(assertion, file, fifo) == f"{fifo} is a FIFO: name a file"


@of_paths
def test_one_path_twice(assertion: Assertion, file: Path) -> None:
    refusal = f"{file} is given twice: it says nothing of links"
    assert _refusal(assertion, file, file) == refusal
    assert _refusal(assertion, file, f"{file.parent}/./{file.name}") == refusal


@of_paths
def test_one_path_twice_relative_and_absolute(
    assertion: Assertion, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(file.parent)
    assert "is given twice" in _refusal(assertion, file, file.name)


@pytest.mark.parametrize(
    "assertion",
    [assert_same_inode, assert_different_inodes, assert_same_device, assert_different_device],
    ids=lambda one: one.__name__,
)
@pytest.mark.parametrize("number", [0, 1])
def test_too_few_paths(assertion: Assertion, file: Path, number: int) -> None:
    assert _refusal(assertion, *[file][:number]) == "two paths at least are needed to compare"


@of_paths
def test_names_are_escaped(assertion: Assertion, file: Path) -> None:
    assert "\x1b" not in _refusal(assertion, file, file.with_name("\x1b[2J"))


@pytest.mark.parametrize("assertion", [assert_link_count, assert_symlinked])
def test_a_missing_file_of_its_own(assertion: Assertion, file: Path) -> None:
    absent = file.with_name("absent")
    options = {"count": 1} if assertion is assert_link_count else {}
    assert _refusal(assertion, absent, **options) == f"{absent}: No such file or directory"


def test_the_links_of_a_folder(tmp_path: Path) -> None:
    assert _refusal(assert_link_count, tmp_path, 2) == f"{tmp_path} is a directory: name a file"


@pytest.mark.parametrize("counts", [{}, {"count": 1, "at_least": 1}])
def test_a_link_count_without_one_count(file: Path, counts: dict[str, int]) -> None:
    refusal = _refusal(assert_link_count, file, **counts)
    assert refusal == "a link count needs a count, or at_least=, and not both"


@pytest.mark.parametrize("key", ["count", "at_least"])
@pytest.mark.parametrize("count", [0, -1])
def test_a_link_count_every_file_would_have(file: Path, key: str, count: int) -> None:
    refusal = _refusal(assert_link_count, file, **{key: count})
    assert refusal == f"no file has {count} links: 1 is the least"


@pytest.mark.parametrize("wrong", [0, 1])
def test_linkable_wants_folders(file: Path, wrong: int) -> None:
    paths = [file.parent, file.parent]
    paths[wrong] = file
    assert _refusal(assert_linkable, *paths) == f"{file} is a file: name a folder"
    paths[wrong] = file.with_name("absent")
    assert _refusal(assert_linkable, *paths).endswith("absent: No such file or directory")


def test_symlinked_wants_a_folder_to_lead_into(file: Path, soft: Path) -> None:
    assert _refusal(assert_symlinked, soft, file) == f"{file} is a file: name a folder"
    assert _refusal(assert_symlinked, soft, into=file.with_name("absent")).endswith(
        "No such file or directory"
    )
