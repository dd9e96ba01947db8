import hashlib
import os
from pathlib import Path

import pytest
from support.oracle import same_bytes

from pytest_linkcheck.links import content as content_module
from pytest_linkcheck.links.content import (
    ChangedError,
    Content,
    compare_bytes,
    hash_bytes,
    lies_within,
    open_unchanged,
)
from pytest_linkcheck.links.facts import Facts, read_facts


def _file(path: Path, data: bytes) -> Facts:
    path.write_bytes(data)
    return read_facts(path)


@pytest.mark.parametrize("chunk", [1, 3, 1 << 20])
@pytest.mark.parametrize(
    ("one", "two"),
    [
        (b"", b""),
        (b"same bytes", b"same bytes"),
        (b"same lengtH", b"same length"),
        (b"longer", b"long"),
        (b"", b"x"),
        (b"\0" * 10, b"\0" * 10),
    ],
)
def test_bytes_are_compared_as_cmp_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one: bytes, two: bytes, chunk: int
) -> None:
    monkeypatch.setattr(content_module, "_CHUNK", chunk)
    a, b = _file(tmp_path / "a", one), _file(tmp_path / "b", two)
    expected = Content.EQUAL if same_bytes(a.path, b.path) else Content.DIFFERENT
    assert compare_bytes(a, b) is expected


def test_a_short_read_is_no_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = _file(tmp_path / "a", b"0123456789"), _file(tmp_path / "b", b"0123456789")
    read, sizes = os.read, iter([3, 7, 1, 9] + [10] * 20)
    monkeypatch.setattr(os, "read", lambda fd, count: read(fd, min(next(sizes), count)))
    assert compare_bytes(a, b) is Content.EQUAL


def test_a_digest_is_that_of_hashlib(tmp_path: Path) -> None:
    facts = _file(tmp_path / "a", b"content")
    assert hash_bytes(facts, "sha256") == hashlib.sha256(b"content").digest()
    with pytest.raises(ValueError, match="no-such"):
        hash_bytes(facts, "no-such")


def test_a_file_replaced_after_the_look_is_not_read(tmp_path: Path) -> None:
    facts = _file(tmp_path / "a", b"content")
    other = _file(tmp_path / "b", b"content")
    other.path.replace(facts.path)
    with pytest.raises(ChangedError, match="replaced while being read") as caught:
        compare_bytes(facts, read_facts(facts.path))
    assert caught.value.filename == str(facts.path)


def test_a_file_written_while_open_is_seen(tmp_path: Path) -> None:
    facts = _file(tmp_path / "a", b"content")
    with (
        pytest.raises(ChangedError, match="changed while being read"),
        open_unchanged(facts),
    ):
        facts.path.write_bytes(b"another")


def test_times_set_back_do_not_hide_a_write(tmp_path: Path) -> None:
    facts = _file(tmp_path / "a", b"content")

    def write_and_set_back() -> None:
        with open_unchanged(facts):
            facts.path.write_bytes(b"another")
            os.utime(facts.path, ns=(facts.mtime_ns, facts.mtime_ns))

    with pytest.raises(ChangedError, match="changed while being read"):
        write_and_set_back()


def test_a_link_made_meanwhile_is_no_write(tmp_path: Path) -> None:
    facts = _file(tmp_path / "a", b"content")
    with open_unchanged(facts) as descriptor:
        os.link(facts.path, tmp_path / "b")
        assert os.read(descriptor, 100) == b"content"


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_took_the_place_of_a_file_is_not_waited_for(tmp_path: Path, make: object) -> None:
    facts = _file(tmp_path / "a", b"content")
    facts.path.unlink()
    assert callable(make)
    make(facts.path)
    with pytest.raises(ChangedError), open_unchanged(facts):
        pass


def test_a_symlink_that_took_the_place_of_a_file_is_not_followed(tmp_path: Path) -> None:
    facts = _file(tmp_path / "a", b"content")
    facts.path.rename(tmp_path / "b")
    facts.path.symlink_to("b")
    with pytest.raises(OSError, match="symbolic links"), open_unchanged(facts):
        pass


def test_a_fifo_is_refused_even_where_its_identity_fits(tmp_path: Path) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    with pytest.raises(ChangedError, match="no regular file"), open_unchanged(read_facts(path)):
        pass


@pytest.mark.parametrize(
    ("path", "inside"),
    [
        ("/a/b", True),
        ("/a/b/c", True),
        ("/a/bc", False),
        ("/a", False),
        ("/d", False),
        ("/e/f/g", True),
    ],
)
def test_a_path_lies_in_a_folder_and_not_in_one_of_a_longer_name(path: str, inside: bool) -> None:  # noqa: FBT001
    assert lies_within(path, ["/a/b", "/e/f"]) is inside
    assert lies_within(path, ["/"])
    assert not lies_within(path, [])


@pytest.mark.parametrize(
    "size", [0, 1, 4095, 4096, 4097, (1 << 17) - 1, 1 << 17, (1 << 17) + 1, 400_000]
)
def test_hashes_are_those_of_hashlib_whatever_the_size(tmp_path: Path, size: int) -> None:
    data = os.urandom(size)
    facts = _file(tmp_path / "file", data)
    assert (
        hash_bytes(facts, "sha256", [os.path.realpath(tmp_path)]) == hashlib.sha256(data).digest()
    )
