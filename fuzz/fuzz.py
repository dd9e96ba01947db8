"""Feeds a reader of somebody else's text with texts that atheris finds by coverage.

`python fuzz/fuzz.py READER [FOLDER] [-max_total_time=600]`: READER is one of record, metadata,
config, mountinfo, report; what follows goes to libFuzzer. FOLDER keeps the texts it found, for the
next run. Needs atheris (pip install atheris). What must hold stands in tests/support/readers.py.
"""

import json
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

import atheris

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
with atheris.instrument_imports(include=["pytest_linkcheck", "support", "email", "packaging"]):
    from support.readers import READERS

    import pytest_linkcheck.report.markdown  # noqa: F401 - what is imported later is not seen into

_SEEDS = {
    "record": b'a.py,sha256=AAAA,1\n"b,\n",,\n../../../x,,\n/etc,,\nRECORD,,\n',
    "metadata": b"Metadata-Version: 2.1\nName: a\nVersion: 1.0\n b\n\ntext\n",
    "config": b"home = /usr/bin\nuv = 0.10.4\nversion_info = 3.11.7\n",
    "mountinfo": b"36 35 98:0 /a\\040b /mnt rw shared:1 - btrfs /dev/x rw,subvol=/a\n",
}

# What may stand in a report where something else belongs.
_VALUES = (None, True, -1, 0, 2**64, 10**400, 0.5, 1e308, "", "\n# x", "<b>", "a/\x1b", [], [1], {})
_STOPS = 0.2


def _seed(name: str) -> bytes:
    if name == "report":
        from report.samples import check, report, row  # noqa: PLC0415 - builds real reports

        from pytest_linkcheck.report.files import render  # noqa: PLC0415 - the same

        return render(report(check(), audits=(row(),)), ".json").encode()
    return _SEEDS[name]


def _mutate_report(data: bytes, limit: int, seed: int) -> bytes:
    """Change one value in a report: of those with one byte changed hardly any are JSON still."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    try:
        whole = json.loads(data)
    except (ValueError, RecursionError):
        whole = None
    if not whole or not isinstance(whole, dict):
        whole = json.loads(_seed("report"))
    holder: Any = whole
    key: Any = chance.choice(list(whole))
    while chance.random() > _STOPS and (inner := _keys(holder[key])):
        holder, key = holder[key], chance.choice(inner)
    old = holder[key]
    if isinstance(old, str) and chance.random() > _STOPS:
        text = old.encode("utf-8", "surrogatepass")
        holder[key] = atheris.Mutate(text, len(text) + 20).decode("utf-8", "replace")
    else:
        holder[key] = chance.choice(_VALUES)
    changed = json.dumps(whole).encode()
    return changed if len(changed) <= limit else data


def _keys(value: object) -> list[Any]:
    if isinstance(value, list):
        return list(range(len(value)))
    return list(value) if isinstance(value, dict) else []


def main() -> None:
    """Fuzz the reader that the first argument names."""
    if len(sys.argv) < 2 or sys.argv[1] not in READERS:
        sys.exit(f"name what to fuzz, one of {', '.join(READERS)}")
    program, name, *rest = sys.argv
    corpus = Path(next((one for one in rest if not one.startswith("-")), f".fuzz/{name}"))
    corpus.mkdir(parents=True, exist_ok=True)
    (corpus / "seed").write_bytes(_seed(name))
    tempfile.tempdir = str(corpus.resolve().parent)  # libFuzzer ends without clearing up
    flags = [one for one in rest if one.startswith("-")]
    mutator = {}
    if name == "report":
        mutator = {"custom_mutator": _mutate_report}
        flags.insert(0, "-len_control=0")  # or it begins with texts too short for a report
    atheris.Setup([program, str(corpus), *flags], READERS[name], **mutator)
    atheris.Fuzz()


main()
