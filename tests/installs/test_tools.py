"""Tool environments: made on demand, once, from a package index of this machine's own."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.indexes import NOBODY_LISTENS, fill_index, served, use_index

from pytest_linkcheck import LinkcheckError, UnavailableError, Wheelhouse
from pytest_linkcheck.installs import Toolbox
from pytest_linkcheck.installs.installers import Choice, Tools, find_installer, tool_python
from pytest_linkcheck.installs.installers.base import Installer

pytestmark = pytest.mark.slow


def _filler(name: str) -> Installer:
    return find_installer(Choice(name), Tools(Path(), Path(), lambda: _filler(name)))


@pytest.mark.parametrize("filler", ["uv", "pip"])
def test_one_is_built_once_and_works(
    tmp_path: Path, wheelhouse: Wheelhouse, monkeypatch: pytest.MonkeyPatch, filler: str
) -> None:
    index = fill_index(tmp_path / "index", wheelhouse.sample)
    tools = Tools(tmp_path / "tools", tmp_path / "home", lambda: _filler(filler))
    partial = tmp_path / "tools/sample-1.0-6bc6aa41.partial/bin/python"
    partial.parent.mkdir(parents=True)
    partial.write_text("what a killed run left")
    with served(index) as url:
        use_index(monkeypatch, url)
        with ThreadPoolExecutor(4) as pool:
            made = set(pool.map(lambda _: tools.make("sample==1.0"), range(4)))
    (prefix,) = made
    told = subprocess.run(
        [tool_python(prefix), "-c", "import sample; print(sample.VERSION)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout == "1.0\n"
    use_index(monkeypatch, NOBODY_LISTENS)
    assert tools.make("sample==1.0") == prefix
    assert sorted(path.name for path in prefix.parent.iterdir() if path.suffix == ".partial") in (
        [],
        [partial.parents[1].name],
    )


@pytest.mark.parametrize("filler", ["uv", "pip"])
def test_no_index_and_no_such_version(
    tmp_path: Path, wheelhouse: Wheelhouse, monkeypatch: pytest.MonkeyPatch, filler: str
) -> None:
    tools = Tools(tmp_path / "tools", tmp_path / "home", lambda: _filler(filler))
    use_index(monkeypatch, NOBODY_LISTENS)
    with pytest.raises(UnavailableError) as caught:
        tools.make("sample==1.0")
    assert str(caught.value) == (
        "sample==1.0 cannot be had, no package index answers: connect to one, name one by "
        "PIP_INDEX_URL and UV_DEFAULT_INDEX, or name what is here with --linkcheck-installer "
        "NAME=PATH"
    )
    with served(fill_index(tmp_path / "index", wheelhouse.sample)) as url:
        use_index(monkeypatch, url)
        with pytest.raises(
            LinkcheckError, match=r"^sample==9.9 cannot be had from the package"
        ) as no:
            tools.make("sample==9.9")
    assert not isinstance(no.value, UnavailableError)


@pytest.mark.parametrize("name", ["uv==0.10.4", "pip==22.3", "pdm", "installer", "virtualenv"])
def test_without_an_index_a_toolbox_says_so_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    use_index(monkeypatch, NOBODY_LISTENS)
    toolbox = Toolbox([], tmp_path)
    for _ in range(2):
        with pytest.raises(UnavailableError, match="cannot be had, no package index answers"):
            toolbox.find(name)


def test_what_is_chosen_is_what_a_name_alone_means(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for number, path in enumerate((one, two), 1):
        path.write_text(f"#!/bin/sh\necho uv {number}.0\n")
        path.chmod(0o755)
    toolbox = Toolbox([Choice("uv", path=one), Choice("uv", path=two)], tmp_path / "run")
    assert str(toolbox.find("uv").version) == "1.0"
    assert str(toolbox.find(f"uv={two}").version) == "2.0"
    assert toolbox.find(f"uv={one}") is toolbox.find("uv")


def test_the_library_has_no_path(tmp_path: Path) -> None:
    with pytest.raises(LinkcheckError) as caught:
        Toolbox([], tmp_path).find(f"installer={sys.executable}")
    assert str(caught.value) == (
        "installer is a library, and no program to be named by a path: give installer or "
        "installer==VERSION"
    )


@pytest.mark.parametrize("name", ["pdm", "virtualenv"])
def test_a_program_that_is_another(tmp_path: Path, name: str) -> None:
    program = tmp_path / name
    program.write_text("#!/bin/sh\necho nonsense\n")
    program.chmod(0o755)
    with pytest.raises(LinkcheckError) as caught:
        Toolbox([], tmp_path).find(f"{name}={program}")
    assert str(caught.value).startswith(f"{program} is no {name} that works: asked for its version")
    assert os.fspath(program) in str(caught.value)
