"""What makes an item fail, and what the failure says."""

from collections.abc import Callable
from pathlib import Path

import pytest
from audit.conftest import Bench, Subject
from support.table import counts_of

from pytest_linkcheck import Wheelhouse


def _failure(result: pytest.RunResult) -> list[str]:
    """Return the lines of the one failure."""
    result.assert_outcomes(failed=1)
    lines = result.outlines
    start = next(n for n, line in enumerate(lines) if line.startswith("____"))
    stop = next(n for n in range(start, len(lines)) if lines[n].startswith("==="))
    return lines[start + 1 : stop]


def test_a_missing_file(subject: Subject) -> None:
    (subject.site / "sample/tiny.py").unlink()
    assert _failure(subject.audit()) == [
        "sample 1.0: sample/tiny.py is missing, though RECORD lists it",
        f"  in {subject.site}",
    ]


def test_a_dangling_symlink(bench: Bench, wheelhouse: Wheelhouse) -> None:
    subject = bench.make("uv", wheelhouse.sample, link_mode="symlink")
    path = subject.site / "sample/tiny.py"
    target = path.readlink()
    target.unlink()
    result = subject.audit()
    assert _failure(result)[0] == (
        f"sample 1.0: sample/tiny.py {path} is a dangling symlink: {target} does not exist"
    )
    assert counts_of(result, "sample 1.0")["unknown"] == 1


def test_an_edit_through_a_hard_link_tells_of_the_other_names(subject: Subject) -> None:
    with (subject.site / "sample/tiny.py").open("a") as file:
        file.write("y=2\n")
    assert _failure(subject.audit())[0] == (
        "sample 1.0: sample/tiny.py was changed since it was installed: its sha256 is not the one "
        "in RECORD; its inode has 2 names, and an edit in place reaches all of them: other "
        "environments, the cache"
    )


def test_an_edit_that_keeps_the_size_is_seen_too(subject: Subject) -> None:
    path = subject.site / "sample/tiny.py"
    path.write_bytes(b"x" * path.stat().st_size)
    assert "was changed since it was installed" in _failure(subject.audit())[0]


def test_an_edited_copy_tells_of_no_other_names(bench: Bench, wheelhouse: Wheelhouse) -> None:
    subject = bench.make("pip", wheelhouse.sample)
    (subject.site / "sample/tiny.py").write_text("y=2\n")
    result = subject.audit()
    assert _failure(result)[0] == (
        "sample 1.0: sample/tiny.py was changed since it was installed: its sha256 is not the one "
        "in RECORD"
    )
    result.stdout.fnmatch_lines(["* 1  edited -> reinstall sample"])


def test_an_edited_target_of_a_symlink(bench: Bench, wheelhouse: Wheelhouse) -> None:
    subject = bench.make("uv", wheelhouse.sample, link_mode="symlink")
    (subject.site / "sample/tiny.py").write_text("y=2\n")
    assert "sample/tiny.py was changed" in _failure(subject.audit())[0]


def test_a_file_that_two_distributions_list(bench: Bench, wheelhouse: Wheelhouse) -> None:
    subject = bench.make("uv", wheelhouse.sample, link_mode="hardlink")
    theirs = b"OWNER = 'neighbour'\n"
    path = subject.replace_by_copy("sample/shared.py")
    path.write_bytes(theirs)
    neighbour = bench.make(
        "uv", wheelhouse.build("neighbour", "1.0", {"sample/shared.py": theirs}), name="other"
    )
    info = "neighbour-1.0.dist-info"
    (neighbour.site / info).rename(subject.site / info)
    result = subject.audit("-k", "sample")
    assert _failure(result)[0] == (
        "sample 1.0: sample/shared.py was overwritten by neighbour 1.0, which lists it too"
    )


def test_a_hard_link_replaced_by_an_equal_copy_falls_short(subject: Subject) -> None:
    subject.replace_by_copy("sample/large.py")
    result = subject.audit()
    assert _failure(result)[0] == (
        "sample 1.0: sample/large.py is a copy, though uv's cache holds the file within reach"
    )
    remedy = "uv pip install --reinstall sample"
    assert any(line.endswith(f"within reach -> {remedy}") for line in result.outlines)


@pytest.mark.parametrize("name", ["share/sample/shared.txt", "sample.h"])
def test_data_and_headers_fall_short_too(subject: Subject, name: str) -> None:
    (path,) = subject.prefix.rglob(name)
    subject.replace_by_copy(str(path))
    assert "is a copy, though uv's cache holds the file" in _failure(subject.audit())[0]


def test_files_from_purelib_fall_short_too(bench: Bench, wheelhouse: Wheelhouse) -> None:
    wheel = wheelhouse.build("pure", "1.0", {"pure-1.0.data/purelib/pure.py": b"PURE = True\n"})
    subject = bench.make("uv", wheel, link_mode="hardlink")
    subject.replace_by_copy("pure.py")
    assert "pure.py is a copy, though uv's cache" in _failure(subject.audit())[0]


MET = [("hardlink", "hardlink"), ("hardlink", "linked"), ("symlink", "symlink"),
       ("symlink", "linked"), ("copy", "copy")]  # fmt: skip


@pytest.mark.parametrize(("mode", "expected"), MET)
def test_what_is_demanded_and_met_passes(
    bench: Bench, wheelhouse: Wheelhouse, mode: str, expected: str
) -> None:
    subject = bench.make("uv", wheelhouse.sample, link_mode=mode)
    subject.audit(f"--linkcheck-expect={expected}").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("mode", "expected", "told"),
    [
        ("hardlink", "copy", "is hardlink, expected copy"),
        ("hardlink", "symlink", "is hardlink, expected symlink"),
        ("symlink", "hardlink", "is symlink, expected hardlink"),
        ("symlink", "copy", "is symlink, expected copy"),
        ("copy", "hardlink", "is own (a copy, though *), expected hardlink"),
        ("copy", "linked", "is own (a copy, though *), expected linked"),
    ],
)
def test_what_is_demanded_and_not_met_fails_for_each_file_of_the_wheel(
    bench: Bench, wheelhouse: Wheelhouse, mode: str, expected: str, told: str
) -> None:
    subject = bench.make("uv", wheelhouse.sample, link_mode=mode)
    result = subject.audit(f"--linkcheck-expect={expected}")
    failure = _failure(result)
    assert len(failure) == 13
    assert failure[0] == "sample 1.0: 20 problems"
    assert failure[-1] == "  and 10 more"
    result.stdout.fnmatch_lines([f"  sample/__init__.py {told}"])


def test_a_demand_that_no_file_can_show_is_not_met(subject: Subject) -> None:
    subject.write_record("sample-1.0.dist-info/RECORD,,")
    subject.audit().assert_outcomes(passed=1)
    assert _failure(subject.audit("--linkcheck-expect=linked"))[0] == (
        "sample 1.0: has no file that came out of a wheel: nothing shows that it is linked"
    )


def _folder(path: Path) -> None:
    path.mkdir()


def _loop(path: Path) -> None:
    path.symlink_to(path)


def _to_folder(path: Path) -> None:
    path.symlink_to(path.parent / "data")


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (_folder, "is a directory, though RECORD lists it as a file"),
        (_loop, "leads into a symlink loop"),
        (_to_folder, "is a symlink to a directory"),
    ],
)
def test_something_else_in_place_of_a_file(
    subject: Subject, make: Callable[[Path], None], told: str
) -> None:
    path = subject.site / "sample/tiny.py"
    path.unlink()
    make(path)
    result = subject.audit()
    assert told in _failure(result)[0].replace("is a symlink loop", "leads into a symlink loop")
    assert counts_of(result, "sample 1.0")["unknown"] == 1


def test_a_file_in_place_of_a_folder(subject: Subject) -> None:
    (subject.site / "sample/data").rename(subject.site / "moved")
    (subject.site / "sample/data").touch()
    result = subject.audit()
    assert any("cannot be looked at: Not a directory" in line for line in _failure(result))
