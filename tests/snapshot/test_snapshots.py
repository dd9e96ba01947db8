"""The fixture: what passes, what fails and how it reads, what is written, what is stale."""

from pathlib import Path

import pytest

from pytest_linkcheck.snapshot import describe, fixture, stale  # noqa: F401 - pytester forgets it
from pytest_linkcheck.snapshot.files import safe_name

MODULE = """
import pytest

@pytest.mark.parametrize("mode", ["hardlink", "copy"])
def test_modes(venvs, wheelhouse, linkcheck_snapshot, mode):
    linkcheck_snapshot.check(venvs.uv(wheelhouse.neighbour, link_mode=mode))

class TestThing:
    def test_it(self, venvs, linkcheck_snapshot):
        linkcheck_snapshot.check(venvs.uv())
        linkcheck_snapshot.check(venvs.uv(), name="the second/one")
"""
STORED = {
    "TestThing.test_it.txt",
    "TestThing.test_it~the%20second%2Fone.txt",
    "test_modes[copy].txt",
    "test_modes[hardlink].txt",
}

WORKERS = [(), pytest.param(("-n2",), marks=pytest.mark.slow)]


@pytest.fixture(name="folder")
def fixture_folder(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(test_inner=MODULE)
    return pytester.path / "__linkcheck__/test_inner"


def _run(pytester: pytest.Pytester, *args: str) -> pytest.RunResult:
    plugins = ("-p", "linkcheck", "-p", "xdist", "-p", "no:cacheprovider")
    return pytester.runpytest_inprocess(*plugins, *args)


@pytest.mark.parametrize("workers", WORKERS, ids=["alone", "xdist"])
def test_it_is_written_once_and_holds_from_then_on(
    pytester: pytest.Pytester, folder: Path, workers: tuple[str, ...]
) -> None:
    missing = _run(pytester)
    missing.assert_outcomes(failed=3)
    missing.stdout.fnmatch_lines(
        [
            "E*no snapshot is stored at __linkcheck__/test_inner/test_modes[[]hardlink[]].txt; *",
            "E  *remedy: look it over, run with --linkcheck-update, commit it",
        ]
    )
    assert not folder.exists()
    written = _run(pytester, "--linkcheck-update", *workers)
    written.assert_outcomes(passed=3)
    written.stdout.fnmatch_lines(["*= linkcheck snapshots =*", "4 snapshots written"])
    assert {path.name for path in folder.iterdir()} == STORED
    again = _run(pytester, *workers)
    again.assert_outcomes(passed=3)
    again.stdout.no_fnmatch_line("*linkcheck snapshots*")


def test_a_difference_fails_and_shows_itself(pytester: pytest.Pytester, folder: Path) -> None:
    _run(pytester, "--linkcheck-update", "-k", "copy")
    path = folder / "test_modes[copy].txt"
    then = path.read_text()
    path.write_text(then.replace("payload: 2 files own", "payload: 2 files hardlink x2 (uv-1)"))
    differs = _run(pytester, "-k", "copy")
    differs.assert_outcomes(failed=1, deselected=2)
    differs.stdout.fnmatch_lines(
        [
            "E*files are not shared as in __linkcheck__/*copy*.txt (- as stored, + as they are *",
            "E *-  payload: 2 files hardlink x2 (uv-1)",
            "E *+  payload: 2 files own",
            "E *remedy: if this is meant to be, run with --linkcheck-update",
        ]
    )
    _run(pytester, "-k", "copy", "--linkcheck-update").assert_outcomes(passed=1, deselected=2)
    assert path.read_text() == then


@pytest.mark.parametrize(
    "spoiled", [b"", b"something\n", b"\xff"], ids=["empty", "another text", "no text"]
)
def test_what_is_no_snapshot_fails_and_can_be_renewed(
    pytester: pytest.Pytester, folder: Path, spoiled: bytes
) -> None:
    _run(pytester, "--linkcheck-update", "-k", "copy")
    path = folder / "test_modes[copy].txt"
    then = path.read_bytes()
    path.write_bytes(spoiled)
    other = _run(pytester, "-k", "copy")
    other.assert_outcomes(failed=1, deselected=2)
    other.stdout.fnmatch_lines(["E*is no snapshot of this format*"])
    _run(pytester, "-k", "copy", "--linkcheck-update").assert_outcomes(passed=1, deselected=2)
    assert path.read_bytes() == then


@pytest.mark.parametrize("end", [b"", b"\r\n"])
def test_how_lines_end_makes_no_difference(
    pytester: pytest.Pytester, folder: Path, end: bytes
) -> None:
    """An empty difference would fail without a word."""
    _run(pytester, "--linkcheck-update", "-k", "copy")
    path = folder / "test_modes[copy].txt"
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"\r\n".join(lines) + end)
    _run(pytester, "-k", "copy").assert_outcomes(passed=1, deselected=2)
    path.write_bytes(b"\n".join(lines[:-1]) + end)
    cut = _run(pytester, "-k", "copy")
    cut.stdout.fnmatch_lines([f"E *+{lines[-1].decode()}"])


def test_a_test_that_went_elsewhere_names_its_snapshot_all_the_same(
    pytester: pytest.Pytester, folder: Path
) -> None:
    pytester.makepyfile(
        test_inner="""
        def test_it(venvs, linkcheck_snapshot, monkeypatch, tmp_path_factory):
            gone = tmp_path_factory.mktemp("gone")
            monkeypatch.chdir(gone)
            made = venvs.uv()
            gone.rmdir()
            linkcheck_snapshot.check(made)
        """
    )
    result = _run(pytester)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [f"E*no snapshot is stored at {folder.relative_to(pytester.path)}/test_it.txt; *"]
    )


def test_one_name_twice_is_an_error(pytester: pytest.Pytester, folder: Path) -> None:
    pytester.makepyfile(
        test_inner="""
        def test_it(venvs, linkcheck_snapshot):
            for _ in range(2):
                linkcheck_snapshot.check(venvs.uv())
        """
    )
    result = _run(pytester, "--linkcheck-update")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E*two snapshots of one test are called ''*"])
    assert [path.name for path in folder.iterdir()] == ["test_it.txt"]


@pytest.mark.parametrize("workers", WORKERS, ids=["alone", "xdist"])
def test_what_no_test_uses_is_listed_and_removed(
    pytester: pytest.Pytester, folder: Path, workers: tuple[str, ...]
) -> None:
    _run(pytester, "--linkcheck-update")
    for name in ("test_gone.txt", "TestThing.test_it~old.txt"):
        (folder / name).write_text("")
    other = folder.with_name("test_removed") / "test_x.txt"
    other.parent.mkdir()
    other.write_text("")
    names = [
        "  __linkcheck__/test_inner/TestThing.test_it~old.txt",
        "  __linkcheck__/test_inner/test_gone.txt",
        "  __linkcheck__/test_removed/test_x.txt",
    ]
    result = _run(pytester, *workers)
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["3 snapshots not used by any test *", *names])
    _run(pytester, "--linkcheck-update", *workers).assert_outcomes(passed=3)
    assert {path.name for path in folder.iterdir()} == STORED
    assert not other.parent.exists()


@pytest.mark.parametrize("name", ["__linkcheck__", "__linkcheck__/test_inner", "__linkcheck__/x"])
def test_nothing_is_removed_at_the_end_of_a_symlink(
    pytester: pytest.Pytester, folder: Path, tmp_path: Path, name: str
) -> None:
    """A project may come with one that leads anywhere."""
    elsewhere = tmp_path / "elsewhere"
    notes = [elsewhere / "notes.txt", elsewhere / "test_inner/notes.txt", elsewhere / "y/notes.txt"]
    for note in notes:
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text("mine")
    link = pytester.path / name
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(elsewhere)
    result = _run(pytester, "--linkcheck-update")
    result.assert_outcomes(passed=3)
    assert all(note.exists() for note in notes)
    assert folder.is_dir()


@pytest.mark.parametrize(
    "args",
    [
        ("-k", "hardlink"),
        ("test_inner.py::TestThing",),
        ("--deselect", "test_inner.py"),
        ("--pyargs", "test_inner::TestThing"),
    ],
)
def test_a_part_of_the_tests_makes_nothing_stale(
    pytester: pytest.Pytester, folder: Path, args: tuple[str, ...]
) -> None:
    pytester.syspathinsert()
    _run(pytester, "--linkcheck-update")
    part = _run(pytester, "--linkcheck-update", *args)
    part.stdout.no_fnmatch_line("*linkcheck snapshots*")
    assert {path.name for path in folder.iterdir()} == STORED


@pytest.mark.parametrize(
    "args", [("--linkcheck-installer=uv",), ("--linkcheck-filesystem=here={path}",)]
)
def test_another_choice_of_installer_or_place_makes_nothing_stale(
    pytester: pytest.Pytester, tmp_path: Path, folder: Path, args: tuple[str, ...]
) -> None:
    pytester.makepyfile(
        test_inner="""
        def test_it(venvs, installer, filesystem, linkcheck_snapshot):
            linkcheck_snapshot.check(venvs.create(installer, at=filesystem))
        """
    )
    (tmp_path / "place").mkdir()
    _run(pytester, "--linkcheck-update")
    other = _run(
        pytester, "--linkcheck-update", *(arg.format(path=tmp_path / "place") for arg in args)
    )
    other.assert_outcomes(passed=1)
    assert len(list(folder.iterdir())) == 2


@pytest.mark.slow
def test_the_groups_of_workers_are_no_part_of_a_name(
    pytester: pytest.Pytester, folder: Path
) -> None:
    module = MODULE.replace("class", "@pytest.mark.xdist_group('g')\nclass")
    pytester.makepyfile(test_inner=module.replace("self, venvs", "self, shared_venvs, venvs"))
    _run(pytester, "--linkcheck-update")
    grouped = _run(pytester, "--linkcheck-update", "-n2", "--dist=loadgroup")
    grouped.assert_outcomes(passed=3)
    grouped.stdout.no_fnmatch_line("*linkcheck snapshots*")
    assert {path.name for path in folder.iterdir()} == STORED


def test_parameters_do_not_make_two_tests_one(pytester: pytest.Pytester, folder: Path) -> None:
    pytester.makepyfile(
        test_inner="""
        import pytest

        @pytest.mark.parametrize("value", ["a.b", "a::b"])
        def test_it(venvs, linkcheck_snapshot, value):
            linkcheck_snapshot.check(venvs.uv())
        """
    )
    _run(pytester, "--linkcheck-update").assert_outcomes(passed=2)
    assert {path.name for path in folder.iterdir()} == {
        "test_it[a.b].txt",
        "test_it[a%3A%3Ab].txt",
    }


def test_a_long_name_of_a_test_and_of_its_snapshot_fit_together(
    pytester: pytest.Pytester, folder: Path
) -> None:
    code = f"""
    def test_{"x" * 300}(venvs, linkcheck_snapshot):
        linkcheck_snapshot.check(venvs.uv(), name="y" * 300)
    """
    pytester.makepyfile(test_inner=code)
    _run(pytester, "--linkcheck-update").assert_outcomes(passed=1)
    again = _run(pytester)
    again.assert_outcomes(passed=1)
    again.stdout.no_fnmatch_line("*linkcheck snapshots*")
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize("args", [(), ("test_inner.py", "__linkcheck__"), ("--doctest-glob=*",)])
def test_a_stored_snapshot_is_no_doctest(
    pytester: pytest.Pytester, folder: Path, args: tuple[str, ...]
) -> None:
    """pytest runs the doctests in `test*.txt`; what is in it others have named."""
    folder.mkdir(parents=True)
    (folder / "test_modes[copy].txt").write_text("    >>> open('run', 'w').close()\n")
    _run(pytester, *args, "--deselect=test_inner.py")
    assert not pytester.path.joinpath("run").exists()


def test_a_test_in_a_text_keeps_its_own(pytester: pytest.Pytester, folder: Path) -> None:
    pytester.maketxtfile(
        guide="""
        >>> getfixture("linkcheck_snapshot").check(getfixture("venvs").uv())
        """
    )
    _run(pytester, "--linkcheck-update", "--doctest-glob=guide.txt", "-k", "guide or TestThing")
    _run(pytester, "--linkcheck-update", "test_inner.py", "-k", "TestThing")
    assert [path.name for path in (folder.parent / "guide").iterdir()] == ["guide.txt.txt"]


def test_a_test_that_was_skipped_keeps_its_own(pytester: pytest.Pytester, folder: Path) -> None:
    _run(pytester, "--linkcheck-update")
    pytester.makepyfile(
        test_inner=MODULE.replace("check(venvs.uv())", "check(venvs.uv()); pytest.skip()")
    )
    result = _run(pytester, "--linkcheck-update")
    result.assert_outcomes(passed=2, skipped=1)
    assert {path.name for path in folder.iterdir()} == STORED


def test_a_folder_that_takes_no_writes_is_named(pytester: pytest.Pytester, folder: Path) -> None:
    folder.parent.write_text("in the way")
    result = _run(pytester, "--linkcheck-update", "-k", "copy")
    result.assert_outcomes(failed=1, deselected=2)
    result.stdout.fnmatch_lines(["E*__linkcheck__/test_inner/*.txt cannot be *: *"])


def test_names_are_safe_and_stay_apart() -> None:
    assert safe_name("test_x[a-1]") == "test_x[a-1]"
    assert safe_name("a/b~c ü") == "a%2Fb%7Ec%20%C3%BC"
    long = safe_name("x" * 500)
    assert len(long) < 200
    assert long != safe_name("x" * 501)
