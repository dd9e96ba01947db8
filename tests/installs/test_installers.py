import importlib.util
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import uv as uv_package
from packaging.version import Version

from pytest_linkcheck import Installer, LinkcheckError, UnavailableError, Venvs, Wheelhouse
from pytest_linkcheck.installs import Toolbox
from pytest_linkcheck.installs.installers import (
    INSTALLERS,
    Choice,
    Pip,
    Tools,
    Uv,
    find_installer,
)

NO_UV = (
    "uv is missing: install the package pytest-linkcheck[uv], or name a uv with "
    "--linkcheck-installer uv=PATH"
)


PROGRAMS = ("uv", "pip")


def _find(name: str, path: Path | None = None) -> Installer:
    return find_installer(Choice(name, path=path), Tools(Path(), Path(), _nobody))


def _nobody() -> Installer:
    raise AssertionError("no tool environment is needed")


@pytest.fixture
def empty_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH, empty."""
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def _hide(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == package else find(name)
    )


def _program(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)
    return path


def _says(path: Path, text: str, status: int = 0) -> Path:
    return _program(path, f"printf '%s\\n' '{text}'", f"exit {status}")


@pytest.mark.parametrize("name", PROGRAMS)
def test_each_is_found_and_tells_its_version(name: str) -> None:
    found: Installer = _find(name)
    assert found.name == name
    assert found.link_modes == INSTALLERS[name].link_modes
    told = subprocess.run(
        [sys.executable, "-m", name, "--version"], capture_output=True, check=True
    )
    assert str(found.version) == told.stdout.decode().split()[1]


def test_uv_is_that_of_the_package_before_that_on_path(empty_path: Path) -> None:
    _says(empty_path / "uv", "uv 99.0")
    found = _find("uv")
    assert isinstance(found, Uv)
    assert found.path == Path(uv_package.find_uv_bin())


def test_uv_on_path(empty_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _says(empty_path / "uv", "uv 99.0 (abc 2030-01-01)")
    _hide(monkeypatch, "uv")
    found = _find("uv")
    assert found.version == Version("99.0")


def _unrecord(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the package `uv` be one that no RECORD tells of."""
    monkeypatch.setattr("pytest_linkcheck.installs.installers.uv.find_recorded_uv", lambda: None)


def test_a_recorded_uv_is_not_asked_for_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = _find("uv")
    _unrecord(monkeypatch)
    assert _find("uv") == recorded


def _package_uv(site: Path, record: str, version: str = "98.0") -> Path:
    """Return the program of a package `uv` in *site*, which says that it is uv 99.0."""
    info = site / f"uv-{version}.dist-info"
    for folder in (site / "uv", info, site / "bin"):
        folder.mkdir(parents=True, exist_ok=True)
    program = _says(site / "bin/uv", "uv 99.0")
    (site / "uv/__init__.py").write_text(f"def find_uv_bin():\n    return {os.fspath(program)!r}\n")
    (info / "RECORD").write_text(record.format(size=program.stat().st_size))
    return program


@pytest.fixture
def other_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that modules are found in first."""
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.delitem(sys.modules, "uv", raising=False)
    return tmp_path / "site"


@pytest.mark.parametrize("record", ["bin/uv,sha256=x,{size}\n", "x.py,,\n\nbin/uv,,{size}\n"])
def test_the_version_of_a_recorded_uv(other_site: Path, record: str) -> None:
    program = _package_uv(other_site, record)
    assert _find("uv") == Uv(program, Version("98.0"))


@pytest.mark.parametrize(
    ("record", "version"),
    [
        ("bin/uv,sha256=x,1\n", "98.0"),  # another program was put in its place
        ("bin/uv,,\n", "98.0"),
        ("bin/uv\n", "98.0"),
        ("bin/absent/bin/uv,,{size}\n", "98.0"),
        ("", "98.0"),
        ("bin/uv,,{size}\n", "next"),
        pytest.param("bin/uv,,{size}\n" + 200_000 * "x", "98.0", id="more than csv takes"),
    ],
)
def test_a_uv_is_asked_where_its_record_does_not_tell(
    other_site: Path, record: str, version: str
) -> None:
    program = _package_uv(other_site, record, version)
    assert _find("uv") == Uv(program, Version("99.0"))


def test_a_uv_is_asked_where_two_records_tell(other_site: Path) -> None:
    _package_uv(other_site, "bin/uv,,{size}\n", "97.0")
    program = _package_uv(other_site, "bin/uv,,{size}\n")
    assert _find("uv") == Uv(program, Version("99.0"))


def test_a_uv_is_asked_where_its_record_cannot_be_read(other_site: Path) -> None:
    program = _package_uv(other_site, "bin/uv,,{size}\n")
    (other_site / "uv-98.0.dist-info/RECORD").unlink()
    assert _find("uv") == Uv(program, Version("99.0"))


def _missing_binary() -> str:
    raise FileNotFoundError("no uv")


@pytest.mark.parametrize("broken", ["removed", "no package of uv's"])
def test_a_uv_package_without_its_program_is_passed_over(
    empty_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    _unrecord(monkeypatch)
    if broken == "removed":
        monkeypatch.setattr(uv_package, "find_uv_bin", _missing_binary)
    else:
        monkeypatch.delattr(uv_package, "find_uv_bin")
    _says(empty_path / "uv", "uv 99.0")
    assert _find("uv").version == Version("99.0")


@pytest.mark.usefixtures("empty_path")
def test_no_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    _hide(monkeypatch, "uv")
    with pytest.raises(UnavailableError) as caught:
        _find("uv")
    assert str(caught.value) == NO_UV


def test_no_uv_in_a_python_that_has_none(tmp_path: Path) -> None:
    code = """
        import sys
        sys.modules["uv"] = None
        from pytest_linkcheck.installs.installers import Choice, find_installer
        try:
            find_installer(Choice("uv"), None)
        except Exception as error:
            print(type(error).__name__, error)
    """
    path = os.pathsep.join(entry for entry in sys.path if entry)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={"PATH": str(tmp_path), "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"UnavailableError {NO_UV}\n"


def test_pip_on_path(empty_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pip = _says(empty_path / "pip", "pip 99.0 from /somewhere")
    _hide(monkeypatch, "pip")
    assert _find("pip") == Pip((str(pip),), Version("99.0"))


@pytest.mark.usefixtures("empty_path")
def test_no_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    _hide(monkeypatch, "pip")
    with pytest.raises(UnavailableError) as caught:
        _find("pip")
    assert str(caught.value) == (
        "pip is missing: install the package pip, or name one with --linkcheck-installer pip=PATH"
    )


def test_the_path_that_is_given_is_used(tmp_path: Path) -> None:
    uv = _says(tmp_path / "my-uv", "uv 0.1")
    assert _find("uv", uv) == Uv(uv, Version("0.1"))
    pip = _says(tmp_path / "my-pip", "pip 30.1 from /somewhere")
    assert _find("pip", pip) == Pip((str(pip),), Version("30.1"))


@pytest.mark.parametrize("version", ["22.2.2", "9.0.1"])
def test_a_pip_that_is_too_old(tmp_path: Path, version: str) -> None:
    pip = _says(tmp_path / "pip", f"pip {version} from /somewhere")
    with pytest.raises(UnavailableError) as caught:
        _find("pip", pip)
    assert str(caught.value) == (
        f"pip {version} has no --python: upgrade it to 22.3, or name a newer one with "
        "--linkcheck-installer pip=PATH"
    )


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize(
    ("said", "status", "shown"),
    [
        ("nonsense", 0, "'nonsense'"),
        ("", 0, "'nothing'"),
        ("{name}", 0, "'{name}'"),
        ("{name} one", 0, "'{name} one'"),
        ("other 1.0", 0, "'other 1.0'"),
        ("{name} 1.0", 3, "'{name} 1.0'"),
        ("x" * 200, 0, f"'{'x' * 80}'"),
    ],
)
def test_a_program_that_is_none(
    tmp_path: Path, name: str, said: str, status: int, shown: str
) -> None:
    program = _says(tmp_path / "program", said.format(name=name), status)
    with pytest.raises(UnavailableError) as caught:
        _find(name, program)
    assert str(caught.value) == (
        f"{program} is no {name} that works: asked for its version it ended with status {status} "
        f"and printed {shown.format(name=name)}"
    )


def test_what_a_program_prints_is_escaped(tmp_path: Path) -> None:
    program = _program(tmp_path / "uv", r"printf '\033[2J'")
    with pytest.raises(UnavailableError) as caught:
        _find("uv", program)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    ("mode", "problem"), [(0o644, "Permission denied"), (None, "No such file or directory")]
)
def test_a_program_that_cannot_be_started(tmp_path: Path, mode: int | None, problem: str) -> None:
    path = tmp_path / "uv"
    if mode is not None:
        path.touch(mode)
    with pytest.raises(LinkcheckError) as caught:
        _find("uv", path)
    assert str(caught.value) == f"{path} cannot be run: {problem}"


def test_a_name_nobody_knows() -> None:
    with pytest.raises(LinkcheckError) as caught:
        _find("conda")
    assert str(caught.value) == (
        "conda is no installer known here: name one of uv, pip, pdm, installer, virtualenv"
    )


def test_a_toolbox_asks_for_a_version_once(tmp_path: Path) -> None:
    uv = _program(tmp_path / "uv", f"echo asked >> {tmp_path}/log", "echo uv 1.0")
    toolbox = Toolbox([Choice("uv", path=uv)], tmp_path)
    assert toolbox.find("uv") is toolbox.find("uv")
    assert (tmp_path / "log").read_text() == "asked\n"


def test_without_pip_uv_works_for_local_wheels(tmp_path: Path, wheelhouse: Wheelhouse) -> None:
    toolbox = Toolbox([Choice("pip", path=_says(tmp_path / "pip", "nonsense"))], tmp_path / "run")
    assert toolbox.fetcher() is None
    env = Venvs(toolbox, tmp_path / "venvs").uv(wheelhouse.sample)
    assert str(env["sample"]) == "sample 1.0"


def test_pip_is_looked_for_only_to_fetch_packages(tmp_path: Path, wheelhouse: Wheelhouse) -> None:
    pip = _program(tmp_path / "pip", f"echo asked >> {tmp_path}/log", "echo nonsense")
    toolbox = Toolbox([Choice("pip", path=pip)], tmp_path / "run")
    Venvs(toolbox, tmp_path / "venvs").uv(wheelhouse.sample)
    assert not (tmp_path / "log").exists()
    assert toolbox.fetcher() is None
    assert (tmp_path / "log").read_text() == "asked\n"
