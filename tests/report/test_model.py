"""The record as plain types and back, and the schema that describes it."""

import json
import typing
from dataclasses import fields, replace
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
from report.samples import report

from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.report import model, runs
from pytest_linkcheck.report.model import Report
from pytest_linkcheck.report.plain import dump_ascii


@pytest.fixture(name="schema", scope="module")
def fixture_schema() -> dict[str, Any]:
    text = files("pytest_linkcheck.report").joinpath("schema.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def test_a_report_survives_the_way_through_json() -> None:
    made = report()
    assert Report.from_json(json.loads(json.dumps(made.to_json())), "x") == made


def test_the_schema_is_one_and_a_report_fits_it(schema: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(report().to_json())


def test_the_schema_has_the_fields_of_the_model(schema: dict[str, Any]) -> None:
    assert list(schema["properties"]) == ["schema", *(one.name for one in fields(Report))]
    assert schema["properties"]["schema"]["const"] == f"{model.SCHEMA}/{model.VERSION}"
    kinds = {**vars(runs), **vars(model)}
    for name, told in schema["$defs"].items():
        assert list(told["properties"]) == [one.name for one in fields(kinds[name])], name
        assert told["required"] == list(told["properties"])


def test_the_schema_refuses_what_the_model_refuses(schema: dict[str, Any]) -> None:
    validator = jsonschema.Draft202012Validator(schema)
    for data in _broken():
        assert not validator.is_valid(data)
        with pytest.raises(LinkcheckError, match=r"^a\.json is a damaged report: "):
            Report.from_json(data, "a.json")


def _broken() -> typing.Iterator[dict[str, Any]]:
    whole = report().to_json()
    yield {**whole, "runs": None}
    yield {**whole, "runs": [1]}
    yield {**whole, "runs": [{**whole["runs"][0], "id": 1}]}
    yield {**whole, "runs": [{**whole["runs"][0], "complete": 1}]}
    yield {**whole, "audits": [{**whole["audits"][0], "sharing": {"own": "1"}}]}
    yield {**whole, "audits": [{**whole["audits"][0], "files": True}]}
    yield {**whole, "checks": [{**whole["checks"][0], "outcome": "splendid"}]}
    without = dict(whole["checks"][0])
    del without["check"]
    yield {**whole, "checks": [without]}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ([], "a.json is no report of pytest-linkcheck"),
        ({"schema": 1}, "a.json is no report of pytest-linkcheck"),
        ({"schema": "pytest-linkcheck-report/x"}, "a.json is no report of pytest-linkcheck"),
        ({"schema": "pytest-linkcheck-report/2"}, "a.json is a report of schema 2, .* upgrade it"),
        ({"schema": "pytest-linkcheck-report/1", "runs": 1}, "damaged report: runs is no list"),
    ],
)
def test_what_is_no_report_is_told(data: object, told: str) -> None:
    with pytest.raises(LinkcheckError, match=told):
        Report.from_json(data, "a.json")


def test_fields_of_a_later_minor_version_are_left_out() -> None:
    made = report()
    data = made.to_json()
    later = {**data, "new": 1, "runs": [{**run, "colour": "red"} for run in data["runs"]]}
    assert Report.from_json(later, "x") == made


def test_a_result_of_a_run_that_is_not_there_is_refused() -> None:
    made = report()
    data = replace(made, runs=()).to_json()
    with pytest.raises(LinkcheckError, match="a run that is not in it"):
        Report.from_json(data, "x")


def test_json_is_printable_ascii() -> None:
    hostile = "\x1b[31m\x00\x7f\x9b\n<script>\udcff\u2028"
    told = dump_ascii({hostile: hostile})
    assert told.isascii()
    assert told.isprintable()
    shown = hostile.replace("\udcff", r"\xff")
    assert json.loads(told) == {shown: shown}
