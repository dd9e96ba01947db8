"""Reading RECORD: what a distribution says it installed (PEP 376, PEP 427).

Parsing only: whether a row's file is there, or lies where it may, is judged elsewhere. All that
is wrong is collected, so that one bad row does not hide the others.
"""

import binascii
import csv
import io
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from pytest_linkcheck.links.show import show_count, show_name

# PEP 376 and PEP 427 leave the algorithm open from sha256 up; md5 and sha1 are forbidden.
ALGORITHMS = {"sha256": 32, "sha384": 48, "sha512": 64}
# As base64.urlsafe_b64decode() does, which checks nothing.
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_COLUMNS = 3
MAX_ROWS = 200_000  # the largest wheels have a few ten thousand files
_MAX_PATH = 4096  # bytes: PATH_MAX of Linux, the longest that any system takes
_MAX_SHOWN = 40  # characters


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the path as written, its hash and its size in bytes where they are given."""

    path: str
    algorithm: str | None = None
    digest: bytes | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """The rows that could be read, and a sentence for each thing that is wrong."""

    rows: tuple[Row, ...]
    problems: tuple[str, ...]


def parse_record(data: bytes) -> Record:
    """Return what the RECORD file *data* lists; of more than `MAX_ROWS` rows none. Never raises."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return Record((), (f"RECORD is not UTF-8: byte {error.start} is {data[error.start]:#04x}",))
    if not text.strip():
        return Record((), ("RECORD is empty",))
    rows: dict[str, Row] = {}
    problems: list[str] = []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for number, fields in enumerate(reader):
            if number >= MAX_ROWS:
                return Record((), (f"RECORD has more than {MAX_ROWS:,} rows: not read",))
            if fields:
                row = _parse_row(fields, f"RECORD line {reader.line_num}", problems)
                if row and rows.setdefault(row.path, row) is not row:
                    problems.append(
                        f"RECORD line {reader.line_num} lists {show_name(row.path)} again"
                    )
    except csv.Error as error:
        problems.append(f"RECORD is not CSV: line {reader.line_num}: {error}")
    return Record(tuple(rows.values()), tuple(problems))


def parse_paths(data: bytes) -> list[str]:
    """Return the paths that the RECORD file *data* lists, and nothing else of it. Never raises.

    Much faster than `parse_record`, as it judges no row. Of more than `MAX_ROWS` none.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return []
    plain = '"' not in text and "\r" not in text and text.count("\n") <= MAX_ROWS
    lines = text.split("\n") if plain else []
    if plain and len(max(lines, key=len)) < csv.field_size_limit():
        # Nothing that the csv module would read otherwise, and in a quarter of its time.
        paths = [line.partition(",")[0] for line in lines if line]
    else:
        paths = _parse_paths_by_csv(text)
    if "\0" in text:
        paths = [path for path in paths if "\0" not in path]
    return paths if len(paths) <= MAX_ROWS else []


def _parse_paths_by_csv(text: str) -> list[str]:
    paths: list[str] = []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    with suppress(csv.Error):  # what stands above counts
        paths.extend(row[0] for row in islice(reader, MAX_ROWS + 1) if row)
    return paths


def _parse_row(fields: list[str], where: str, problems: list[str]) -> Row | None:
    if len(fields) != _COLUMNS:
        problems.append(f"{where} has {len(fields)} columns instead of 3")
        return None
    path, hashed, size = fields
    if not path or "\0" in path:
        problems.append(f"{where} has {'no path' if not path else 'a NUL in its path'}")
        return None
    if len(path) > _MAX_PATH or len(path.encode()) > _MAX_PATH:
        problems.append(f"{where} has a path of {show_count(len(path), 'character')}: no file can")
        return None
    algorithm, digest = _parse_hash(hashed, where, problems)
    if size and not (size.isascii() and size.isdigit()):
        problems.append(f"{where} has {_cut(size)} for a size")
        size = ""
    # No file has more than 20 digits of bytes; int() would refuse 5,000.
    return Row(path, algorithm, digest, int(size.lstrip("0")[:20] or 0) if size else None)


def _parse_hash(hashed: str, where: str, problems: list[str]) -> tuple[str | None, bytes | None]:
    if not hashed:
        return None, None
    algorithm, _, text = hashed.partition("=")
    if algorithm not in ALGORITHMS or "=" not in hashed:
        problems.append(f"{where} has a hash that is no sha256, sha384 or sha512")
        return None, None
    if not text:  # PDM writes `sha256=` for the files it links
        return None, None
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        digest = binascii.a2b_base64(padded.translate(_URL_SAFE), strict_mode=True)
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) != ALGORITHMS[algorithm]:
        problems.append(f"{where} has a malformed {algorithm} hash")
        return None, None
    return algorithm, digest


def _cut(text: str) -> str:
    return show_name(text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…")
