"""Where uv's cache is, as uv's documentation has it, and what it holds."""

import subprocess
from pathlib import Path

import pytest
from audit.conftest import Subject

from pytest_linkcheck.audit import uv_cache
from pytest_linkcheck.audit.uv_cache import UvCache, find_uv_cache

VARIABLES = ("UV_CACHE_DIR", "UV_LINK_MODE", "UV_NO_CONFIG", "UV_CONFIG_FILE", "XDG_CACHE_HOME",
             "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS")  # fmt: skip


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of a user who has configured nothing."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "system"))
    monkeypatch.setattr(uv_cache, "_SYSTEM", tmp_path / "etc/uv.toml")
    project = tmp_path / "work/project"
    project.mkdir(parents=True)
    return project


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_by_default_it_is_in_the_home_of_the_user(project: Path) -> None:
    assert find_uv_cache(project) == UvCache(project.parents[1] / "home/.cache/uv", None)


def test_or_where_xdg_says(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
    assert find_uv_cache(project).path == Path("/xdg/uv")


def test_or_on_windows_in_local_app_data(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", "/local")
    assert find_uv_cache(project).path == Path("/local/uv/cache")


def test_a_user_without_a_home_is_no_error(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOME")
    users: dict[int, str] = {}
    monkeypatch.setattr("pwd.getpwuid", users.__getitem__)
    assert not find_uv_cache(project).exists


PLACES = {
    "uv.toml of the project": ("work/project/uv.toml", 'cache-dir = "/told"'),
    "pyproject.toml of the project": (
        "work/project/pyproject.toml",
        '[tool.uv]\ncache-dir = "/told"',
    ),
    "uv.toml of a folder above": ("work/uv.toml", 'cache-dir = "/told"'),
    "the user's": ("home/.config/uv/uv.toml", 'cache-dir = "/told"'),
    "the system's, by XDG": ("system/uv/uv.toml", 'cache-dir = "/told"'),
    "the system's": ("etc/uv.toml", 'cache-dir = "/told"'),
}


@pytest.mark.parametrize(("name", "text"), PLACES.values(), ids=PLACES)
def test_a_configuration_file_tells(project: Path, name: str, text: str) -> None:
    _write(project.parents[1] / name, f'{text}\nlink-mode = "copy"\n')
    assert find_uv_cache(project) == UvCache(Path("/told"), "copy")


def test_the_nearer_configuration_wins_key_by_key(project: Path) -> None:
    top = project.parents[1]
    _write(top / "etc/uv.toml", 'cache-dir = "/system"\nlink-mode = "symlink"\n')
    _write(top / "home/.config/uv/uv.toml", 'cache-dir = "/user"\n')
    assert find_uv_cache(project) == UvCache(Path("/user"), "symlink")
    _write(project / "pyproject.toml", '[tool.uv]\nlink-mode = "copy"\n')
    assert find_uv_cache(project) == UvCache(Path("/user"), "copy")
    _write(project / "uv.toml", 'cache-dir = "/project"\n')
    assert find_uv_cache(project) == UvCache(Path("/project"), "symlink")


def test_variables_win_over_files(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _write(project / "uv.toml", 'cache-dir = "/project"\nlink-mode = "copy"\n')
    monkeypatch.setenv("UV_CACHE_DIR", "relative")
    monkeypatch.setenv("UV_LINK_MODE", "hardlink")
    assert find_uv_cache(project) == UvCache(project / "relative", "hardlink")


def test_variables_choose_the_file_or_none(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _write(project / "uv.toml", 'cache-dir = "/project"\n')
    _write(project / "other.toml", 'cache-dir = "/other"\n')
    monkeypatch.setenv("UV_CONFIG_FILE", "other.toml")
    assert find_uv_cache(project).path == Path("/other")
    monkeypatch.setenv("UV_CONFIG_FILE", "absent.toml")
    assert find_uv_cache(project).path.name == "uv"
    monkeypatch.delenv("UV_CONFIG_FILE")
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    assert find_uv_cache(project).path.name == "uv"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", "tool = 1"),
        ("pyproject.toml", "[tool]\nuv = 1"),
        ("pyproject.toml", "not TOML ["),
        ("uv.toml", "cache-dir = 1\nlink-mode = 2"),
        ("uv.toml", "\udcff"),
    ],
)
def test_a_configuration_that_makes_no_sense_is_passed_over(
    project: Path, name: str, text: str
) -> None:
    (project / name).write_bytes(text.encode(errors="surrogateescape"))
    assert find_uv_cache(project) == UvCache(project.parents[1] / "home/.cache/uv", None)


@pytest.mark.parametrize(
    "configured",
    [{}, {"work/project/uv.toml": 'cache-dir = "{top}/a"'}, {"work/uv.toml": 'cache-dir = "../b"'},
     {"home/.config/uv/uv.toml": 'cache-dir = "{top}/c"'},
     {"system/uv/uv.toml": 'cache-dir = "{top}/d"'},
     {"work/project/pyproject.toml": '[tool.uv]\ncache-dir = "here"'},
     {"work/uv.toml": 'cache-dir = "{top}/e"', "work/project/pyproject.toml": "[tool.other]"}],
    ids=str,
)  # fmt: skip
def test_uv_itself_says_the_same(project: Path, configured: dict[str, str]) -> None:
    top = project.parents[1]
    for name, text in configured.items():
        _write(top / name, text.format(top=top))
    told = subprocess.run(
        [_uv(), "cache", "dir"], cwd=project, capture_output=True, text=True, check=True
    )
    assert project / told.stdout.strip() == find_uv_cache(project).path


def _uv() -> str:
    from pytest_linkcheck.installs.installers.programs import find_uv_program  # noqa: PLC0415

    return str(find_uv_program())


def test_a_cache_that_cannot_be_read_holds_nothing(subject: Subject, tmp_path: Path) -> None:
    assert not UvCache(tmp_path / "absent", None).exists
    subject.cache.joinpath("archive-v9").touch()
    subject.audit().assert_outcomes(passed=1)
