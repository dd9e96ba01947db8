from pathlib import Path

import pytest
from support.evidence import evidence, failure

from pytest_linkcheck import Sharing, assert_not_shared, compare

PROVE_IT = {Sharing.COPY, Sharing.DIFFERENT}


@pytest.mark.parametrize("data", [b"content", b"CONTENT", b"longer than that", b""])
def test_two_inodes_are_not_shared_only_if_that_is_proved(file: Path, data: bytes) -> None:
    other = file.with_name("other")
    other.write_bytes(data)
    verdict = compare(file, other)
    if verdict.sharing in PROVE_IT:
        assert_not_shared(file, other)
    else:
        assert failure(assert_not_shared, file, other) == [
            f"it cannot be told that nothing is shared: {verdict}",
            evidence(file),
            evidence(other),
        ]


def test_two_empty_files_prove_nothing(file: Path) -> None:
    one, two = file.with_name("one"), file.with_name("two")
    one.touch()
    two.touch()
    lines = failure(assert_not_shared, one, two)
    assert lines[0].startswith("it cannot be told that nothing is shared: unknown (")


def test_fails_on_a_hard_link(file: Path, hard: Path) -> None:
    assert failure(assert_not_shared, file, hard) == [
        "storage is shared: hardlink (one inode, 2 links)",
        evidence(file),
        evidence(hard),
    ]


def test_fails_on_a_symlink(file: Path, soft: Path) -> None:
    lines = failure(assert_not_shared, file, soft)
    assert lines[0] == f"storage is shared: symlink ({soft} resolves to {file})"


def test_fails_on_one_file_through_a_symlinked_folder(file: Path) -> None:
    link = file.with_name("link")
    link.symlink_to(".")
    lines = failure(assert_not_shared, file, link / file.name)
    assert lines[0].startswith("storage is shared: symlink (")
