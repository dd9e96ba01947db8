"""What must hold of each reader of somebody else's text, whatever the text is.

For tests by hypothesis, and for hours of fuzzing: see fuzz/.
"""

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from packaging.version import InvalidVersion, Version

from pytest_linkcheck.audit.context import Context
from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.installs import Distribution, Layout
from pytest_linkcheck.installs.layout import parse_config
from pytest_linkcheck.installs.metadata import parse_metadata
from pytest_linkcheck.installs.record import MAX_ROWS, parse_record
from pytest_linkcheck.links.mounts import parse_mountinfo
from pytest_linkcheck.report.files import parse_report, render
from pytest_linkcheck.report.model import Report

_LONGEST = 20_000  # characters of one problem: a path has 4,096 bytes, each shown by four or less


def check_record(data: bytes) -> None:
    """Read RECORD: all of it or a problem, and nothing that leads out of the environment."""
    record = parse_record(data)
    assert record.rows or record.problems
    assert len(record.rows) <= MAX_ROWS
    assert len({row.path for row in record.rows}) == len(record.rows)
    layout, info = _environment()
    (info / "RECORD").write_bytes(data)
    dist = Distribution("fuzz", "1.0", layout, info)
    assert dist.files or dist.problems
    assert len(dist.problems) >= len(record.problems)
    assert len(dist.files) <= len(record.rows)
    for file in dist.files:
        text = os.fspath(file.path)
        assert text.startswith(f"{layout.prefix}/")
        assert ".." not in text.split("/")
        assert "\0" not in text
    for problem in dist.problems:
        assert problem.isprintable()
        assert len(problem) < _LONGEST


@cache
def _environment() -> tuple[Layout, Path]:
    prefix = Path(tempfile.mkdtemp(prefix="linkcheck-fuzz-")).resolve()
    atexit.register(shutil.rmtree, prefix, ignore_errors=True)
    site = prefix / "lib/python3.11/site-packages"
    info = site / "fuzz-1.0.dist-info"
    info.mkdir(parents=True)
    return Layout(prefix, site, (str(prefix),)), info


def check_metadata(data: bytes) -> None:
    """Read METADATA: a name and a version of a length that a line can hold."""
    for text in parse_metadata(data):
        assert text == text.strip()
        assert len(text) <= 255


def check_config(data: bytes) -> None:
    """Read pyvenv.cfg: words by words, and which uv has made the environment."""
    told = parse_config(data)
    assert all(key == key.strip() and "\n" not in key + value for key, value in told.items())
    layout, _ = _environment()
    (layout.prefix / "pyvenv.cfg").write_bytes(data)
    assumed = Context(layout).assumed
    assert assumed == "" or _is_version(told["uv"])


def _is_version(text: str) -> bool:
    try:
        return bool(Version(text))
    except InvalidVersion:
        return False


def check_mountinfo(data: bytes) -> None:
    """Read mountinfo: of each line a mount or nothing."""
    text = data.decode("utf-8", "surrogateescape")
    mounts = parse_mountinfo(text)
    assert len(mounts) <= text.count("\n") + 1
    for mount in mounts:
        assert str(mount).isprintable()
        assert mount.part.isprintable()
        assert mount.device >= 0


def check_report(data: bytes) -> None:
    """Read a report: refused in one sentence, or one that can be written in every format."""
    try:
        report = parse_report(data, Path("fuzz.json"))
    except LinkcheckError as error:
        refused = str(error)
    else:
        _check_formats(report)
        return
    assert refused.isprintable()


def _check_formats(report: Report) -> None:
    again = parse_report(render(report, ".json").encode(), Path("again.json"))
    assert again == report
    assert all(line.isprintable() for line in render(report, ".md").split("\n"))


READERS: dict[str, Callable[[bytes], None]] = {
    "record": check_record,
    "metadata": check_metadata,
    "config": check_config,
    "mountinfo": check_mountinfo,
    "report": check_report,
}
