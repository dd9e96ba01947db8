import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.evidence import failure
from support.handmade import SITE, install
from support.oracle import same_file, stat_of
from support.places import Place

from pytest_linkcheck import (
    Distribution,
    Expected,
    LinkcheckError,
    Role,
    Sharing,
    Venvs,
    Verdict,
    Wheelhouse,
    assert_linked,
    compare,
)
from pytest_linkcheck.linked import Outcome, compare_distributions, judge
from pytest_linkcheck.links import Identity, Resolution, read_facts
from pytest_linkcheck.shared import SharedVenvs

Pair = tuple[Distribution, Distribution]
INFO = "demo-1.0.dist-info"


def _twice(tmp_path: Path, one: dict[str, bytes], two: dict[str, bytes] | None = None) -> Pair:
    return install(tmp_path / "one", one), install(tmp_path / "two", one if two is None else two)


def _relink(pair: Pair, *names: str, symlink: bool = False) -> None:
    """Make files of the second distribution links to those of the first."""
    for name in names:
        source, target = (dist.layout.site_packages / name for dist in pair)
        target.unlink()
        if symlink:
            target.symlink_to(source)
        else:
            target.hardlink_to(source)


@pytest.fixture
def hardlinked(shared_venvs: SharedVenvs, wheelhouse: Wheelhouse) -> Pair:
    one, two = (
        shared_venvs.uv(wheelhouse.sample, link_mode="hardlink", label=label) for label in "ab"
    )
    return one["sample"], two["sample"]


@pytest.fixture
def symlinked(shared_venvs: SharedVenvs, wheelhouse: Wheelhouse) -> Pair:
    one, two = (
        shared_venvs.uv(wheelhouse.sample, link_mode="symlink", label=label) for label in "ab"
    )
    return one["sample"], two["sample"]


@pytest.fixture
def written_anew(shared_venvs: SharedVenvs, wheelhouse: Wheelhouse) -> Pair:
    """Two installs by pip, which shares nothing."""
    one, two = (
        shared_venvs.pip(wheelhouse.sample, label=label, bytecode="compiled") for label in "ab"
    )
    return one["sample"], two["sample"]


# Real installs


@pytest.mark.parametrize("expected", ["hardlink", "linked", Expected.HARDLINK, Sharing.HARDLINK])
def test_hard_links_by_uv(hardlinked: Pair, expected: str) -> None:
    one, two = hardlinked
    names = [file.name for file in one.files if file.role in {Role.PAYLOAD, Role.METADATA}]
    sites = [dist.layout.site_packages for dist in hardlinked]
    assert all(same_file(sites[0] / name, sites[1] / name) for name in names)
    assert_linked(one, two, expected)


@pytest.mark.parametrize("expected", ["symlink", "linked"])
def test_symlinks_by_uv(symlinked: Pair, expected: str) -> None:
    one, two = symlinked
    assert stat_of(one.layout.site_packages / "sample/tiny.py", "%F") == "symbolic link"
    assert_linked(one, two, expected)


@pytest.mark.parametrize("expected", ["symlink", "copy", "reflink"])
def test_hard_links_are_nothing_else(hardlinked: Pair, expected: str) -> None:
    lines = failure(assert_linked, *hardlinked, expected)
    assert " not shared as expected" in lines[0]
    assert ": hardlink (one inode, " in lines[lines.index("offenders:") + 1]


def test_a_packed_record_is_not_expected_to_be_linked(venvs: Venvs, wheelhouse: Wheelhouse) -> None:
    record = "demo/_vendor/inner-1.0.dist-info/RECORD"
    demo = wheelhouse.build("demo", "1.0", {record: b"", "demo/__init__.py": b"1"})
    one, two = (venvs.uv(demo, link_mode="hardlink") for _ in range(2))
    assert not same_file(one / record, two / record)  # uv copies every file of that name
    assert_linked(one["demo"], two["demo"], "hardlink")
    three = venvs.pip(demo)
    assert_linked(one["demo"], three["demo"], {"payload": "own"})
    (two / record).unlink()
    (two / record).hardlink_to(one / record)
    lines = failure(assert_linked, one["demo"], two["demo"], {"payload": "own"})
    assert any(record in line for line in lines)


@pytest.mark.parametrize("expected", ["hardlink", "copy", "reflink"])
def test_symlinks_are_nothing_else(symlinked: Pair, expected: str) -> None:
    assert " not shared as expected" in failure(assert_linked, *symlinked, expected)[0]


@pytest.mark.parametrize("expected", ["hardlink", "symlink"])
def test_what_pip_writes_is_not_linked(written_anew: Pair, expected: str) -> None:
    one, two = written_anew
    lines = failure(assert_linked, one, two, expected)
    judged = [file for file in one.files if file.role is not Role.SCRIPT]
    wrong = [file for file in judged if file.role not in {Role.GENERATED, Role.BYTECODE}]
    assert lines[0] == (f"sample 1.0: {len(wrong)} files of {len(judged)} not shared as expected")
    assert lines[1:3] == [f"  {dist} in {dist.layout.prefix}" for dist in (one, two)]
    payload = sum(file.role is Role.PAYLOAD for file in wrong)
    assert f"  payload, expected {expected}: {payload} not met" in lines
    assert "  generated, expected own: 3 met" in lines
    assert lines[lines.index("offenders:") + 11] == f"  and {len(wrong) - 10} more"
    assert lines[lines.index("offenders:") + 12] == "the first of them:"


def test_what_pip_writes_is_its_own_by_role(written_anew: Pair) -> None:
    assert_linked(*written_anew, dict.fromkeys(Role, "own"))


def test_uv_writes_its_console_scripts_anew_and_links_what_needs_no_change(
    hardlinked: Pair,
) -> None:
    findings = compare_distributions(*hardlinked, {Role.SCRIPT: Expected.HARDLINK})
    met = {found.file.path.name for found in findings if found.outcome is Outcome.MET}
    assert met == {"sample-executable"}


def test_uv_against_pip(hardlinked: Pair, written_anew: Pair) -> None:
    one, two = hardlinked[0], written_anew[0]
    assert_linked(one, two, {"payload": "own", "metadata": "own"})
    assert "not shared as expected" in failure(assert_linked, one, two, "hardlink")[0]


def test_two_versions_are_named(venvs: Venvs, wheelhouse: Wheelhouse) -> None:
    one, two = venvs.uv(wheelhouse.sample), venvs.uv(wheelhouse.sample_2)
    lines = failure(assert_linked, one["sample"], two["sample"], "hardlink")
    assert lines[1:3] == [f"  sample 1.0 in {one.prefix}", f"  sample 2.0 in {two.prefix}"]


def test_one_edited_file_is_the_one_offender(venvs: Venvs, wheelhouse: Wheelhouse) -> None:
    one, two = (venvs.uv(wheelhouse.sample, link_mode="hardlink") for _ in range(2))
    (two / "sample/tiny.py").unlink()
    (two / "sample/tiny.py").write_bytes(b"edited\n")
    lines = failure(assert_linked, one["sample"], two["sample"], "linked")
    assert lines[0].startswith("sample 1.0: 1 file of ")
    offenders = lines.index("offenders:")
    assert lines[offenders + 1].startswith("  sample/tiny.py (payload): different (")
    assert lines[offenders + 2] == "the first of them:"
    assert lines[offenders + 3].startswith("  different (")
    assert f"  {one / 'sample/tiny.py'}: device " in lines[offenders + 4]
    assert f"  {two / 'sample/tiny.py'}: device " in lines[offenders + 5]


# By role


def test_only_the_roles_of_a_mapping_are_judged(tmp_path: Path) -> None:
    pair = _twice(tmp_path, {"demo.py": b"x", "other.py": b"y"})
    _relink(pair, "demo.py", "other.py")
    assert_linked(*pair, {Role.PAYLOAD: Expected.HARDLINK})
    assert_linked(*pair, {"payload": "hardlink", "metadata": "own"})
    lines = failure(assert_linked, *pair, {"metadata": "hardlink"})
    assert lines[0] == "demo 1.0: 1 file of 1 not shared as expected"
    assert lines[4] == "offenders:"
    assert lines[5].startswith(f"  {INFO}/METADATA (metadata): ")


def test_generated_files_are_never_to_be_shared(tmp_path: Path) -> None:
    pair = _twice(tmp_path, {"demo.py": b"x"})
    _relink(pair, "demo.py", f"{INFO}/METADATA", f"{INFO}/RECORD")
    lines = failure(assert_linked, *pair, "hardlink")
    assert "  generated, expected own: 1 not met" in lines
    assert f"  {INFO}/RECORD (generated): hardlink (one inode, 2 links)" in lines


def test_a_symlink_is_no_inode_of_its_own(tmp_path: Path) -> None:
    pair = _twice(tmp_path, {"demo.py": b"x"})
    _relink(pair, "demo.py", symlink=True)
    assert "not shared as expected" in failure(assert_linked, *pair, {"payload": "own"})[0]


# Missing counterparts


@pytest.mark.parametrize("expected", ["hardlink", "own"])
@pytest.mark.parametrize("lacking", [0, 1])
def test_a_file_that_only_one_has(tmp_path: Path, expected: str, lacking: int) -> None:
    files = [{"demo.py": b"x", "more.py": b"y"}, {"demo.py": b"x", "more.py": b"y"}]
    del files[lacking]["more.py"]
    pair = _twice(tmp_path, *files)
    if expected == "hardlink":
        _relink(pair, "demo.py")
    lines = failure(assert_linked, *pair, {"payload": expected})
    assert lines[0] == "demo 1.0: 1 file of 2 not shared as expected"
    prefix = pair[lacking].layout.prefix
    assert lines[-1] == f"  more.py (payload): missing in {prefix}"


def test_a_file_that_record_lists_and_is_not_there(tmp_path: Path) -> None:
    pair = _twice(tmp_path, {"demo.py": b"x"})
    (tmp_path / "two" / SITE / "demo.py").unlink()
    lines = failure(assert_linked, *pair, {"payload": "own"}, undecided="fail")
    assert "demo.py: No such file or directory" in "\n".join(lines)


def test_installers_may_differ_in_what_they_generate(tmp_path: Path) -> None:
    pair = _twice(tmp_path, {"demo.py": b"x", f"{INFO}/REQUESTED": b""}, {"demo.py": b"x"})
    _relink(pair, "demo.py", f"{INFO}/METADATA")
    assert_linked(*pair, "hardlink")


@pytest.mark.parametrize("role", ["generated", "bytecode"])
def test_what_only_one_has_proves_nothing(tmp_path: Path, role: str) -> None:
    name = "__pycache__/demo.cpython-311.pyc" if role == "bytecode" else f"{INFO}/REQUESTED"
    one = install(tmp_path / "one", {}, record=f"{name},,\n".encode())
    two = install(tmp_path / "two", {}, record=b"demo.py,,\n")
    lines = failure(assert_linked, one, two, {role: "own"})
    assert lines[0] == "demo 1.0: nothing proves it: none of 1 file can be told"


# What cannot be told


@pytest.fixture
def partly_told(tmp_path: Path) -> Pair:
    """A hard link, and two empty files, of which nothing can be told."""
    pair = _twice(tmp_path, {"demo.py": b"x", "empty.py": b""})
    _relink(pair, "demo.py")
    return pair


def test_what_cannot_be_told_lets_the_rest_decide(partly_told: Pair) -> None:
    assert_linked(*partly_told, {"payload": "linked"})
    assert_linked(*partly_told, {"payload": "linked"}, undecided="report")


def test_what_cannot_be_told_fails_where_that_is_asked_for(partly_told: Pair) -> None:
    lines = failure(assert_linked, *partly_told, {"payload": "linked"}, undecided="fail")
    assert lines[0] == "demo 1.0: 1 file of 2 cannot be told"
    assert "  payload, expected linked: 1 met, 1 cannot be told" in lines
    assert lines[lines.index("offenders:") + 1].startswith("  empty.py (payload): unknown (")


@pytest.mark.parametrize("expected", ["linked", "reflink", "copy"])
@pytest.mark.parametrize("undecided", ["report", "fail"])
def test_nothing_proves_it(tmp_path: Path, expected: str, undecided: str) -> None:
    pair = _twice(tmp_path, {"empty.py": b"", "void.py": b""})
    lines = failure(assert_linked, *pair, {"payload": expected}, undecided=undecided)
    assert (
        lines[0]
        == {
            "report": "demo 1.0: nothing proves it: none of 2 files can be told",
            "fail": "demo 1.0: 2 files of 2 cannot be told",
        }[undecided]
    )
    assert lines[lines.index("offenders:") + 1].startswith("  empty.py (payload): unknown (")


@pytest.mark.parametrize("expected", [{}, {"data": "hardlink"}])
def test_no_file_of_the_roles_proves_nothing(tmp_path: Path, expected: dict[str, str]) -> None:
    lines = failure(assert_linked, *_twice(tmp_path, {"demo.py": b"x"}), expected)
    assert lines[0] == "demo 1.0: nothing proves it: none of 0 files can be told"
    assert "offenders:" not in lines


def test_an_own_inode_is_proved_even_where_the_bytes_prove_nothing(tmp_path: Path) -> None:
    assert_linked(*_twice(tmp_path, {"empty.py": b""}), {"payload": "own"}, undecided="fail")


@pytest.mark.parametrize("expected", ["hardlink", "linked", "own"])
def test_a_folder_that_record_lists_as_a_file_proves_nothing(tmp_path: Path, expected: str) -> None:
    files, record = {"demo/__init__.py": b"x"}, b"demo,,\n"
    one, two = (install(tmp_path / name, files, record=record) for name in ("one", "two"))
    lines = failure(assert_linked, one, two, {"payload": expected})
    assert any("is a directory: only files are judged" in line for line in lines)


def test_equal_bytes_are_judged_by_the_verdict_on_them(tmp_path: Path) -> None:
    pair = _twice(tmp_path, {"demo.py": b"x" * 10_000})
    verdict = compare(*(dist.layout.site_packages / "demo.py" for dist in pair))
    if verdict.sharing is Sharing.COPY:
        assert_linked(*pair, {"payload": "copy"})
    else:
        lines = failure(assert_linked, *pair, {"payload": "copy"})
        assert f"  demo.py (payload): {verdict}" in lines


# What cannot be compared


def _refusal(*args: object, **options: object) -> str:
    call: Callable[..., object] = assert_linked
    with pytest.raises(LinkcheckError) as caught:
        call(*args, **options)
    return str(caught.value)


def test_one_environment_twice(tmp_path: Path) -> None:
    dist = install(tmp_path / "env", {"demo.py": b"x"})
    assert _refusal(dist, dist, "own") == "demo 1.0 is given twice: it says nothing of links"


@pytest.mark.parametrize("expected", ["symlink", "linked", "own"])
def test_one_environment_under_two_names(tmp_path: Path, expected: str) -> None:
    one = install(tmp_path / "env", {"demo.py": b"x"})
    (tmp_path / "alias").symlink_to("env")
    two = install(tmp_path / "alias", {"demo.py": b"x"})
    assert one.dist_info != two.dist_info
    assert _refusal(one, two, expected) == "demo 1.0 is given twice: it says nothing of links"


def test_two_packages(tmp_path: Path) -> None:
    one = install(tmp_path / "one", {"demo.py": b"x"})
    two = install(tmp_path / "two", {"demo.py": b"x"}, name="other")
    assert _refusal(one, two, "own") == (
        "demo 1.0 and other 1.0 are two packages: give two installs of one"
    )


def test_two_spellings_are_one_package(tmp_path: Path) -> None:
    one = install(tmp_path / "one", {"demo.py": b"x"}, name="my_demo")
    two = install(tmp_path / "two", {"demo.py": b"x"}, name="My.Demo")
    assert_linked(one, two, {"payload": "own"})


@pytest.mark.parametrize("bad", [0, 1])
def test_a_record_with_a_problem_decides_nothing(tmp_path: Path, bad: int) -> None:
    pair = list(_twice(tmp_path, {"demo.py": b"x"}))
    prefix = pair[bad].layout.prefix
    pair[bad] = install(prefix, {"demo.py": b"x"}, record=b"demo.py,,\n/etc/passwd,,\n")
    assert failure(assert_linked, *pair, {"payload": "own"}) == [
        f"demo 1.0 in {prefix}: RECORD lists an absolute path, /etc/passwd: not followed"
    ]


def test_environments_that_have_gone(tmp_path: Path) -> None:
    pair = _twice(tmp_path, {"demo.py": b"x"})
    for dist in pair:
        dist.layout.site_packages.rename(dist.layout.prefix / "gone")
    told = failure(assert_linked, *pair, "own")[0]
    assert told.endswith("demo-1.0.dist-info cannot be read: No such file or directory")


@pytest.mark.parametrize("expected", ["shared", "different", Sharing.PARTIAL, Sharing.UNKNOWN])
def test_what_nobody_can_expect(tmp_path: Path, expected: str) -> None:
    word = expected if isinstance(expected, str) else expected.value
    pair = _twice(tmp_path, {})
    refusal = (
        f"no file can be expected to be {word!r}: say one of hardlink, symlink, reflink, copy, "
        "linked, own"
    )
    assert _refusal(*pair, expected) == refusal
    assert _refusal(*pair, {"payload": expected}) == refusal


def test_a_role_that_is_none(tmp_path: Path) -> None:
    assert _refusal(*_twice(tmp_path, {}), {"code": "own"}) == (
        "'code' is no role: say one of payload, metadata, generated, script, bytecode, data"
    )


def test_an_undecided_that_is_none(tmp_path: Path) -> None:
    refusal = _refusal(*_twice(tmp_path, {}), "own", undecided="skip")
    assert refusal == "undecided='skip' is neither 'report' nor 'fail'"


# Every verdict against every expectation

MET, BROKEN, UNDECIDED = Outcome.MET, Outcome.BROKEN, Outcome.UNDECIDED
TABLE = {
    #                    hardlink  symlink   reflink    copy       linked     own
    Sharing.HARDLINK: (MET, BROKEN, BROKEN, BROKEN, MET, BROKEN),
    Sharing.SYMLINK: (BROKEN, MET, BROKEN, BROKEN, MET, BROKEN),
    Sharing.REFLINK: (BROKEN, BROKEN, MET, BROKEN, MET, MET),
    Sharing.PARTIAL: (BROKEN, BROKEN, BROKEN, BROKEN, BROKEN, MET),
    Sharing.COPY: (BROKEN, BROKEN, BROKEN, MET, BROKEN, MET),
    Sharing.DIFFERENT: (BROKEN, BROKEN, BROKEN, BROKEN, BROKEN, MET),
    Sharing.UNKNOWN: (BROKEN, BROKEN, UNDECIDED, UNDECIDED, UNDECIDED, MET),
}


def _verdict(folder: Path, sharing: Sharing, *, two_inodes: bool) -> Verdict:
    (folder / "file").touch()
    facts = read_facts(folder / "file")
    other = replace(facts, identity=Identity(1, 1)) if two_inodes else facts
    a, b = Resolution((Path("a"),), facts), Resolution((Path("b"),), other)
    return Verdict(sharing, "as the test has it", a, b)


@pytest.mark.parametrize("sharing", Sharing)
@pytest.mark.parametrize("expected", Expected)
def test_each_verdict_against_each_expectation(
    tmp_path: Path, sharing: Sharing, expected: Expected
) -> None:
    two_inodes = sharing not in {Sharing.HARDLINK, Sharing.SYMLINK}
    verdict = _verdict(tmp_path, sharing, two_inodes=two_inodes)
    assert judge(verdict, expected) is TABLE[sharing][list(Expected).index(expected)]


@pytest.mark.parametrize("expected", Expected)
def test_an_unknown_on_one_inode_or_none_meets_and_breaks_nothing(
    tmp_path: Path, expected: Expected
) -> None:
    one_inode = _verdict(tmp_path, Sharing.UNKNOWN, two_inodes=False)
    nothing = replace(one_inode, b=Resolution((Path("b"),), None, "gone"))
    assert judge(one_inode, expected) is Outcome.UNDECIDED
    assert judge(nothing, expected) is Outcome.UNDECIDED


def test_names_are_escaped(tmp_path: Path) -> None:
    name = f"evil{os.linesep}\x1b[2J.py"
    pair = _twice(tmp_path, {name: b"x"})
    assert "\x1b" not in "\n".join(failure(assert_linked, *pair, {"payload": "hardlink"}))


def test_it_says_of_how_many_files_it_cannot_be_told(
    places: dict[str, Place], tmp_path: Path, venvs: Venvs, wheelhouse: Wheelhouse
) -> None:
    folder = places["btrfs"].root / tmp_path.name
    folder.mkdir()
    one, two = (
        venvs.uv(wheelhouse.sample, link_mode="clone", at=folder, cache_at=folder) for _ in range(2)
    )

    tally = assert_linked(one["sample"], two["sample"], {"payload": "reflink"})

    assert tally.met >= 2  # btrfs keeps all that is not larger than 2,048 bytes inline
    assert sum(tally.undecided.values()) > 5
    assert "cannot be told (inline" in str(tally)
    with pytest.raises(AssertionError, match="cannot be told"):
        assert_linked(one["sample"], two["sample"], {"payload": "reflink"}, undecided="fail")
