"""Each case of the corpus on each filesystem: the expected verdict, ours, and the oracle's."""

from dataclasses import replace

import pytest
from links.corpus import table
from links.corpus.case import CASES, NOT_HERE, Case
from support.places import BASES, KINDS, Place
from support.users import nobody

pytestmark = pytest.mark.slow


def _name(value: object) -> str:
    return value.name if isinstance(value, Case) else str(value)


def test_the_corpus_has_no_two_cases_of_one_name() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 60


def test_each_case_can_be_made_somewhere_and_each_verdict_is_expected() -> None:
    refused = [case.name for case in CASES if set(case.expected.values()) == {NOT_HERE}]
    assert refused == ["nodatacow target of a datacow source"]  # EINVAL, says btrfs
    verdicts = {verdict for case in CASES for verdict in case.expected.values()}
    assert verdicts == {
        *("hardlink", "symlink", "reflink", "partial", "copy", "different", "unknown"),
        NOT_HERE,
    }


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", CASES, ids=_name)
def test_corpus(case: Case, kind: str, places: dict[str, Place]) -> None:
    row = table.run_case(case, places[kind])
    assert row.verdict == case.expected[kind], row
    assert row.oracle == case.oracle.get(kind, row.verdict), row


# Without root no oracle sees into a compressed extent: `filefrag` knows its start alone.
USER_CASES = [case for case in CASES if not case.root]


@pytest.mark.parametrize("kind", BASES)
def test_corpus_as_a_user_without_rights(kind: str, places: dict[str, Place]) -> None:
    place = replace(places[kind], device=None)
    wrong = []
    with nobody():
        for row, case in zip(table.rows(USER_CASES, place), USER_CASES, strict=True):
            expected = case.expected[kind]
            if case.user is not None and expected != NOT_HERE:
                expected = case.user
            oracle = case.oracle.get(kind, case.expected[kind])
            blind = "compressed" in case.name
            if row.verdict != expected or (row.oracle != oracle and not (blind or case.user)):
                wrong.append(row)
    assert wrong == []
