import os
import re
import sys
import sysconfig
from pathlib import Path

import pytest
from support.handmade import SITE, lay_out
from support.users import nobody, open_way

from pytest_linkcheck import LinkcheckError
from pytest_linkcheck.installs import find_layout
from pytest_linkcheck.installs.layout import running_layout


def _make(prefix: Path, *versions: str) -> None:
    for version in versions:
        (prefix / "lib" / version / "site-packages").mkdir(parents=True)


def _refusal(prefix: Path) -> str:
    with pytest.raises(LinkcheckError) as caught:
        find_layout(prefix)
    return str(caught.value)


def test_an_environment_is_its_folders(tmp_path: Path) -> None:
    layout = lay_out(tmp_path)
    assert layout.prefix == tmp_path
    assert layout.site_packages == tmp_path / SITE
    assert layout.scripts == tmp_path / "bin"
    assert layout.python == tmp_path / "bin" / "python"


@pytest.mark.parametrize("name", ["python3.13t", "pypy3.11", "graalpy25.0"])
def test_every_python_has_its_own_folder(tmp_path: Path, name: str) -> None:
    _make(tmp_path, name)
    assert find_layout(tmp_path).site_packages == tmp_path / "lib" / name / "site-packages"


def test_a_relative_path_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _make(tmp_path / "env", "python3.11")
    monkeypatch.chdir(tmp_path)
    assert find_layout("env").prefix == tmp_path / "env"


def test_a_symlinked_environment_keeps_the_name_it_was_given(tmp_path: Path) -> None:
    _make(tmp_path / "env", "python3.11")
    (tmp_path / "link").symlink_to("env")
    assert find_layout(tmp_path / "link").prefix == tmp_path / "link"


def test_of_this_process() -> None:
    layout = running_layout()
    assert layout.prefix == Path(sys.prefix)
    assert layout.site_packages == Path(sysconfig.get_path("purelib"))


def test_missing(tmp_path: Path) -> None:
    path = tmp_path / "absent"
    assert _refusal(path) == f"{path} does not exist: name an environment that does"


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    assert _refusal(path) == f"{path} cannot be read as an environment: Not a directory"


@pytest.mark.parametrize("inner", [None, "lib", "lib/python3.11", "lib/notpython/site-packages"])
def test_no_site_packages(tmp_path: Path, inner: str | None) -> None:
    if inner:
        (tmp_path / inner).mkdir(parents=True)
    assert _refusal(tmp_path) == (
        f"{tmp_path} has no lib/python*/site-packages: it is no environment, or a broken one; "
        "name another, or make it again"
    )


def test_site_packages_that_is_a_file(tmp_path: Path) -> None:
    _make(tmp_path, "python3.12")
    stale = tmp_path / "lib" / "python3.11"
    stale.mkdir()
    (stale / "site-packages").touch()
    (tmp_path / "lib" / "python-notes.txt").touch()
    assert find_layout(tmp_path).site_packages.parent.name == "python3.12"


def test_lib_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "lib").touch()
    assert "cannot be read as an environment: Not a directory" in _refusal(tmp_path)


TWO = (
    "has 2 site-packages, lib/python3.11/site-packages and lib/python3.12/site-packages, and its "
    "pyvenv.cfg does not say which is in use: remove the stale one"
)


@pytest.mark.parametrize("key", ["version", "version_info"])
@pytest.mark.parametrize("chosen", ["3.11", "3.12"])
def test_of_two_the_one_that_pyvenv_cfg_names(tmp_path: Path, key: str, chosen: str) -> None:
    _make(tmp_path, "python3.11", "python3.12")
    (tmp_path / "pyvenv.cfg").write_text(f"home = /usr/bin\n{key} = {chosen}.7\n")
    assert find_layout(tmp_path).site_packages.parent.name == f"python{chosen}"


@pytest.mark.parametrize(
    "config", [None, b"", b"home = /usr/bin\n", b"version = 3.13.1\n", b"\xff\xfe\0version"]
)
def test_two_that_nothing_decides(tmp_path: Path, config: bytes | None) -> None:
    _make(tmp_path, "python3.11", "python3.12")
    if config is not None:
        (tmp_path / "pyvenv.cfg").write_bytes(config)
    assert _refusal(tmp_path) == f"{tmp_path} {TWO}"


def test_a_fifo_for_pyvenv_cfg_is_not_opened(tmp_path: Path) -> None:
    _make(tmp_path, "python3.11", "python3.12")
    os.mkfifo(tmp_path / "pyvenv.cfg")
    assert _refusal(tmp_path) == f"{tmp_path} {TWO}"


def test_names_are_escaped(tmp_path: Path) -> None:
    assert "evil\\x1b[2J does not exist" in _refusal(tmp_path / "evil\x1b[2J")


@pytest.mark.parametrize("closed", [".", "lib", "lib/python3.11"])
def test_a_folder_that_may_not_be_read_is_not_taken_for_an_empty_one(
    tmp_path: Path, closed: str
) -> None:
    env = tmp_path / "env"
    _make(env, "python3.11")
    open_way(tmp_path)
    (env / closed).chmod(0)
    try:
        with nobody():
            refusal = _refusal(env)
    finally:
        (env / closed).chmod(0o755)
    assert re.fullmatch(r".*/env cannot be read as an environment: Permission denied", refusal)
