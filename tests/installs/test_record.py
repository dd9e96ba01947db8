import base64
import contextlib
import csv
import hashlib
import io
import os
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from installer.records import Hash, parse_record_file

from pytest_linkcheck import Venvs, Wheelhouse
from pytest_linkcheck.installs import Distribution, Layout
from pytest_linkcheck.installs.record import ALGORITHMS, Row, parse_paths, parse_record


def _hash(data: bytes, algorithm: str = "sha256") -> str:
    digest = hashlib.new(algorithm, data).digest()
    return f"{algorithm}={base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def _only_problem(data: bytes) -> str:
    (problem,) = parse_record(data).problems
    return problem


def test_a_row_has_a_path_a_hash_and_a_size() -> None:
    record = parse_record(f"a.py,{_hash(b'x')},1\n".encode())
    assert record.problems == ()
    assert record.rows == (Row("a.py", "sha256", hashlib.sha256(b"x").digest(), 1),)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_algorithms_wheels_may_use(algorithm: str) -> None:
    (row,) = parse_record(f"a.py,{_hash(b'x', algorithm)},\n".encode()).rows
    assert (row.algorithm, row.digest) == (algorithm, hashlib.new(algorithm, b"x").digest())


def test_a_row_may_have_neither_hash_nor_size() -> None:
    assert parse_record(b"RECORD,,\n").rows == (Row("RECORD"),)


def test_pdm_writes_a_size_and_no_hash_for_what_it_links() -> None:
    record = parse_record(b"a.py,sha256=,17\n")
    assert record.rows == (Row("a.py", size=17),)
    assert record.problems == ()


def test_a_quoted_path_may_hold_commas_quotes_and_newlines() -> None:
    assert parse_record(b'"a,""b""\nc",,\n').rows == (Row('a,"b"\nc'),)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\n\n", ""])
def test_any_line_ending_and_blank_lines_will_do(ending: str) -> None:
    record = parse_record(f"a.py,,{ending or chr(10)}b.py,,{ending}".encode())
    assert record.rows == (Row("a.py"), Row("b.py"))
    assert record.problems == ()


@pytest.mark.parametrize("data", [b"", b"\n", b" \n\t\n"])
def test_empty(data: bytes) -> None:
    assert _only_problem(data) == "RECORD is empty"


def test_not_utf_8() -> None:
    assert _only_problem(b"a.py,,\n\xff") == "RECORD is not UTF-8: byte 7 is 0xff"


def test_not_csv_keeps_the_rows_before() -> None:
    record = parse_record(b'a.py,,\n"b.py"x,,\n')
    assert record.rows == (Row("a.py"),)
    assert record.problems == ("RECORD is not CSV: line 2: ',' expected after '\"'",)


@pytest.mark.parametrize(
    ("line", "columns"), [("a.py", 1), ("a.py,", 2), ("a.py,,,", 4), ("hello world", 1)]
)
def test_another_number_of_columns(line: str, columns: int) -> None:
    record = parse_record(f"{line}\nb.py,,\n".encode())
    assert record.problems == (f"RECORD line 1 has {columns} columns instead of 3",)
    assert record.rows == (Row("b.py"),)


@pytest.mark.parametrize(("line", "what"), [(",,", "no path"), ("a\0.py,,", "a NUL in its path")])
def test_a_path_no_file_can_have(line: str, what: str) -> None:
    assert _only_problem(f"{line}\n".encode()) == f"RECORD line 1 has {what}"


@pytest.mark.parametrize("size", ["-1", "1.5", "x", "\N{ARABIC-INDIC DIGIT ONE}", "1_0"])
def test_a_size_that_is_no_number(size: str) -> None:
    record = parse_record(f"a.py,,{size}\n".encode())
    assert record.problems == (f"RECORD line 1 has {size} for a size",)
    assert record.rows == (Row("a.py"),)


def test_a_size_is_escaped_before_it_is_shown() -> None:
    assert "\x1b" not in _only_problem(b"a.py,,\x1b[2J\n")


def test_a_size_beyond_all_files_is_still_a_size() -> None:
    (row,) = parse_record(b"a.py,," + b"9" * 5000).rows
    assert row.size is not None
    assert row.size > 1 << 64


def test_leading_zeros_do_not_change_a_size() -> None:
    (row,) = parse_record(b"a.py,," + b"0" * 30 + b"5").rows
    assert row.size == 5


@pytest.mark.parametrize(
    "hashed", ["md5=abc", "sha1=abc", "SHA256=abc", "deadbeef", "sha256", "=x"]
)
def test_a_hash_by_an_unknown_algorithm_is_no_missing_hash(hashed: str) -> None:
    record = parse_record(f"a.py,{hashed},\n".encode())
    assert record.problems == ("RECORD line 1 has a hash that is no sha256, sha384 or sha512",)
    assert record.rows == (Row("a.py"),)


@pytest.mark.parametrize("text", ["abc", "!" * 43, "ü" * 43, "A" * 42, "A" * 44, "A" * 45])
def test_a_malformed_hash(text: str) -> None:
    record = parse_record(f"a.py,sha256={text},\n".encode())
    assert record.problems == ("RECORD line 1 has a malformed sha256 hash",)
    assert record.rows == (Row("a.py"),)


def test_a_hash_of_another_algorithms_length_is_malformed() -> None:
    wrong = _hash(b"x", "sha512").replace("sha512", "sha256")
    assert _only_problem(f"a.py,{wrong},\n".encode()) == "RECORD line 1 has a malformed sha256 hash"


def test_a_path_that_is_listed_again_counts_once() -> None:
    record = parse_record(b"a.py,,1\nb.py,,\na.py,,2\n")
    assert record.rows == (Row("a.py", size=1), Row("b.py"))
    assert record.problems == ("RECORD line 3 lists a.py again",)


def test_each_bad_row_is_told() -> None:
    record = parse_record(b"a,b\n,,\nc,md5=x,y\nd,,\n")
    assert [re.findall(r"line (\d)", problem) for problem in record.problems] == [
        ["1"], ["2"], ["3"], ["3"],
    ]  # fmt: skip
    assert [row.path for row in record.rows] == ["c", "d"]


def _by_oracle(data: bytes) -> list[Row]:
    """Return the rows as the library `installer` reads them."""
    rows = []
    for path, hashed, size in parse_record_file(data.decode().splitlines(keepends=True)):
        parsed = Hash.parse(hashed) if hashed else None
        digest = base64.urlsafe_b64decode(f"{parsed.value}==") if parsed else None
        algorithm = parsed.name if parsed else None
        rows.append(Row(path, algorithm, digest, int(size) if size else None))
    return rows


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_real_records_are_read_as_the_library_installer_reads_them(
    venvs: Venvs, wheelhouse: Wheelhouse, installer: str
) -> None:
    environment = venvs.create(installer, wheelhouse.sample)
    data = (environment["sample"].dist_info / "RECORD").read_bytes()
    record = parse_record(data)
    assert record.problems == ()
    assert list(record.rows) == _by_oracle(data)
    assert len(record.rows) > 20


_PATHS = st.text(
    # `installer` turns backslashes into slashes and splits lines where str.splitlines() does.
    st.characters(codec="utf-8", exclude_characters="\\\0\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029"),
    min_size=1,
    max_size=30,
)
_ROWS = st.tuples(
    _PATHS,
    st.one_of(st.just(""), st.builds(_hash, st.binary(), st.sampled_from(sorted(ALGORITHMS)))),
    st.one_of(st.just(""), st.integers(0, 1 << 63).map(str)),
)


@given(st.lists(_ROWS, min_size=1, unique_by=lambda row: row[0]))
def test_random_rows_are_read_as_the_library_installer_reads_them(
    rows: list[tuple[str, str, str]],
) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    data = text.getvalue().encode()
    record = parse_record(data)
    assert record.problems == ()
    assert list(record.rows) == _by_oracle(data)


@given(st.binary() | st.text(',\n\r"=az09-+/\0').map(str.encode))
def test_no_bytes_whatever_raise_and_none_pass_unsaid(data: bytes) -> None:
    record = parse_record(data)
    assert record.rows or record.problems
    assert all(row.path and "\0" not in row.path for row in record.rows)
    assert len({row.path for row in record.rows}) == len(record.rows)


@given(st.binary() | st.text(',\n\r"a/\0').map(str.encode))
@example(b"a,b\x1cc\x85d,\x0ce\nf,g")  # ends of lines for Python's text, and not for CSV
@example(b"\n" * 200_001)
@example(b"a" * 200_000 + b",,\nb,,")
def test_paths_alone_are_what_the_csv_module_reads(data: bytes) -> None:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        assert parse_paths(data) == []
        return
    expected: list[str] = []
    with contextlib.suppress(csv.Error):
        for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), strict=True)):
            if row and "\0" not in row[0] and number < 200_001:
                expected.append(row[0])
    assert parse_paths(data) == expected


def test_paths_of_too_many_rows_are_not_read() -> None:
    assert len(parse_paths(b"a,,\n" * 200_000)) == 200_000
    assert parse_paths(b"a,,\n" * 200_001) == []


def test_our_own_record_is_read(tmp_path: Path, wheelhouse: Wheelhouse) -> None:
    import zipfile  # noqa: PLC0415

    with zipfile.ZipFile(wheelhouse.sample.path) as archive:
        archive.extractall(tmp_path)
    data = (tmp_path / "sample-1.0.dist-info" / "RECORD").read_bytes()
    assert list(parse_record(data).rows) == _by_oracle(data)


def test_paths_alone_are_those_of_the_files(venvs: Venvs, wheelhouse: Wheelhouse) -> None:
    env = venvs.pip(wheelhouse.sample)
    for dist in env.distributions():
        assert sorted(dist.paths()) == sorted(str(file.path) for file in dist.files)


@given(st.lists(st.text("ab./\\\n\0,é ", max_size=9), max_size=6))
def test_paths_alone_are_those_of_the_files_whatever_they_are(names: list[str]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows((name, "", "") for name in names)
    data = text.getvalue().encode()
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder, "lib", "python3", "site-packages")
        info = site / "one-1.dist-info"
        info.mkdir(parents=True)
        (info / "RECORD").write_bytes(data)
        dist = Distribution("one", "1", Layout(Path(folder), site), info)
        paths = {path for path in dist.paths() if not os.path.isdir(path)}  # noqa: PTH112
        files = {str(file.path) for file in dist.files if not file.path.is_dir()}
        assert paths >= files
        assert all(Path(path).is_relative_to(folder) for path in paths)
