"""Records as plain types and back: frozen dataclasses to what JSON carries, checked on the way."""

import json
import math
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, TypeVar

from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.links.show import show_name

Record = TypeVar("Record")

_NAMES = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
_LARGEST = 2**128  # more than any sum of sizes, and a float holds it


def to_plain(value: object) -> Any:  # noqa: ANN401 - what JSON carries has no narrower type
    r"""Return *value* as dicts, lists, texts and numbers.

    A surrogate (PEP 383: a byte of a file name that was no UTF-8) becomes `\xff`, as it is shown
    everywhere else: alone it is no valid Unicode, and strict readers of JSON refuse it.
    """
    if is_dataclass(value):
        return {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {_whole(str(name)): to_plain(one) for name, one in value.items()}
    if isinstance(value, tuple):
        return [to_plain(one) for one in value]
    return _whole(value) if isinstance(value, str) else value


def _whole(text: str) -> str:
    if text.isascii():
        return text
    return "".join(show_name(one) if "\ud800" <= one <= "\udfff" else one for one in text)


def dump_ascii(value: object, indent: int | None = None) -> str:
    """Return *value* as JSON of printable ASCII alone, which XML, terminals and logs carry."""
    told = json.dumps(to_plain(value), indent=indent, allow_nan=False)
    return told.replace("\x7f", "\\u007f")  # the one control character that json leaves


def from_plain(kind: type[Record], data: object, where: str = "") -> Record:
    """Return the record of type *kind* that `to_plain` made *data* of.

    What *kind* does not know is left out: a later minor version may add to a record. Raises
    `LinkcheckError` for anything else that does not fit; *where* it was is in the message.
    """
    if not isinstance(data, Mapping):
        raise LinkcheckError(f"{where or 'the whole'} is no object")
    values: dict[str, Any] = {}
    for name, wanted, required in _shape(typing.cast("Any", kind)):
        place = f"{where}.{name}" if where else name
        if name in data:
            values[name] = _read(wanted, data[name], place)
        elif required:
            raise LinkcheckError(f"{place} is missing")
    return kind(**values)


@cache
def _shape(kind: Any) -> list[tuple[str, Any, bool]]:  # noqa: ANN401 - a hashable dataclass
    """Return the name and type of each field, and whether it must be there."""
    hints = typing.get_type_hints(kind)
    return [
        (one.name, hints[one.name], one.default is MISSING and one.default_factory is MISSING)
        for one in fields(kind)
    ]


def _read(wanted: Any, data: object, where: str) -> object:  # noqa: ANN401 - a type, or an alias
    if is_dataclass(wanted):
        return from_plain(typing.cast("type[object]", wanted), data, where)
    origin, arguments = typing.get_origin(wanted), typing.get_args(wanted)
    if origin is types.UnionType:  # X | None
        return None if data is None else _read(arguments[0], data, where)
    if origin is tuple:  # tuple[X, ...]
        if not isinstance(data, list):
            raise LinkcheckError(f"{where} is no list")
        return tuple(_read(arguments[0], one, f"{where}[{n}]") for n, one in enumerate(data))
    if origin is Mapping:
        if not isinstance(data, Mapping):
            raise LinkcheckError(f"{where} is no object")
        return {str(name): _read(arguments[1], one, f"{where}.{name}")
                for name, one in data.items()}  # fmt: skip
    # JSON has integers of any length, and 1e999, for which it has no word.
    if (type(data) is int and abs(data) >= _LARGEST) or (
        type(data) is float and not math.isfinite(data)
    ):
        raise LinkcheckError(f"{where} is beyond all numbers")
    if wanted is float and type(data) is int:
        return float(data)
    if type(data) is not wanted:  # not isinstance: True is no number
        raise LinkcheckError(f"{where} is not {_NAMES[wanted]}")
    return data
