"""What is in the wheel and the source distribution that `tox -e wheel` has built."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest


@pytest.fixture
def wheel() -> Path:
    (found,) = Path(os.environ["LINKCHECK_DIST"]).glob("*.whl")
    return found


@pytest.fixture
def sdist() -> Path:
    (found,) = Path(os.environ["LINKCHECK_DIST"]).glob("*.tar.gz")
    return found


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()

    report = "pytest_linkcheck/report"
    page = {f"{report}/templates/{name}" for name in ("page.html", "style.css", "script.js")}
    assert {"pytest_linkcheck/py.typed", f"{report}/schema.json", *page} <= set(names)
    assert {name.partition("/")[0].split("-")[0] for name in names} == {"pytest_linkcheck"}


def test_the_wheel_registers_the_plugin(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (points,) = (name for name in archive.namelist() if name.endswith("entry_points.txt"))

    assert "linkcheck = pytest_linkcheck.plugin" in archive.read(points).decode()


def test_the_source_distribution_can_be_tested(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        tops = {name.split("/")[1] for name in archive.getnames() if "/" in name}

    assert {"src", "tests", "examples", "tox.ini", "pyproject.toml", "LICENSE"} <= tops


def test_the_wheel_works_where_nothing_else_is_installed(wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "venv"
    python = environment / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", wheel], check=True)
    (tmp_path / "empty").mkdir()

    done = subprocess.run(
        [python, "-m", "pytest", "--linkcheck"],
        cwd=tmp_path / "empty",
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "pytest-linkcheck" in done.stdout
