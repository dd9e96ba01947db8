"""Environments that are broken, each a clear sentence; the rest of the run goes on."""

import email.message  # noqa: F401 - loaded now: nobody may not read root's Python
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from audit.conftest import Bench, Subject
from support.table import counts_of, reasons_of
from support.users import nobody, open_way

from pytest_linkcheck import Wheelhouse
from pytest_linkcheck.audit import context, items
from pytest_linkcheck.links import Facts
from pytest_linkcheck.links.content import ChangedError

HASH = "sha256=" + "A" * 43


@pytest.fixture
def sound(bench: Bench, wheelhouse: Wheelhouse) -> Subject:
    """An environment that passes, named `sound`, to be audited beside a broken one."""
    return bench.make("uv", wheelhouse.neighbour, name="sound")


def _audit_both(sound: Subject) -> pytest.RunResult:
    return sound.audit("--linkcheck-env=broken", "--linkcheck-env=sound")


def _without(broken: Path) -> None:
    broken.mkdir()


def _with_two(broken: Path) -> None:
    for version in ("3.11", "3.12"):
        (broken / f"lib/python{version}/site-packages").mkdir(parents=True)


def _file(broken: Path) -> None:
    broken.touch()


def _dangling(broken: Path) -> None:
    broken.symlink_to("absent")


def _leading_out(broken: Path) -> None:
    (broken / "lib/python3.11").mkdir(parents=True)
    (broken.parent / "outside").mkdir()
    (broken / "lib/python3.11/site-packages").symlink_to(broken.parent / "outside")


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (_without, "* has no lib/python[*]/site-packages: it is no environment, or *"),
        (_with_two, "* has 2 site-packages, lib/python3.11/site-packages and *: remove the stale*"),
        (_file, "* cannot be read as an environment: Not a directory"),
        (_dangling, "* does not exist: name an environment that does"),
        (_leading_out, "* leads out of it, to *: not followed; name the environment it belongs to"),
    ],
)
def test_a_broken_environment_is_one_failure_and_the_next_is_audited(
    sound: Subject, make: Callable[[Path], None], told: str
) -> None:
    make(sound.pytester.path / "broken")
    result = _audit_both(sound)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines([f"linkcheck: {told}"])
    result.stdout.fnmatch_lines(["*_ broken: environment _*", told])
    message = " - *" if pytest.version_tuple >= (9,) else ""  # pytest 8.0 writes none there
    result.stdout.fnmatch_lines([f"FAILED linkcheck/broken::environment{message}"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_broken_environment_can_be_selected(sound: Subject) -> None:
    _without(sound.pytester.path / "broken")
    result = sound.audit("--linkcheck-env=broken", "linkcheck/broken::environment")
    result.assert_outcomes(failed=1)


def test_workers_of_xdist_are_told_of_a_broken_environment(sound: Subject) -> None:
    _without(sound.pytester.path / "broken")
    result = sound.audit("--linkcheck-env=broken", "--linkcheck-env=sound", "-n2")
    result.assert_outcomes(passed=1, failed=1)


def test_the_version_in_pyvenv_cfg_chooses_among_two(sound: Subject) -> None:
    (sound.prefix / "lib/python2.7/site-packages").mkdir(parents=True)
    sound.audit("--linkcheck-env=sound").assert_outcomes(passed=1)


def _audit_as_nobody(subject: Subject) -> pytest.RunResult:
    with nobody():
        if not os.access(pytest.__file__, os.R_OK, effective_ids=True):
            pytest.skip(f"other users may not read {pytest.__file__}: open the folders above it")
    open_way(subject.pytester.path)
    base = subject.pytester.mkdir("base")
    base.chmod(0o777)
    with pytest.MonkeyPatch.context() as patch, nobody():
        patch.setattr(tempfile, "tempdir", str(base))  # where pytest keeps what it captures
        # By its module, which is loaded: nobody may not read the folder of this environment.
        plugins = ("-p", "pytest_linkcheck.plugin", "-p", "no:cacheprovider")
        return subject.audit(f"--basetemp={base}/temporary", plugins=plugins)


@pytest.mark.parametrize("closed", ["", "lib", "lib/python3*/site-packages"])
def test_an_environment_that_may_not_be_read(subject: Subject, closed: str) -> None:
    (folder,) = subject.prefix.glob(closed) if closed else (subject.prefix,)
    folder.chmod(0)
    try:
        result = _audit_as_nobody(subject)
    finally:
        folder.chmod(0o755)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["* cannot be read*: Permission denied"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_folder_that_may_not_be_read_fails_its_distribution(subject: Subject) -> None:
    folder = subject.site / "sample/data"
    folder.chmod(0)
    try:
        result = _audit_as_nobody(subject)
    finally:
        folder.chmod(0o755)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["  sample/data/table.csv cannot be looked at: Permission denied"])


def test_files_that_may_not_be_read_fail_their_distribution(subject: Subject) -> None:
    (subject.replace_by_copy("sample/tiny.py")).chmod(0)
    result = _audit_as_nobody(subject)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["sample 1.0: sample/tiny.py cannot be read: Permission denied"])


def test_a_cache_that_may_not_be_looked_for_is_no_error(
    subject: Subject, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    monkeypatch.setenv("UV_CACHE_DIR", str(closed / "cache"))
    closed.chmod(0)
    result = _audit_as_nobody(subject)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([f"linkcheck: .venv * no uv cache at {closed}/cache"])


@pytest.mark.parametrize("mode", [0, 0o444], ids=["closed", "names only"])
def test_what_lies_in_a_closed_folder_may_be_the_other_name(
    bench: Bench, wheelhouse: Wheelhouse, mode: int
) -> None:
    subject = bench.make("pip", wheelhouse.sample)
    closed = subject.prefix / "closed"
    closed.mkdir()
    (closed / "name").hardlink_to(subject.site / "sample/tiny.py")
    closed.chmod(mode)
    try:
        result = _audit_as_nobody(subject)
    finally:
        closed.chmod(0o755)
    counts = counts_of(result, "sample 1.0")
    assert (counts["hardlink"], counts["unknown"]) == (0, 1)


def test_a_file_of_the_cache_that_may_not_be_read_proves_nothing(
    bench: Bench, wheelhouse: Wheelhouse
) -> None:
    subject = bench.make("uv", wheelhouse.sample, link_mode="copy")
    open_way(subject.cache)
    (source,) = subject.cache.glob("archive-v*/*/sample/tiny.py")
    source.chmod(0)
    result = _audit_as_nobody(subject)
    assert "1  uv's cache cannot be compared: Permission denied" in reasons_of(result)


@pytest.mark.parametrize("replace", [Path.mkdir, Path.touch])
def test_something_else_in_the_cache_is_no_source(
    bench: Bench, wheelhouse: Wheelhouse, replace: Callable[[Path], None]
) -> None:
    subject = bench.make("uv", wheelhouse.sample, link_mode="copy")
    (source,) = subject.cache.glob("archive-v*/*/sample/tiny.py")
    source.unlink()
    replace(source)
    result = subject.audit()
    assert any("uv's cache holds other bytes for it" in line for line in reasons_of(result))
    result.stdout.no_fnmatch_line("  sample/tiny.py is a copy*")


def test_a_file_replaced_while_it_is_read_is_no_verdict(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    def replaced(facts: Facts, *_: object) -> bytes:
        raise ChangedError(0, "replaced while being read", str(facts.path))

    monkeypatch.setattr(context, "hash_bytes", replaced)
    subject.write_record(f"sample/tiny.py,{HASH},4")
    result = subject.audit()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["sample 1.0: sample/tiny.py cannot be verified: replaced while being read"]
    )


def test_a_fault_of_ours_keeps_its_traceback(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault(*_: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(items, "examine", fault)
    result = subject.audit()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*items.py:*", "E * RuntimeError: a fault of ours"])


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "RECORD is empty"),
        (b"\n\n", "RECORD is empty"),
        (b'"sample/tiny.py,,\n', "RECORD is not CSV: line 1: *"),
        (b"sample/\xff.py,,\n", "RECORD is not UTF-8: byte 7 is 0xff"),
        (b"just some words\n", "RECORD line 1 has 1 columns instead of 3"),
        (b"/etc/passwd,,\n", "RECORD lists an absolute path, /etc/passwd: not followed"),
        (b"../../../../canary,,\n", "RECORD lists *canary, which leaves the environment: *"),
        (b"sample/,,\n", "RECORD lists a directory, sample/"),
        (b"sample,,\n", "sample is a directory, though RECORD lists it as a file"),
        (b"sample/tiny.py,md5=x,1\n", "RECORD line 1 has a hash that is no sha256, *"),
    ],
)
def test_a_bad_record_is_one_sentence(subject: Subject, data: bytes, told: str) -> None:
    (subject.info / "RECORD").unlink()
    (subject.info / "RECORD").write_bytes(data)
    result = subject.audit()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"sample 1.0: {told}"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_distribution_without_record_is_skipped_with_the_reason(subject: Subject) -> None:
    (subject.info / "RECORD").unlink()
    result = subject.audit("-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED * sample 1.0 has no RECORD, so its files cannot *"])


def test_and_fails_by_strict(subject: Subject) -> None:
    (subject.info / "RECORD").unlink()
    result = subject.audit("--linkcheck-strict")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["sample 1.0 has no RECORD* (a failure by --linkcheck-strict)"])


@pytest.mark.parametrize("kind", ["file", "dangling", "elsewhere"])
def test_a_dist_info_that_is_no_folder_of_its_own_fails(subject: Subject, kind: str) -> None:
    moved = subject.pytester.path / "moved"
    subject.info.rename(moved)
    if kind == "file":
        subject.info.touch()
    else:
        subject.info.symlink_to(moved if kind == "elsewhere" else "absent")
    result = subject.audit()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["sample 1.0: sample-1.0.dist-info is no folder of its own: not followed"]
    )


def test_a_distribution_uninstalled_while_the_audit_runs(subject: Subject) -> None:
    subject.pytester.makepyfile(
        f"import shutil, pathlib\ndef test_it():\n    shutil.rmtree({str(subject.info)!r})\n"
    )
    result = subject.audit("-p", "no:randomly")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["sample is no longer installed"])


def test_names_are_escaped_everywhere(subject: Subject) -> None:
    evil = "evil\x1b[2J"
    (subject.info / "METADATA").unlink()
    (subject.info / "METADATA").write_text(f"Name: {evil}\nVersion: 1.0\x07\n")
    odd = os.fsencode(subject.site) + b"/odd\xff\n-1.0.dist-info"
    os.mkdir(odd)  # noqa: PTH102 - bytes
    subject.write_record(f'"new\nline.py",{HASH},1', "\x1b]0;title\x07.py,,")
    result = subject.audit("-v", "-rA")
    result.assert_outcomes(failed=1, skipped=1)
    text = "\n".join(result.outlines + result.errlines)
    for told in ("evil\\x1b[2J 1.0\\x07", "odd\\xff 1.0", "new\\nline.py", "\\x1b]0;title\\x07.py"):
        assert told in text
    assert all(character.isprintable() for character in text.replace("\n", ""))
