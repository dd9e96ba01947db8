"""Feeds a reader of somebody else's text with texts that atheris finds by coverage.

`python fuzz/fuzz.py READER [FOLDER] [-max_total_time=600]`: READER is one of record, metadata,
config, mountinfo, report; what follows goes to libFuzzer. FOLDER keeps the texts it found, for the
next run. Needs atheris (pip install atheris). What must hold stands in tests/support/readers.py.
"""

import sys
import tempfile
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
with atheris.instrument_imports(include=["pytest_linkcheck", "support", "email", "packaging"]):
    from support.readers import READERS

_SEEDS = {
    "record": b'a.py,sha256=AAAA,1\n"b,\n",,\n../../../x,,\n/etc,,\nRECORD,,\n',
    "metadata": b"Metadata-Version: 2.1\nName: a\nVersion: 1.0\n b\n\ntext\n",
    "config": b"home = /usr/bin\nuv = 0.10.4\nversion_info = 3.11.7\n",
    "mountinfo": b"36 35 98:0 /a\\040b /mnt rw shared:1 - btrfs /dev/x rw,subvol=/a\n",
}


def _seed(name: str) -> bytes:
    if name == "report":
        from report.samples import check, report, row  # noqa: PLC0415 - builds real reports

        from pytest_linkcheck.report.files import render  # noqa: PLC0415 - the same

        return render(report(check(), audits=(row(),)), ".json").encode()
    return _SEEDS[name]


def main() -> None:
    """Fuzz the reader that the first argument names."""
    program, name, *rest = sys.argv
    corpus = Path(next((one for one in rest if not one.startswith("-")), f".fuzz/{name}"))
    corpus.mkdir(parents=True, exist_ok=True)
    (corpus / "seed").write_bytes(_seed(name))
    tempfile.tempdir = str(corpus.resolve().parent)  # libFuzzer ends without clearing up
    flags = [one for one in rest if one.startswith("-")]
    atheris.Setup([program, str(corpus), *flags], READERS[name])
    atheris.Fuzz()


main()
