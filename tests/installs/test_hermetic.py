from pathlib import Path

import pytest

from pytest_linkcheck.installs.hermetic import hermetic_environ


@pytest.mark.parametrize(
    "name",
    [
        "UV_LINK_MODE",
        "UV_COMPILE_BYTECODE",
        "UV_PREVIEW",
        "UV_NO_CACHE",
        "UV_CONFIG_FILE",
        "UV_CACHE_DIR",
        "PIP_NO_COMPILE",
        "PIP_TARGET",
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONPYCACHEPREFIX",
        "PYTHONPATH",
        "PYTHONHOME",
        "SOURCE_DATE_EPOCH",
        "PYC_INVALIDATION_MODE",
        "VIRTUAL_ENV",
        "CONDA_PREFIX",
        "XDG_DATA_DIRS",
        "FORCE_COLOR",
        "CLICOLOR_FORCE",
        "RUST_LOG",
    ],
)
@pytest.mark.parametrize("online", [True, False])
def test_what_would_change_the_result_is_cleared(
    tmp_path: Path, name: str, *, online: bool
) -> None:
    assert name not in hermetic_environ(tmp_path, online=online, base={name: "user's"})


@pytest.mark.parametrize("name", ["PIP_INDEX_URL", "UV_DEFAULT_INDEX", "PIP_CERT", "PIP_PROXY"])
def test_how_to_reach_an_index_is_kept_only_where_one_is_needed(tmp_path: Path, name: str) -> None:
    base = {name: "user's"}
    assert hermetic_environ(tmp_path, online=True, base=base)[name] == "user's"
    assert name not in hermetic_environ(tmp_path, online=False, base=base)


def test_the_rest_is_kept(tmp_path: Path) -> None:
    base = {"PATH": "/bin", "LANG": "C.UTF-8", "HTTPS_PROXY": "proxy", "UVICORN": "no uv"}
    environ = hermetic_environ(tmp_path, online=False, base=base)
    assert base.items() <= environ.items()


@pytest.mark.parametrize(
    "name", ["HOME", "USERPROFILE", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"]
)
def test_home_and_its_kin_are_folders_of_the_run(tmp_path: Path, name: str) -> None:
    environ = hermetic_environ(tmp_path, online=False, base={name: "/home/user"})
    assert Path(environ[name]).is_relative_to(tmp_path)


def test_the_temporary_folder_exists(tmp_path: Path) -> None:
    environ = hermetic_environ(tmp_path / "home", online=False)
    assert Path(environ["TMPDIR"]).is_dir()


def test_our_own_variables_are_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OF_THIS_TEST", "yes")
    monkeypatch.setenv("UV_OF_THIS_TEST", "yes")
    environ = hermetic_environ(tmp_path, online=False)
    assert environ["OF_THIS_TEST"] == "yes"
    assert "UV_OF_THIS_TEST" not in environ


@pytest.mark.parametrize(("retries", "kept"), [("0", "1"), ("7", "7")])
def test_pip_tries_twice_as_else_it_says_nothing_of_the_network(
    tmp_path: Path, retries: str, kept: str
) -> None:
    environ = hermetic_environ(tmp_path, online=True, base={"PIP_RETRIES": retries})
    assert environ["PIP_RETRIES"] == kept
