"""Planted edits of installed files: each is found, called what it is, and laid to its test."""

import os
from pathlib import Path

import pytest
from guard.conftest import Bench

from pytest_linkcheck import Venvs, Wheelhouse
from pytest_linkcheck.guard import judge
from pytest_linkcheck.links.sameness import Same

SET_BACK = """
told = FILE.stat()
{write}
os.utime(FILE, ns=(told.st_atime_ns, told.st_mtime_ns))
"""
MAP = """
import mmap
with open({file}, "r+b") as file, mmap.mmap(file.fileno(), 0) as mapping:
    mapping[0] = mapping[0] ^ 1
"""
LINK = """
(tmp_path / "link").symlink_to(FILE)
append(tmp_path / "link")
"""
IN_PLACE = {
    "append": ("append(FILE)", "size * bytes, *"),
    "truncate": ("os.truncate(FILE, 0)", "size * -> 0 bytes, *"),
    "chmod": ("FILE.chmod(0o600)", "mode 0644 -> 0600"),
    "touch": ("os.utime(FILE)", "time of modification moved"),
    "by a symlink": (LINK, "size *"),
    "by the cache's own name": ("append(CACHED)", "size *"),
    "by a mapping": (
        MAP.format(file="FILE"),
        "bytes are not those of RECORD, time of modification moved",
    ),
    "rewritten with the time set back": (SET_BACK.format(write="append(FILE)"), "size *"),
    "one byte, with the time set back": (
        SET_BACK.format(write=MAP.format(file="FILE")),
        "bytes are not those of RECORD, and the change time moved*",
    ),
    "a program": ("subprocess.run(['sh', '-c', f'echo >> {FILE}'], check=True)", "size *"),
    "metadata": ("append(FILE.parent.parent / 'sample-1.0.dist-info/METADATA')", "size *"),
}


@pytest.mark.parametrize("planted", IN_PLACE)
def test_a_write_through_a_link_is_found(bench: Bench, planted: str) -> None:
    code, what = IN_PLACE[planted]
    bench.write(code)
    result = bench.run("-v")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=3)
    way = "cannot be told" if planted.startswith("one byte") else "written through a link"
    result.stdout.fnmatch_lines(
        [
            "*= linkcheck guard =*",
            f"1 installed file was changed by this run: 1 {way}",
            f"{way} (*):",
            f"  {bench.one.prefix}/*: {what}",
            "    other names: */archive-v*, 1 elsewhere",
            "    before: *, links 3, modified *",
            "    after:  *, links 3, modified *",
            "    while this ran: test_inner.py::test_it",
            "remedy: *--link-mode=copy",
            "to mend: uv cache clean sample; uv pip install --reinstall sample",
        ]
    )


RENAME = """
new = FILE.with_name("new")
new.write_bytes(FILE.read_bytes())
new.replace(FILE)
"""
ELSE = {
    "sed -i": ("subprocess.run(['sed', '-i', '$a#', FILE], check=True)", "replaced"),
    "renamed over": (RENAME, "replaced"),
    "removed": ("FILE.unlink()", "removed"),
    "sed -i in the cache": ("subprocess.run(['sed', '-i', '$a#', CACHED], check=True)", "replaced"),
    "a file that nobody shares": ("append(PREFIX / 'pyvenv.cfg')", "edited in place"),
    "a script": ("append(PREFIX / 'bin/sample-python')", "edited in place"),
}


@pytest.mark.parametrize("planted", ELSE)
def test_an_edit_that_reaches_nobody_else_is_called_that(bench: Bench, planted: str) -> None:
    code, way = ELSE[planted]
    bench.write(code)
    result = bench.run("-v")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            f"1 installed file was changed by this run: 1 {way}",
            f"  {bench.one.prefix.parent}/*: *",
            "    while this ran: test_inner.py::test_it",
        ]
    )


@pytest.mark.parametrize("folder_first", [True, False])
def test_an_environment_is_one_in_a_watched_folder_too(bench: Bench, *, folder_first: bool) -> None:
    """What a folder may drop and renew, an environment may not."""
    code = "PREFIX.joinpath('pyvenv.cfg').unlink()\n"
    bench.write(f"{code}PREFIX.joinpath('share/sample/shared.txt').unlink()\n{ELSE['sed -i'][0]}")
    watched = [f"--linkcheck-guard={path}" for path in (bench.one.prefix.parent, bench.one.prefix)]
    result = bench.pytester.runpytest_inprocess(
        "-p", "linkcheck", *(watched if folder_first else reversed(watched))
    )
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["3 installed files * by this run: 1 replaced, 2 removed"])


def test_a_folder_at_the_end_of_a_symlink_is_not_the_environments_own(
    bench: Bench, tmp_path: Path
) -> None:
    """As PDM's cache and virtualenv's seeds have it."""
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "module.py").write_text("")
    (bench.one / "linked").symlink_to(kept)
    (bench.one / "around").symlink_to(bench.one.prefix)  # leads to nothing that is not its own
    bench.write("append(FILE.parents[1] / 'linked/module.py'); append(PREFIX / 'pyvenv.cfg')")
    result = bench.run()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "*: 1 written through a link, 1 edited in place",
            f"  {kept}/module.py: size 0 -> 1 bytes, *",
            f"    other names: symlink {bench.one.site_packages}/linked",
            f"  {bench.one.prefix}/pyvenv.cfg: size *",
        ]
    )


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="chown needs root: use sudo")
def test_another_owner_is_found(bench: Bench) -> None:
    bench.write("os.chown(FILE, 1, 1)")
    result = bench.run()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["  *: owner 0:0 -> 1:1", "which test: run again with -v"])


def test_a_name_that_is_not_watched_reaches_the_file_too(bench: Bench) -> None:
    bench.write("append(OTHER)")
    result = bench.run("-v")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "*: 1 written through a link",
            "    which test cannot be told: *by a name that is not watched*",
        ]
    )


def test_a_symlink_of_an_environment_is_followed(
    bench: Bench, venvs: Venvs, wheelhouse: Wheelhouse, tmp_path: Path
) -> None:
    linked = venvs.uv(wheelhouse.sample, link_mode="symlink", cache_at=tmp_path / "apart")
    bench.write(f"append({str(linked / 'sample/large.py')!r})")
    result = bench.run("-v", f"--linkcheck-guard={linked.prefix}")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "*: 1 written through a link",
            f"  {tmp_path}/apart/*/sample/large.py: size *",
            f"    other names: symlink {linked.prefix}/*/sample/large.py",
            "    while this ran: test_inner.py::test_it",
        ]
    )


def test_bytecode_is_found_if_others_have_it(bench: Bench, tmp_path: Path) -> None:
    bench.one.run("python", "-m", "compileall", "-q", str(bench.one / "sample"))
    compiled = next((bench.one / "sample/__pycache__").iterdir())
    bench.write(MAP.format(file=f"{str(compiled)!r}"))
    assert bench.run().ret == pytest.ExitCode.OK
    (tmp_path / "twin").hardlink_to(compiled)
    result = bench.run()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines([f"  {compiled}: bytes differ, time of modification moved"])


def test_bytecode_is_found_in_a_cache(bench: Bench) -> None:
    """Whoever is given it from there has it: the table in docs/guard.md, last column."""
    (shipped,) = bench.one.cache.glob("archive-v*/*/sample")
    (shipped / "__pycache__").mkdir()
    compiled = shipped / "__pycache__/large.cpython-311.pyc"
    compiled.write_bytes(b"one")
    bench.write(f"append({str(compiled)!r})")
    result = bench.run()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*: 1 written through a link", f"  {compiled}: size 3 -> 4 *"])


def test_a_remedy_can_be_pasted_into_a_shell(bench: Bench) -> None:
    name = "$(reboot); x"
    info = bench.one / f"{name}-1.0.dist-info"
    info.mkdir()
    digest = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
    (info / "RECORD").write_text(f"bad.py,sha256={digest},0\n")
    (bench.one / "bad.py").write_text("")
    bench.write("append(FILE.parents[1] / 'bad.py')")
    result = bench.run()
    line = f"to mend: uv cache clean '{name}'; uv pip install --reinstall '{name}'"
    assert line in result.outlines


REINSTALL = """
subprocess.run(
    [UV, "pip", "install", "-q", "--no-index", "--reinstall", "--link-mode=copy",
     "--cache-dir", CACHE, "-p", PREFIX, {wheel!r}],
    check=True,
)
"""


def test_a_reinstall_is_found(bench: Bench, wheelhouse: Wheelhouse) -> None:
    bench.write(REINSTALL.format(wheel=str(wheelhouse.sample.path)))
    result = bench.run()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        ["* installed files were changed by this run: * replaced*", "  ... and * more"]
    )
    result.stdout.no_fnmatch_line("*written through*")


def test_a_mapping_on_tmpfs_is_found(
    bench: Bench, venvs: Venvs, wheelhouse: Wheelhouse, other_device: Path
) -> None:
    """There a store through a mapping that was read from before moves no time at all."""
    there = venvs.uv(wheelhouse.sample, link_mode="hardlink", at=other_device)
    file = str(there / "sample/large.py")
    bench.write(MAP.format(file=f"{file!r}"))
    result = bench.run(f"--linkcheck-guard={there.prefix}")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines([f"  {file}: bytes differ*"])


def test_without_birth_times_a_change_is_found_and_left_open(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on some network filesystems: the inode number may be another file's by now."""
    monkeypatch.setattr(judge, "is_same_file", lambda *_: Same.UNKNOWN)
    bench.write("append(FILE)")
    result = bench.run()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        ["cannot be told (*):", "  */sample/large.py: size *, in place, or it is another file"]
    )
