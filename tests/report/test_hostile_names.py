"""Names that a file system allows, in an environment that is audited: harmless in every format."""

import base64
import hashlib
import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from pytest_linkcheck.report import collector  # noqa: F401 - pytester forgets what runs import

NAMES = [
    b"not-utf8-\xff\xfe",
    b"<script>alert(1)<",
    b"\x1b[31mred",
    b"one\ntwo",
    b"pipe|`tick`",
    b"</pre><img src=x onerror=alert(1)>".replace(b"/", b""),
    "\u202egnp.exe".encode(),
    b"\x7f\xc2\x9b31m",
]


def _hashed(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=")


@pytest.fixture
def hostile(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, distribution: tuple[str, ...]
) -> Path:
    """Make an environment of which every file has such a name and is not what RECORD says."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(pytester.path / "no-cache"))
    # xdist sends no option that is not UTF-8 to its workers.
    prefix = pytester.path / ("<b>env|\x1b[7m" + ("" if distribution else "\udcff"))
    site = prefix / "lib/python3.11/site-packages"
    info = site / "thing-1.0.dist-info"
    info.mkdir(parents=True)
    (prefix / "pyvenv.cfg").write_text("home = /nowhere\n")
    rows = []
    for name in NAMES[1:]:  # a RECORD that is not UTF-8 is refused as a whole
        path = bytes(site) + b"/" + name
        with open(path, "wb") as file:  # noqa: PTH123 - bytes that are no path of pathlib's
            file.write(b"changed")
        quoted = b'"' + name.replace(b'"', b'""') + b'"'
        rows.append(quoted + b",sha256=" + _hashed(b"as it was") + b",9\n")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
    (info / "RECORD").write_bytes(b"".join(rows) + b"thing-1.0.dist-info/RECORD,,\n")
    return prefix


@pytest.mark.parametrize("distribution", [(), ("-n2",)], ids=["alone", "n2"])
def test_no_format_carries_them_raw(
    pytester: pytest.Pytester, hostile: Path, distribution: tuple[str, ...]
) -> None:
    done = pytester.runpytest_inprocess(
        *("-p", "linkcheck", "-p", "xdist", "--linkcheck", "--color=no"),
        *("--linkcheck-env", str(hostile), "--junitxml", "out.xml"),
        *("--linkcheck-report", "out.json", "--linkcheck-report", "out.md", *distribution),
    )
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    written = pytester.path / "out.md"
    for told in (done.stdout.str(), done.stderr.str(), written.read_text(encoding="utf-8")):
        assert not {one for one in told if not one.isprintable()} - {"\n"}
    done.stdout.fnmatch_lines([r"*<script>alert(1)<*was changed since*"])
    done.stdout.fnmatch_lines([r"<b>env|\x1b?7m*: 1 distribution, *"])
    assert "<script>" not in written.read_text(encoding="utf-8")
    assert "<img" not in written.read_text(encoding="utf-8")

    text = (pytester.path / "out.json").read_text(encoding="ascii")
    assert not {one for one in text if not one.isprintable()} - {"\n"}
    (row,) = json.loads(text)["audits"]
    assert row["outcome"] == "failed"
    assert row["environment"] == r"<b>env|\x1b[7m" + ("" if distribution else r"\xff")
    assert not any(0xD800 <= ord(one) <= 0xDFFF for one in row["message"])

    (case,) = ET.parse(pytester.path / "out.xml").iter("testcase")  # noqa: S314 - ours
    properties = {one.get("name"): one.get("value") or "" for one in case.iter("property")}
    assert json.loads(properties["linkcheck-audit"])["message"] == row["message"]
    (failure,) = case.iter("failure")
    assert "<script>alert(1)<" in (failure.text or "")


def test_a_failing_test_that_names_them_is_harmless(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    path = pytester.makepyfile(f"""
        import os
        from pytest_linkcheck import assert_same_inode
        from pytest_linkcheck.conformance import check

        @check("must", why="https://example.org/1")
        def test_it(tmp_path):
            "It is one file."
            names = [os.fsdecode(bytes(tmp_path) + b"/" + name) for name in {NAMES!r}]
            for name in names:
                open(name, "w").close()
            assert_same_inode(*names)
    """)
    pytester.runpytest_inprocess(
        *("-p", "linkcheck", "--linkcheck", "--linkcheck-report", "out.json", path.name),
        *("--linkcheck-report", "out.md", "--junitxml", "out.xml"),
    )
    (told,) = json.loads((pytester.path / "out.json").read_text(encoding="ascii"))["checks"]
    assert told["outcome"] == "failed"
    assert r"not-utf8-\xff\xfe" in told["evidence"]
    markdown = (pytester.path / "out.md").read_text(encoding="utf-8")
    assert not {one for one in markdown if not one.isprintable()} - {"\n"}
    assert "<script>" not in markdown
    (case,) = ET.parse(pytester.path / "out.xml").iter("testcase")  # noqa: S314 - ours
    properties = {one.get("name"): one.get("value") or "" for one in case.iter("property")}
    assert json.loads(properties["linkcheck-check"])["evidence"] == told["evidence"]
