import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from support.mounting import run
from support.oracle import device_of, names_of, same_bytes, same_file, stat_of
from support.users import nobody, open_way

from pytest_linkcheck import Environment, InstallError, LinkcheckError, Role, Venvs, Wheelhouse
from pytest_linkcheck.installs import Toolbox, sample
from pytest_linkcheck.installs.installers import Choice, Command, Target, Uv

MODULE = "sample/__init__.py"
FALLBACK = "warning: Failed to hardlink files; falling back to full copy."
per_installer = pytest.mark.parametrize(
    "installer", ["uv", pytest.param("pip", marks=pytest.mark.slow)]
)


def _payload(env: Environment) -> list[str]:
    return [file.name for file in env["sample"].files if file.role is Role.PAYLOAD]


def _names(path: Path, *folders: Path) -> int:
    """Return how many names `find` sees of the file *path* in *folders*."""
    return len(run("find", *folders, "-samefile", path).splitlines())


# Apart from each other


@dataclass(frozen=True)
class _Scribbler(Uv):
    """Leaves a file where an installer keeps what it needs besides, as PDM does its project."""

    def install(self, target: Target, requirements: Sequence[str]) -> Command:
        note = target.scratch / "note"
        assert not note.exists(), "left by another environment"
        return replace(super().install(target, requirements), files={note: "x"})


def test_nothing_is_left_of_an_environment_that_had_the_same_path(
    tmp_path: Path, wheelhouse: Wheelhouse
) -> None:
    """On a place the folder of one test is removed, and its name is free for another test's."""
    toolbox = Toolbox([], tmp_path / "toolbox")
    uv = toolbox.find("uv")
    assert isinstance(uv, Uv)
    made = []
    for _ in range(2):
        venvs = Venvs(toolbox, tmp_path / "test")
        made.append(venvs.create(_Scribbler(uv.path, uv.version), wheelhouse.sample))
        shutil.rmtree(tmp_path / "test")
    assert made[0].prefix == made[1].prefix


# Who shares what


def test_hard_links_are_one_inode_with_the_cache(venvs: Venvs, wheelhouse: Wheelhouse) -> None:
    one, two = (venvs.uv(wheelhouse.sample, link_mode="hardlink") for _ in range(2))
    for name in _payload(one):
        assert same_file(one / name, two / name)
        assert stat_of(one / name, "%d:%i") == stat_of(two / name, "%d:%i")
        assert stat_of(one / name, "%h") == "3"
        assert _names(one / name, one.prefix, two.prefix, one.cache) == 3
    assert one.cache == two.cache
    assert one.log.warnings == two.log.warnings == ()


def test_uv_chooses_clones_or_hard_links_and_never_copies(
    venvs: Venvs, wheelhouse: Wheelhouse
) -> None:
    clone = venvs.uv(wheelhouse.sample, link_mode="clone")
    default = venvs.uv(wheelhouse.sample)
    assert clone.log.warnings == default.log.warnings == ()
    hardlinks = same_file(clone / MODULE, default / MODULE)  # reflinks where there are such
    assert stat_of(clone / MODULE, "%h") == ("3" if hardlinks else "1")


def test_copies_have_inodes_of_their_own(venvs: Venvs, wheelhouse: Wheelhouse) -> None:
    one, two = (venvs.uv(wheelhouse.sample, link_mode="copy") for _ in range(2))
    for name in _payload(one):
        assert not same_file(one / name, two / name)
        assert same_bytes(one / name, two / name)
        assert stat_of(one / name, "%h") == "1"


def test_symlinks_lead_into_the_cache(venvs: Venvs, wheelhouse: Wheelhouse) -> None:
    env = venvs.uv(wheelhouse.sample, link_mode="symlink")
    for name in _payload(env):
        assert stat_of(env / name, "%F") == "symbolic link"
        assert Path(stat_of(env / name, "%N").split("'")[-2]).is_relative_to(env.cache)


def test_pip_shares_nothing(venvs: Venvs, wheelhouse: Wheelhouse) -> None:
    one, two = (venvs.pip(wheelhouse.sample) for _ in range(2))
    for name in _payload(one):
        assert not same_file(one / name, two / name)
        assert stat_of(one / name, "%h") == stat_of(two / name, "%h") == "1"


@per_installer
def test_the_files_are_those_of_the_wheel(
    venvs: Venvs, wheelhouse: Wheelhouse, installer: str
) -> None:
    env = venvs.create(installer, wheelhouse.sample)
    contents = sample.contents("1.0")["files"]
    assert {name: (env / name).read_bytes() for name in _payload(env)} == {
        name: data for name, data in contents.items() if name.startswith("sample/")
    }


# Where it lies


@pytest.fixture(params=["environment elsewhere", "cache elsewhere"])
def apart(request: pytest.FixtureRequest, other_device: Path) -> dict[str, Path]:
    """Places for environment and cache with a device boundary between them."""
    key = "at" if request.param == "environment elsewhere" else "cache_at"
    return {key: other_device}


@pytest.mark.parametrize("link_mode", [None, "clone", "hardlink"])
def test_across_devices_uv_copies_and_warns(
    venvs: Venvs, wheelhouse: Wheelhouse, apart: dict[str, Path], link_mode: str | None
) -> None:
    env = venvs.uv(
        wheelhouse.sample,
        link_mode=link_mode,
        at=apart.get("at"),
        cache_at=apart.get("cache_at"),
    )
    assert device_of(env / MODULE) != device_of(env.cache)
    assert stat_of(env / MODULE, "%h") == "1"
    assert len(env.log.warnings) == 1
    assert env.log.warnings[0].startswith(FALLBACK)


@pytest.mark.parametrize("link_mode", ["copy", "symlink"])
def test_across_devices_what_was_asked_for_gives_no_warning(
    venvs: Venvs, wheelhouse: Wheelhouse, apart: dict[str, Path], link_mode: str
) -> None:
    env = venvs.uv(
        wheelhouse.sample,
        link_mode=link_mode,
        at=apart.get("at"),
        cache_at=apart.get("cache_at"),
    )
    kind = "symbolic link" if link_mode == "symlink" else "regular file"
    assert stat_of(env / MODULE, "%F") == kind
    assert env.log.warnings == ()


@pytest.mark.parametrize("variable", ["FORCE_COLOR", "CLICOLOR_FORCE"])
def test_a_warning_is_seen_also_where_the_user_wants_colours(
    venvs: Venvs,
    wheelhouse: Wheelhouse,
    other_device: Path,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
) -> None:
    monkeypatch.setenv(variable, "1")
    env = venvs.uv(wheelhouse.sample, cache_at=other_device)
    assert [line[: len(FALLBACK)] for line in env.log.warnings] == [FALLBACK]
    assert "\x1b" not in env.log.stderr


def test_environments_lie_where_they_are_placed(
    venvs: Venvs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    one, two = (venvs.uv(at="relative", cache_at=str(tmp_path / "cache")) for _ in range(2))
    assert (one.prefix, two.prefix) == (tmp_path / "relative/uv-1", tmp_path / "relative/uv-2")
    assert one.cache == tmp_path / "cache" / "uv-cache"
    assert venvs.made == [one, two]


def test_a_folder_that_may_not_be_written(venvs: Venvs, tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(0o555)
    open_way(tmp_path)
    with nobody(), pytest.raises(LinkcheckError) as caught:
        venvs.uv(at=folder)
    assert str(caught.value) == f"no environment can be made in {folder}: Permission denied"


def test_a_place_that_is_a_file(venvs: Venvs, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LinkcheckError, match=r"no environment can be made in .*/file: File exists"):
        venvs.uv(at=tmp_path / "file")


# How it is made


@per_installer
def test_what_an_environment_says_of_itself(venvs: Venvs, installer: str) -> None:
    env = venvs.create(installer)
    assert env.installer.name == installer
    assert env.python == env.prefix / "bin" / "python"
    assert env.scripts == env.prefix / "bin"
    assert env.site_packages.parent.parent == env.prefix / "lib"
    assert env / "a/b" == env.site_packages / "a" / "b"
    assert env.link_mode is None
    assert env.distributions() == []
    assert repr(env) == f"<{installer} environment {env.prefix}>"


def test_a_link_mode_is_shown(venvs: Venvs) -> None:
    env = venvs.uv(link_mode="copy")
    assert env.link_mode == "copy"
    assert repr(env) == f"<uv environment {env.prefix}, link mode copy>"


@pytest.mark.parametrize(
    ("installer", "known"), [("uv", "clone, hardlink, copy, symlink"), ("pip", "copy")]
)
def test_a_link_mode_nobody_knows(venvs: Venvs, installer: str, known: str) -> None:
    with pytest.raises(LinkcheckError) as caught:
        venvs.create(installer, link_mode="magic")
    assert str(caught.value) == f"{installer} has no link mode magic: it has {known}"
    assert venvs.made == []


def test_a_bytecode_policy_nobody_knows(venvs: Venvs) -> None:
    with pytest.raises(LinkcheckError) as caught:
        venvs.uv(bytecode="sometimes")
    assert str(caught.value) == "bytecode='sometimes' is none of none, compiled, on-import"


@per_installer
@pytest.mark.parametrize(("umask", "mode"), [(0o022, "644"), (0o077, "600")])
def test_the_umask_decides_on_modes(
    venvs: Venvs, wheelhouse: Wheelhouse, installer: str, umask: int, mode: str
) -> None:
    env = venvs.create(installer, wheelhouse.sample, umask=umask)
    assert stat_of(env["sample"].dist_info / "INSTALLER", "%a") == mode
    if installer == "pip":
        assert stat_of(env / MODULE, "%a") == mode
    assert int(stat_of(env / "sample", "%a"), 8) & umask == 0


def test_our_own_umask_is_not_changed(venvs: Venvs, wheelhouse: Wheelhouse) -> None:
    before = os.umask(0o027)
    try:
        env = venvs.uv(wheelhouse.sample)
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)
    assert stat_of(env / MODULE, "%a") == "644"


@per_installer
@pytest.mark.parametrize(
    ("policy", "seen"),
    [("none", (False, False)), ("compiled", (True, True)), ("on-import", (False, True))],
)
def test_whether_bytecode_is_there_after_an_install_and_after_an_import(
    venvs: Venvs, wheelhouse: Wheelhouse, installer: str, policy: str, seen: tuple[bool, bool]
) -> None:
    env = venvs.create(installer, wheelhouse.sample, bytecode=policy)
    after_install = bool(env["sample"].bytecode())
    assert any(env.prefix.rglob("__pycache__")) is after_install
    env.run("python", "-c", "import sample")
    assert (after_install, bool(env["sample"].bytecode())) == seen


@pytest.mark.slow
@pytest.mark.skipif(sys.version_info >= (3, 14), reason="not yet tried: pip of that ensurepip")
def test_a_real_pip_of_its_own(venvs: Venvs, wheelhouse: Wheelhouse) -> None:
    env = venvs.pip(wheelhouse.neighbour, seed=True)
    assert env["pip"].problems == ()
    assert env.log[-1].args[:3] == (str(env.python), "-m", "pip")
    assert env.run("pip", "--version").stdout.split()[1] == env["pip"].version
    assert (env / "sample_neighbour/__init__.py").exists()


def test_variables_of_the_tests_own(venvs: Venvs, wheelhouse: Wheelhouse) -> None:
    env = venvs.uv(wheelhouse.sample, environ={"UV_LINK_MODE": "symlink"})
    assert stat_of(env / MODULE, "%F") == "symbolic link"


def test_an_environment_that_cannot_be_made(venvs: Venvs, tmp_path: Path) -> None:
    with pytest.raises(InstallError, match=r"uv made no environment\n"):
        venvs.uv(python=str(tmp_path / "absent-python"))
    with pytest.raises(LinkcheckError, match=r"absent-python cannot be run: No such file"):
        venvs.pip(python=str(tmp_path / "absent-python"))
    assert venvs.made == []


def test_an_installer_that_makes_nothing_and_says_all_is_well(tmp_path: Path) -> None:
    uv = tmp_path / "uv"
    uv.write_text("#!/bin/sh\necho uv 1.0\n")
    uv.chmod(0o755)
    venvs = Venvs(Toolbox([Choice("uv", path=uv)], tmp_path / "run"), tmp_path / "venvs")
    with pytest.raises(LinkcheckError, match=r"uv-1 has no lib/python.*/site-packages"):
        venvs.uv()


# What is done to it


@per_installer
def test_uninstall_removes_what_was_installed(
    venvs: Venvs, wheelhouse: Wheelhouse, installer: str
) -> None:
    env = venvs.create(installer)
    before = set(env.prefix.rglob("*"))
    env.install(wheelhouse.sample)
    assert set(env.prefix.rglob("*")) - before
    env.uninstall("Sample")
    left = {path for path in env.prefix.rglob("*") if path.is_file()} - before
    assert left <= {env.prefix / ".lock"}  # uv's own
    assert env.distributions() == []


@per_installer
def test_upgrade(venvs: Venvs, wheelhouse: Wheelhouse, installer: str) -> None:
    env = venvs.create(installer, wheelhouse.sample)
    env.install(wheelhouse.sample_2)
    assert str(env["sample"]) == "sample 2.0"
    assert not (env / "sample/tiny.py").exists()
    assert (env / "sample/added.py").exists()
    assert "two" in (env / "sample/large.py").read_text()


def test_an_upgrade_leaves_the_other_environments_as_they_were(
    venvs: Venvs, wheelhouse: Wheelhouse
) -> None:
    one, two = (venvs.uv(wheelhouse.sample, link_mode="hardlink") for _ in range(2))
    before = stat_of(two / "sample/large.py", "%d:%i %s %y")
    one.install(wheelhouse.sample_2)
    assert stat_of(two / "sample/large.py", "%d:%i %s %y") == before
    assert not same_file(one / "sample/large.py", two / "sample/large.py")


@per_installer
def test_a_neighbour_that_ships_one_same_path(
    venvs: Venvs, wheelhouse: Wheelhouse, installer: str
) -> None:
    env = venvs.create(installer, wheelhouse.sample)
    env.install(wheelhouse.neighbour)
    assert b"sample-neighbour" in (env / sample.SHARED_PATH).read_bytes()
    assert [str(dist) for dist in env.distributions()] == ["sample 1.0", "sample-neighbour 1.0"]


@per_installer
def test_a_failing_install(venvs: Venvs, wheelhouse: Wheelhouse, installer: str) -> None:
    needy = wheelhouse.build("needy", "1.0", {"needy.py": b""}, requires=["absent-package"])
    env = venvs.create(installer)
    with pytest.raises(InstallError) as caught:
        env.install(needy)
    first, command, *rest = str(caught.value).split("\n")
    assert first == f"{installer} did not install needy==1.0"
    assert command.startswith("$ ")
    assert rest[-1] == f"exit status {caught.value.completed.returncode}"
    assert "absent-package" in str(caught.value)
    assert not isinstance(caught.value, AssertionError)
    done = env.install(needy, check=False)
    assert done.returncode != 0
    assert env.log[-1] is done
    assert env.distributions() == []


def test_a_failing_install_at_once(venvs: Venvs, wheelhouse: Wheelhouse) -> None:
    needy = wheelhouse.build("needy", "1.0", {"needy.py": b""}, requires=["absent-package"])
    env = venvs.uv(needy, check=False)
    assert env.log[-1].returncode != 0
    with pytest.raises(InstallError):
        venvs.uv(needy)
    assert len(venvs.made) == 2


@per_installer
def test_removing_what_is_not_there_is_no_success(venvs: Venvs, installer: str) -> None:
    env = venvs.create(installer)
    with pytest.raises(LinkcheckError, match=r"absent is not installed in .*, which has nothing"):
        env.uninstall("absent")
    assert env.uninstall("absent", check=False).returncode == 0


def test_a_failing_removal(venvs: Venvs, wheelhouse: Wheelhouse) -> None:
    env = venvs.uv(wheelhouse.sample)
    (env["sample"].dist_info / "RECORD").unlink()
    with pytest.raises(InstallError, match=r"uv did not remove sample\n"):
        env.uninstall("sample")


def _nothing_to_install(env: Environment) -> object:
    return env.install()


def _nothing_to_remove(env: Environment) -> object:
    return env.uninstall()


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (_nothing_to_install, "nothing to install: name a wheel of the wheelhouse or a package"),
        (_nothing_to_remove, "nothing to remove: name a distribution"),
    ],
)
def test_nothing_to_do(venvs: Venvs, call: Callable[[Environment], object], told: str) -> None:
    env = venvs.uv()
    with pytest.raises(LinkcheckError) as caught:
        call(env)
    assert str(caught.value) == told
    assert len(env.log) == 1


# What is run in it


@per_installer
def test_its_programs_run_in_it(venvs: Venvs, wheelhouse: Wheelhouse, installer: str) -> None:
    env = venvs.create(installer, wheelhouse.sample)
    told = env.run("python", "-c", "import sys, sample; print(sys.prefix, sample.VERSION)")
    assert told.stdout == f"{env.prefix} 1.0\n"
    assert env.run("sample-console").stdout == "hello from sample\n"
    found = env.run("python", "-c", "import shutil; print(shutil.which('sample-console'))")
    assert found.stdout == f"{env.scripts / 'sample-console'}\n"


def test_a_failing_program(venvs: Venvs) -> None:
    env = venvs.uv()
    with pytest.raises(InstallError, match=r"^python failed\n\$ [\s\S]*\nexit status 3$"):
        env.run("python", "-c", "exit(3)")
    assert env.run("python", "-c", "exit(3)", check=False).returncode == 3


def test_a_program_it_does_not_have(venvs: Venvs) -> None:
    env = venvs.uv()
    with pytest.raises(LinkcheckError) as caught:
        env.run("absent")
    assert str(caught.value) == f"{env.scripts / 'absent'} cannot be run: No such file or directory"


def test_its_log_has_every_command(venvs: Venvs, wheelhouse: Wheelhouse) -> None:
    env = venvs.uv(wheelhouse.sample)
    env.run("python", "-c", "print('ran')")
    env.uninstall("sample")
    words = [command.args[1:3] for command in env.log]
    assert words == [
        ("venv", "--quiet"),
        ("pip", "install"),
        ("-c", "print('ran')"),
        ("pip", "uninstall"),
    ]
    assert [command.returncode for command in env.log] == [0, 0, 0, 0]
    assert env.log.stdout == "ran\n"
    assert "sample==1.0" in env.log.stderr


# What the user has


@pytest.fixture
def home(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's home whose configuration would change every result, and which has caches."""
    home = tmp_path / "user"
    files = {
        ".config/uv/uv.toml": '[pip]\nlink-mode = "symlink"\ncompile-bytecode = true\n',
        ".config/pip/pip.conf": f"[install]\ntarget = {home}/target\ncompile = true\n",
        ".pip/pip.conf": f"[global]\ntarget = {home}/target\n",
        ".cache/uv/sentinel": "",
        ".cache/pip/sentinel": "",
    }
    for name, text in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in getattr(request, "param", {}).items():
        monkeypatch.setenv(name, value.format(home=home))
    return home


def _tree(folder: Path) -> list[str]:
    return run("find", folder, "-printf", "%P %i %T@\n").splitlines()


@per_installer
def test_configuration_in_home_changes_nothing(
    venvs: Venvs, wheelhouse: Wheelhouse, home: Path, installer: str
) -> None:
    before = _tree(home)
    env = venvs.create(installer, wheelhouse.sample)
    assert stat_of(env / MODULE, "%F") == "regular file"
    assert env["sample"].bytecode() == ()
    assert _tree(home) == before


def _each(**variables: str) -> pytest.MarkDecorator:
    """Run a test once with each of *variables* set in the user's environment."""
    pairs = [{name: value} for name, value in variables.items()]
    return pytest.mark.parametrize("home", pairs, indirect=True, ids=list(variables))


@_each(
    UV_COMPILE_BYTECODE="1",
    UV_NO_CACHE="1",
    UV_TARGET="{home}/target",
    UV_CACHE_DIR="{home}/.cache/uv",
    UV_CONFIG_FILE="{home}/.config/uv/uv.toml",
    UV_OFFLINE="nonsense",
    XDG_CONFIG_HOME="{home}/.config",
    XDG_CACHE_HOME="{home}/.cache",
    VIRTUAL_ENV="{home}",
    PYTHONPYCACHEPREFIX="{home}/pycache",
)
def test_variables_do_not_change_what_uv_does(
    venvs: Venvs, wheelhouse: Wheelhouse, home: Path
) -> None:
    before = _tree(home)
    env = venvs.uv(wheelhouse.sample, link_mode="hardlink")
    assert env["sample"].bytecode() == ()
    assert stat_of(env / MODULE, "%h") == "2"
    assert _names(env / MODULE, env.cache) == 1
    assert _tree(home) == before


@_each(UV_LINK_MODE="symlink")
@pytest.mark.usefixtures("home")
def test_the_users_link_mode_is_not_ours(venvs: Venvs, wheelhouse: Wheelhouse) -> None:
    env = venvs.uv(wheelhouse.sample)
    assert stat_of(env / MODULE, "%F") == "regular file"


@_each(
    PIP_NO_COMPILE="1",
    PIP_TARGET="{home}/target",
    PIP_REQUIRE_VIRTUALENV="1",
    PIP_CONFIG_FILE="{home}/.config/pip/pip.conf",
    PIP_CACHE_DIR="{home}/.cache/pip",
    PIP_DRY_RUN="1",
    PYTHONPYCACHEPREFIX="{home}/pycache",
)
@pytest.mark.slow
def test_variables_do_not_change_what_pip_does(
    venvs: Venvs, wheelhouse: Wheelhouse, home: Path
) -> None:
    before = _tree(home)
    env = venvs.pip(wheelhouse.neighbour, bytecode="compiled")
    assert env["sample-neighbour"].bytecode()
    assert _tree(home) == before


def test_a_uv_toml_in_the_current_folder_changes_nothing(
    venvs: Venvs, wheelhouse: Wheelhouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "uv.toml").write_text('[pip]\nlink-mode = "symlink"\n')
    monkeypatch.chdir(tmp_path)
    env = venvs.uv(wheelhouse.sample)
    assert stat_of(env / MODULE, "%F") == "regular file"


def test_nothing_is_left_in_the_temporary_folder(
    venvs: Venvs, wheelhouse: Wheelhouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    venvs.uv(wheelhouse.sample)
    venvs.pip(wheelhouse.neighbour)
    assert names_of(folder) == set()
