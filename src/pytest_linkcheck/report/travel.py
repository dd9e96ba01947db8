"""How results travel: in the `user_properties` of test reports, as JSON of printable ASCII.

So xdist carries them from its workers, on this host or another, and JUnit's XML and other plugins
show them. One property holds one record.
"""

import json
from collections.abc import Iterable
from typing import TypeVar

import pytest

from pytest_linkcheck.errors import LinkcheckError

from .model import FAILED, HAZARD, KNOWN, PlainTest, Result, Row
from .plain import dump_ascii, from_plain
from .where_run import Where

CHECK = "linkcheck-check"  # a Result
AUDIT = "linkcheck-audit"  # a Row
TEST = "linkcheck-test"  # a PlainTest
WHERE = "linkcheck-where"  # a Where, beside each of the others

Record = TypeVar("Record", Result, Row, PlainTest, Where)
Properties = Iterable[tuple[str, object]]

_BADNESS = {KNOWN: 1, HAZARD: 2, FAILED: 3}
_KINDS = {CHECK: Result, AUDIT: Row, TEST: PlainTest, WHERE: Where}


def attach(record: Record, item: pytest.Item, report: pytest.TestReport) -> None:
    """Let *report* carry *record*, and the later reports of *item*: JUnit looks at the last.

    It replaces one of its kind: a test whose teardown failed has failed. But none that is worse:
    a test one of whose subtests failed has not passed, though it came to its end.
    """
    if any(_badness(one) > _badness(record) for one in unpack(type(record), item.user_properties)):
        return
    name, told = pack(record)
    for properties in (item.user_properties, report.user_properties):
        properties[:] = [one for one in properties if one[0] != name]
        properties.append((name, told))


def forget(item: pytest.Item) -> None:
    """Let *item* carry nothing of ours: it begins, perhaps once more."""
    item.user_properties[:] = [one for one in item.user_properties if one[0] not in _KINDS]


def _badness(record: Result | Row | PlainTest | Where) -> int:
    return _BADNESS.get(getattr(record, "outcome", ""), 0)


def pack(record: Result | Row | PlainTest | Where) -> tuple[str, str]:
    """Return the property that carries *record*."""
    name = next(name for name, kind in _KINDS.items() if isinstance(record, kind))
    return name, dump_ascii(record)


def unpack(kind: type[Record], properties: Properties) -> list[Record]:
    """Return the records of type *kind* among *properties*.

    Raises `LinkcheckError` for one that is damaged.
    """
    name = next(name for name, one in _KINDS.items() if one is kind)
    return [_load(kind, name, value) for found, value in properties if found == name]


def _load(kind: type[Record], name: str, value: object) -> Record:
    try:
        return from_plain(kind, json.loads(str(value)))
    except (ValueError, LinkcheckError) as error:
        raise LinkcheckError(f"the property {name} of a test report is damaged: {error}") from None


def worker_of(properties: Properties) -> str:
    """Return the worker of xdist that ran a test; empty without xdist."""
    return next((where.worker for where in unpack(Where, properties)), "")
