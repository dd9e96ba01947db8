import compileall
import importlib.util
import os
import py_compile
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_linkcheck import (
    Environment,
    LinkcheckError,
    Venvs,
    Wheelhouse,
    assert_bytecode,
    assert_bytecode_fresh,
    assert_no_bytecode,
    read_bytecode,
)
from pytest_linkcheck.installs.bytecode import Check, State, expected_tag
from pytest_linkcheck.links.show import show_size

TAG = sys.implementation.cache_tag
MODES = [
    py_compile.PycInvalidationMode.TIMESTAMP,
    py_compile.PycInvalidationMode.CHECKED_HASH,
    py_compile.PycInvalidationMode.UNCHECKED_HASH,
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of three modules, compiled by Python's own compileall."""
    made = tmp_path / "modules"
    (made / "sub").mkdir(parents=True)
    for name in ("one", "two", "sub/three"):
        (made / f"{name}.py").write_text(f"NAME = {name!r}\n")
    return made


def _compile(folder: Path, mode: py_compile.PycInvalidationMode = MODES[0]) -> None:
    assert compileall.compile_dir(folder, quiet=1, invalidation_mode=mode)


def _pyc(folder: Path, name: str = "one") -> Path:
    return Path(importlib.util.cache_from_source(str(folder / f"{name}.py")))


def _message(caught: pytest.ExceptionInfo[AssertionError], folder: Path) -> str:
    return str(caught.value).replace(str(folder), "F").replace(str(TAG), "TAG")


def test_no_bytecode(folder: Path) -> None:
    assert_no_bytecode(folder)
    with pytest.raises(AssertionError) as caught:
        assert_bytecode(folder)
    assert _message(caught, folder) == (
        'no bytecode in F\nremedy: compile: bytecode="compiled", or "on-import" and import '
        "something"
    )
    with pytest.raises(AssertionError) as caught:
        assert_bytecode_fresh(folder)
    assert _message(caught, folder) == ("nothing proves that bytecode of F is fresh: there is none")


def test_bytecode_that_should_not_be_there(folder: Path) -> None:
    _compile(folder)
    size = sum(_pyc(folder, name).stat().st_size for name in ("one", "two", "sub/three"))
    with pytest.raises(AssertionError) as caught:
        assert_no_bytecode(folder)
    assert _message(caught, folder) == (
        f"bytecode in F: 3 files, {show_size(size)}\n"
        "  F/__pycache__/one.TAG.pyc\n"
        "  F/__pycache__/two.TAG.pyc\n"
        "  F/sub/__pycache__/three.TAG.pyc\n"
        "remedy: install without compiling, and run with PYTHONDONTWRITEBYTECODE=1"
    )


@pytest.mark.parametrize("name", ["one.pyc", "__pycache__/one.pyc", "__pycache__/gone.x-1.pyc"])
def test_bytecode_of_any_name_counts(folder: Path, name: str) -> None:
    (folder / "__pycache__").mkdir()
    (folder / name).touch()
    with pytest.raises(AssertionError, match=r"bytecode in .*: 1 file, 0 bytes"):
        assert_no_bytecode(folder)


@pytest.mark.parametrize("mode", MODES)
def test_fresh_bytecode(folder: Path, mode: py_compile.PycInvalidationMode) -> None:
    _compile(folder, mode)
    assert_bytecode(folder)
    assert_bytecode_fresh(folder)
    checks = {file.check for file in read_bytecode(folder).files}
    assert [check.name for check in checks if check] == [mode.name]


def _python_takes(folder: Path) -> bool:
    """Return whether Python, asked to import `one`, takes the .pyc that is there."""
    done = subprocess.run(
        [sys.executable, "-v", "-B", "-c", "import one"],
        cwd=folder,
        env={"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    return f"# {_pyc(folder)} matches" in done.stderr or (
        "code object from" in done.stderr and f"from '{_pyc(folder)}'" in done.stderr
    )


def _edit(folder: Path) -> None:
    (folder / "one.py").write_text("NAME = 'neo'\n")


def _edit_keeping_time(folder: Path) -> None:
    told = (folder / "one.py").stat()
    (folder / "one.py").write_text("NAME = 'longer'\n")
    os.utime(folder / "one.py", ns=(told.st_atime_ns, told.st_mtime_ns))


def _touch(folder: Path) -> None:
    os.utime(folder / "one.py", (1_000_000_000, 1_000_000_000))


@pytest.mark.parametrize(
    ("mode", "change", "told"),
    [
        (MODES[0], _touch, "compiled from a source of time *, one.py has 1000000000"),
        (MODES[0], _edit_keeping_time, "compiled from a source of 13 bytes, one.py has 16"),
        (MODES[1], _edit, "its checked hash is not that of one.py"),
    ],
)
def test_stale_bytecode_as_python_sees_it(
    folder: Path, mode: py_compile.PycInvalidationMode, change: object, told: str
) -> None:
    _compile(folder, mode)
    assert _python_takes(folder)
    assert callable(change)
    change(folder)
    assert not _python_takes(folder)
    with pytest.raises(AssertionError) as caught:
        assert_bytecode_fresh(folder)
    pattern = (
        "bytecode of F is not fresh: 1 stale of 3\n"
        f"  F/__pycache__/one.TAG.pyc: stale: {told}\n"
        "remedy: compile again, or remove it"
    )
    left, _, right = pattern.partition("*")
    message = _message(caught, folder)
    assert message.startswith(left)
    assert message.endswith(right)
    assert_bytecode(folder)


def test_an_unchecked_hash_is_stale_though_python_takes_it(folder: Path) -> None:
    _compile(folder, MODES[2])
    _edit(folder)
    assert _python_takes(folder)
    with pytest.raises(AssertionError) as caught:
        assert_bytecode_fresh(folder)
    assert "stale: its unchecked hash is not that of one.py, and is run all the same" in _message(
        caught, folder
    )


def test_a_touched_source_is_fresh_by_its_hash(folder: Path) -> None:
    _compile(folder, MODES[1])
    _touch(folder)
    assert _python_takes(folder)
    assert_bytecode_fresh(folder)


def _patch(path: Path, start: int, data: bytes) -> None:
    whole = bytearray(path.read_bytes())
    whole[start : start + len(data)] = data
    path.write_bytes(bytes(whole))


@pytest.mark.parametrize(
    ("start", "data", "state", "told"),
    [
        (0, b"\x01\x0c\r\n", State.UNKNOWN, "compiled by another Python: its magic number is 3073"),
        (2, b"xx", State.BROKEN, "it has no magic number of any Python"),
        (4, b"\x04", State.BROKEN, "its flags 0x4 are none that Python knows"),
    ],
)
def test_headers_that_tell_nothing(
    folder: Path, start: int, data: bytes, state: State, told: str
) -> None:
    _compile(folder)
    _patch(_pyc(folder), start, data)
    (found,) = (file for file in read_bytecode(folder).files if file.state is not State.FRESH)
    assert (found.state, found.check) == (state, None)
    assert found.reason.startswith(told)
    with pytest.raises(AssertionError, match=f"is not fresh: 1 {state.value} of 3"):
        assert_bytecode_fresh(folder)


def test_a_cut_header_and_a_lost_source(folder: Path) -> None:
    _compile(folder)
    _pyc(folder).write_bytes(b"\x00" * 7)
    (folder / "two.py").unlink()
    with pytest.raises(AssertionError) as caught:
        assert_bytecode_fresh(folder)
    assert _message(caught, folder) == (
        "bytecode of F is not fresh: 1 orphaned, 1 broken of 3\n"
        "  F/__pycache__/one.TAG.pyc: broken: its header has 7 bytes of 16\n"
        "  F/__pycache__/two.TAG.pyc: orphaned: two.py is gone\n"
        "remedy: compile again, or remove it"
    )


def test_a_fifo_is_not_opened(folder: Path) -> None:
    _compile(folder)
    _pyc(folder).unlink()
    os.mkfifo(_pyc(folder))
    (folder / "two.py").unlink()
    os.mkfifo(folder / "two.py")
    with pytest.raises(AssertionError) as caught:
        assert_bytecode_fresh(folder)
    message = _message(caught, folder)
    assert "F/__pycache__/one.TAG.pyc is a FIFO" in message
    assert "two.TAG.pyc: unknown: two.py is a FIFO" in message


def test_a_folder_elsewhere_is_not_followed_and_passes_nothing(
    folder: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(folder, elsewhere)
    _compile(elsewhere)
    (folder / "linked").symlink_to(elsewhere)
    with pytest.raises(AssertionError) as caught:
        assert_no_bytecode(folder)
    assert _message(caught, folder) == (
        "nothing proves that F has no bytecode\n"
        "  F/linked is a symlink to a folder elsewhere: not followed"
    )
    _compile(folder)
    with pytest.raises(AssertionError, match="not all could be looked at of 3"):
        assert_bytecode_fresh(folder)


def test_what_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LinkcheckError, match="absent cannot be read: No such file"):
        assert_no_bytecode(tmp_path / "absent")
    (tmp_path / "one.pyc").touch()
    with pytest.raises(LinkcheckError, match="is no environment: complete=True asks for"):
        assert_bytecode(tmp_path, complete=True)


def test_shared_and_own(folder: Path, tmp_path: Path) -> None:
    _compile(folder)
    (tmp_path / "other.pyc").hardlink_to(_pyc(folder))
    found = read_bytecode(folder)
    assert [file.path for file in found.shared] == [_pyc(folder)]
    assert len(found.own) == 2
    assert found.own_size == found.size - _pyc(folder).stat().st_size


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_an_environment_without(venvs: Venvs, wheelhouse: Wheelhouse, installer: str) -> None:
    one = venvs.create(installer, wheelhouse.sample)
    one.run("python", "-c", "import sample")
    assert (one / "sample/shipped.pyc").exists()  # it came in the wheel
    assert_no_bytecode(one)
    assert_no_bytecode(one.prefix)
    with pytest.raises(AssertionError, match="no bytecode in"):
        assert_bytecode(one)


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_an_environment_that_is_compiled(
    venvs: Venvs, wheelhouse: Wheelhouse, installer: str
) -> None:
    one, two = (venvs.create(installer, wheelhouse.sample, bytecode="compiled") for _ in range(2))
    for environment in (one, two):
        assert_bytecode(environment, complete=True)
        assert_bytecode_fresh(environment)
        assert not read_bytecode(environment).shared
    if one.cache.exists():
        assert_no_bytecode(one.cache)
    with pytest.raises(AssertionError, match=r"bytecode in .*: \d+ files"):
        assert_no_bytecode(one)
    _pyc(one / "sample", "large").unlink()
    with pytest.raises(AssertionError) as caught:
        assert_bytecode(one, complete=True)
    assert _message(caught, one.prefix).startswith(
        "bytecode of F is not complete: 1 of 9 modules without TAG\n  F/lib/"
    )
    assert_bytecode(one)


def test_an_environment_compiled_on_import(venvs: Venvs, wheelhouse: Wheelhouse) -> None:
    one = venvs.uv(wheelhouse.sample, bytecode="on-import")
    assert_no_bytecode(one)
    one.run("python", "-c", "import sample.large")
    assert_bytecode(one)
    assert_bytecode_fresh(one)
    with pytest.raises(AssertionError, match=r"is not complete: 7 of 9 modules without"):
        assert_bytecode(one, complete=True)


def test_a_module_that_cannot_be_compiled_is_no_lack(venvs: Venvs, wheelhouse: Wheelhouse) -> None:
    files = {
        "odd/__init__.py": b"",
        "odd/old.py": b"print 'two'\n",
        "odd/stray.py": b"return\n",
    }
    one = venvs.uv(wheelhouse.build("odd", "1.0", files), bytecode="compiled")
    for name in ("old", "stray"):
        assert not _pyc(one / "odd", name).exists()
    assert_bytecode(one, complete=True)


def test_what_another_python_can_compile_is_not_known(venvs: Venvs, wheelhouse: Wheelhouse) -> None:
    files = {"new/__init__.py": b"", "new/later.py": b"of a later = syntax\n"}
    one = venvs.pip(wheelhouse.build("new", "1.0", files), bytecode="compiled")
    tag = expected_tag(one.site_packages)
    for path in one.site_packages.rglob(f"*.{tag}.pyc"):
        path.rename(path.with_name(path.name.replace(f"{tag}", "cpython-399")))
    one.site_packages.parent.rename(one.prefix / "lib/python3.99")
    with pytest.raises(AssertionError) as caught:
        assert_bytecode(one.prefix, complete=True)
    assert "1 of 2 modules without cpython-399" in str(caught.value)
    assert "later.py: this Python cannot compile it" in str(caught.value)


def test_nothing_with_modules_is_not_complete(venvs: Venvs) -> None:
    one = venvs.uv()
    (one / "loose.py").touch()
    _compile(one.site_packages)
    with pytest.raises(AssertionError, match="nothing with modules is installed"):
        assert_bytecode(one, complete=True)


@pytest.mark.parametrize("bytecode", ["compiled", "on-import"])
def test_a_prefix_for_all_bytecode(
    venvs: Venvs, wheelhouse: Wheelhouse, tmp_path: Path, bytecode: str
) -> None:
    prefix = tmp_path / "pycache"
    one, two = (
        venvs.uv(wheelhouse.sample, bytecode=bytecode, environ={"PYTHONPYCACHEPREFIX": str(prefix)})
        for _ in range(2)
    )
    one.run("python", "-c", "import sample.large")
    assert_bytecode(one, complete=bytecode == "compiled")
    assert_bytecode_fresh(one)
    # What lies there of others is not its own; in the environment itself is none.
    assert all(file.source.is_relative_to(one.prefix) for file in read_bytecode(one).files)
    assert_no_bytecode(one.prefix)
    with pytest.raises(AssertionError):
        assert_no_bytecode(one.prefix, pycache_prefix=prefix)
    if bytecode == "on-import":
        assert_no_bytecode(two)


def test_a_variable_against_bytecode_reaches_programs(venvs: Venvs, wheelhouse: Wheelhouse) -> None:
    environ = {"PYTHONDONTWRITEBYTECODE": "1"}
    one = venvs.uv(wheelhouse.sample, bytecode="on-import", environ=environ)
    one.run("python", "-c", "import sample.large")
    assert_no_bytecode(one)


def test_symlinked_modules_are_matched_to_what_they_lead_to(
    venvs: Venvs, wheelhouse: Wheelhouse
) -> None:
    one: Environment = venvs.uv(wheelhouse.sample, link_mode="symlink", bytecode="compiled")
    assert (one / "sample/large.py").is_symlink()
    assert_bytecode_fresh(one)
    assert_no_bytecode(one.cache)
    assert {file.check for file in read_bytecode(one).files} == {Check.TIMESTAMP}
    os.utime(one / "sample/large.py", (1, 1))
    with pytest.raises(AssertionError, match="1 stale"):
        assert_bytecode_fresh(one)


def test_with_a_prefix_no_other_counts(
    venvs: Venvs, wheelhouse: Wheelhouse, tmp_path: Path
) -> None:
    one = venvs.uv(wheelhouse.sample, bytecode="compiled")
    assert_bytecode(one.prefix, complete=True)
    with pytest.raises(AssertionError, match="no bytecode in"):
        assert_bytecode(one.prefix, complete=True, pycache_prefix=tmp_path / "pycache")
