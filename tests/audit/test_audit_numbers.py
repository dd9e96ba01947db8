import base64
import os
from pathlib import Path

import pytest
from audit.conftest import Bench, Subject
from support.mounting import run
from support.oracle import stat_of
from support.table import counts_of, reasons_of, table_of

from pytest_linkcheck import Wheelhouse


def _found(subject: Subject, *tests: str) -> set[Path]:
    """Return which files of the environment `find` finds."""
    lines = run("find", subject.prefix, "-type", "f", *tests, "-print0").split("\0")
    return {Path(line) for line in lines if line}


def _listed(subject: Subject) -> set[Path]:
    return {Path(os.path.normpath(subject.site / name)) for name in subject.recorded()}


def test_the_counts_are_those_of_find(subject: Subject) -> None:
    counts = counts_of(subject.audit(), "sample 1.0")
    listed = _listed(subject)
    assert counts["files"] == len(listed & _found(subject)) == len(listed)
    assert counts["hardlink"] == len(listed & _found(subject, "-links", "+1")) > 10
    assert counts["own"] == len(listed & _found(subject, "-links", "1")) > 0
    assert counts["reflink"] == counts["symlink"] == counts["unknown"] == 0


def test_the_sizes_are_those_of_stat_each_inode_once(subject: Subject) -> None:
    facts = [stat_of(path, "%i %s %h").split() for path in _listed(subject)]
    sizes = {inode: int(size) for inode, size, _ in facts}
    shared = {inode: int(size) for inode, size, links in facts if int(links) > 1}
    headline = table_of(subject.audit())[0]
    percent = 100 * sum(shared.values()) / sum(sizes.values())
    assert headline == (
        f".venv: 1 distribution, {len(facts)} files, {sum(sizes.values()) / 1000:.1f} kB, "
        f"of which {sum(shared.values()) / 1000:.1f} kB shared ({percent:.0f} %)"
    )


def test_an_audit_that_passes_means_that_sha256sum_finds_the_recorded_bytes(
    subject: Subject,
) -> None:
    subject.audit().assert_outcomes(passed=1)
    for name, hashed in subject.recorded().items():
        if hashed:
            told = bytes.fromhex(run("sha256sum", subject.site / name).lstrip("\\")[:64])
            assert hashed == f"sha256={_urlsafe(told)}", name


def _urlsafe(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def test_pip_shares_nothing_and_the_table_says_so(bench: Bench, wheelhouse: Wheelhouse) -> None:
    subject = bench.make("pip", wheelhouse.sample)
    result = subject.audit()
    result.assert_outcomes(passed=1)
    counts = counts_of(result, "sample 1.0")
    assert counts["own"] == counts["files"] > 20
    assert not _found(subject, "-links", "+1")
    assert "of which 0 bytes shared (0 %)" in table_of(result)[0]


def test_symlinks_into_the_cache_are_counted_as_symlinks(
    bench: Bench, wheelhouse: Wheelhouse
) -> None:
    subject = bench.make("uv", wheelhouse.sample, link_mode="symlink")
    result = subject.audit()
    result.assert_outcomes(passed=1)
    links = run("find", subject.prefix, "-type", "l", "-print0").split("\0")
    listed = _listed(subject)
    assert counts_of(result, "sample 1.0")["symlink"] == len(
        listed & {Path(link) for link in links if link}
    )


def test_names_within_the_environment_alone_share_nothing(
    bench: Bench, wheelhouse: Wheelhouse
) -> None:
    subject = bench.make("pip", wheelhouse.sample)
    for name in ("sample/tiny.py", "sample/large.py"):
        (subject.prefix / Path(name).name).hardlink_to(subject.site / name)
    counts = counts_of(subject.audit(), "sample 1.0")
    assert counts["hardlink"] == 0
    assert counts["own"] == counts["files"]


def test_a_symlink_within_the_environment_shares_nothing(
    bench: Bench, wheelhouse: Wheelhouse
) -> None:
    subject = bench.make("pip", wheelhouse.sample)
    (subject.site / "sample/tiny.py").rename(subject.prefix / "tiny.py")
    (subject.site / "sample/tiny.py").symlink_to(subject.prefix / "tiny.py")
    result = subject.audit()
    result.assert_outcomes(passed=1)
    counts = counts_of(result, "sample 1.0")
    assert counts["symlink"] == 0
    assert counts["own"] == counts["files"]
    assert "1  a symlink to a file of this same environment" in reasons_of(result)


def test_a_name_anywhere_outside_is_sharing(bench: Bench, wheelhouse: Wheelhouse) -> None:
    subject = bench.make("pip", wheelhouse.sample)
    (subject.pytester.path / "elsewhere").hardlink_to(subject.site / "sample/tiny.py")
    assert counts_of(subject.audit(), "sample 1.0")["hardlink"] == 1


def test_a_cache_within_the_environment_is_no_part_of_it(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = subject.prefix / "cache"
    subject.cache.rename(inner)
    monkeypatch.setenv("UV_CACHE_DIR", str(inner))
    assert counts_of(subject.audit(), "sample 1.0")["hardlink"] > 10


def _modules(subject: Subject) -> int:
    return len(list((subject.site / "sample").rglob("*.py")))


@pytest.mark.parametrize(("installer", "listed"), [("pip", True), ("uv", False)])
def test_bytecode_is_counted_listed_or_not(
    bench: Bench, wheelhouse: Wheelhouse, installer: str, *, listed: bool
) -> None:
    subject = bench.make(installer, wheelhouse.sample, bytecode="compiled")
    assert any(name.endswith(".pyc") and "__pycache__" in name for name in subject.recorded()) is (
        listed
    )
    result = subject.audit()
    result.assert_outcomes(passed=1)
    counts = counts_of(result, "sample 1.0")
    compiled = _found(subject, "-name", "*.pyc", "-path", "*__pycache__*")
    assert counts["bytecode"] == len(compiled) == _modules(subject)
    assert counts["files"] == len(_listed(subject) - compiled)
    assert f"; bytecode {len(compiled)} files, " in table_of(result)[0]


def test_each_environment_has_its_own_table(bench: Bench, wheelhouse: Wheelhouse) -> None:
    other = wheelhouse.build("other", "1.0", {"other.py": b"OTHER = True\n"})
    bench.make("uv", wheelhouse.sample, other, name="one", link_mode="hardlink")
    two = bench.make("pip", wheelhouse.sample, name="two")
    result = two.audit("--linkcheck-env=two", "--linkcheck-env=one")
    result.assert_outcomes(passed=3)
    table = table_of(result)
    headlines = [line for line in table if " of which " in line]
    assert [line.partition(":")[0] for line in headlines] == ["two", "one"]
    assert "2 distributions" in headlines[1]
    assert [line.split()[0] for line in table if " 1.0 " in line] == [
        "sample",
        "other",
        "sample",
    ]
