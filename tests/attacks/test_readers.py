"""Readers of somebody else's text, fed with texts of every sort; fuzz/ does so for hours."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report.samples import check, report, row
from support.readers import (
    READERS,
    check_config,
    check_metadata,
    check_mountinfo,
    check_record,
    check_report,
)

from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.report.files import parse_report, render

# A whole run of the tests takes the same few texts each time; a long one, as many new ones.
_MANY = int(os.environ.get("LINKCHECK_EXAMPLES", "0"))
TEXTS = settings(max_examples=_MANY or 150, derandomize=not _MANY, deadline=None)


def _words(*words: str) -> st.SearchStrategy[bytes]:
    """Return texts of *words* and of anything else."""
    word = st.sampled_from(words) | st.text(max_size=8)
    return st.lists(word, max_size=30).map(lambda many: "".join(many).encode(errors="replace"))


@pytest.mark.parametrize("name", READERS)
@TEXTS
@given(st.binary(max_size=200))
def test_any_bytes(name: str, data: bytes) -> None:
    READERS[name](data)


@TEXTS
@given(
    _words(
        ",", ",,\n", '"', "\n", "\r\n", "..", "/", "../", "a", "sha256=", "A" * 43, "\0", "\\", "9"
    )
)
def test_record(data: bytes) -> None:
    check_record(data)


@TEXTS
@given(_words("Name", "Version", ": ", ":", "\n", "\n ", "\r", "\0", "a" * 300, "=?utf-8?q?a?="))
def test_metadata(data: bytes) -> None:
    check_metadata(data)


@TEXTS
@given(_words("uv", "version", " = ", "=", "\n", "0.10.4", "9" * 5000, "1!", "+a", ".dev1", "\0"))
def test_config(data: bytes) -> None:
    check_config(data)


@TEXTS
@given(
    _words(
        "36 35 ", "98:0 ", "/ ", "/mnt ", "rw ", "- ", "btrfs ", "\\040", "\\777", "\n", "9" * 5000
    )
)
def test_mountinfo(data: bytes) -> None:
    check_mountinfo(data)


def _plain() -> Any:  # noqa: ANN401 - JSON
    return json.loads(render(report(check(), audits=(row(),)), ".json"))


def _paths(data: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = (
        data.items()
        if isinstance(data, dict)
        else enumerate(data)
        if isinstance(data, list)
        else ()
    )
    return [path, *(found for key, one in inner for found in _paths(one, (*path, key)))]


_PATHS = _paths(_plain())
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, -1, 1e308, 2**64])
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@TEXTS
@given(st.sampled_from(_PATHS), _JSON)
def test_a_report_of_which_one_part_is_something_else(
    path: tuple[str | int, ...], value: object
) -> None:
    data = _plain()
    if path:
        inner = data
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = value
    check_report(json.dumps(data if path else value).encode())


@pytest.mark.parametrize(
    "text",
    [
        '{"schema": "pytest-linkcheck-report/' + "9" * 5000 + '"}',
        json.dumps(_plain()).replace('"duration": 0.25', '"duration": 1' + "0" * 400),
        re.sub(r'"size": \d+', '"size": 1' + "0" * 400, json.dumps(_plain())),
        json.dumps(_plain()).replace('"duration": 0.25', '"duration": 1e999'),
    ],
    ids=["version", "integer", "size", "infinity"],
)
def test_numbers_beyond_all_bounds_are_no_report(text: str) -> None:
    with pytest.raises(LinkcheckError):
        parse_report(text.encode(), Path("report.json"))
