"""File handles: what the kernel gives, and what is done where it gives none."""

import ctypes
import errno
import os
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest

from pytest_linkcheck.links.handle import read_handle

module = import_module("pytest_linkcheck.links.handle")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.touch()
    return path


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    module._function.cache_clear()  # noqa: SLF001
    yield
    module._function.cache_clear()  # noqa: SLF001


def test_names_of_one_file_have_one_handle(file: Path) -> None:
    second, other = file.with_name("second"), file.with_name("other")
    second.hardlink_to(file)
    other.touch()
    assert read_handle(file) == read_handle(second) != read_handle(other)
    link = file.with_name("link")
    link.symlink_to(file)
    assert read_handle(link) != read_handle(file)


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_handle(tmp_path / "missing")


def refuse(number: int, calls: list[int], only: int | None = None) -> Callable[..., int]:
    real = module._function()  # noqa: SLF001

    def function(*arguments: object) -> int:
        flags = arguments[-1]
        assert isinstance(flags, int)
        calls.append(flags)
        if only is not None and flags != only:
            told = real(*arguments)
            assert isinstance(told, int)
            return told
        ctypes.set_errno(number)
        return -1

    return function


@pytest.mark.parametrize("number", [errno.EOPNOTSUPP, errno.ENOSYS, errno.EPERM, errno.EOVERFLOW])
def test_none_where_it_is_not_told(
    file: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    function = refuse(number, calls)
    monkeypatch.setattr(module, "_function", lambda: function)
    assert read_handle(file) is None
    assert calls == [0x200, 0]
    monkeypatch.undo()


def test_older_kernels_do_not_know_the_flag(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    honest, calls = read_handle(file), list[int]()
    function = refuse(errno.EINVAL, calls, only=0x200)
    monkeypatch.setattr(module, "_function", lambda: function)
    assert read_handle(file) == honest
    assert calls == [0x200, 0]
    monkeypatch.undo()


def test_other_systems(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.sys, "platform", "darwin")
    assert read_handle(file) is None


def test_c_library_without_the_call(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*_arguments: object, **_options: object) -> object:
        raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))

    monkeypatch.setattr(module.ctypes, "CDLL", nothing)
    assert read_handle(file) is None
