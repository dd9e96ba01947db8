"""Installs that do not come from an index: from a wheel's path, and in the editable way."""

from pathlib import Path

from pytest_linkcheck import Environment, Venvs, Wheel, assert_link_count
from pytest_linkcheck.installs.installers import Installer, Task

from . import subjects, wrapped
from .cached import is_below, links_into_cache
from .checks import check
from .conftest import Make
from .telling import assert_none
from .test_failure import assert_sound

DIRECT = "https://packaging.python.org/en/latest/specifications/direct-url/"
EDITABLE = "https://peps.python.org/pep-0660/"
BACKEND = """
import pathlib, zipfile

WHEEL = "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"

def build_editable(folder, config_settings=None, metadata_directory=None):
    name, info = "here-1.0-py3-none-any.whl", "here-1.0.dist-info"
    files = {
        "here.pth": str(pathlib.Path.cwd() / "src"),
        f"{info}/METADATA": "Metadata-Version: 2.1\\nName: here\\nVersion: 1.0\\n",
        f"{info}/WHEEL": WHEEL,
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\\n" for path in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(pathlib.Path(folder, name), "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
    return name
"""


def write_project(folder: Path) -> Path:
    (folder / "src").mkdir(parents=True)
    (folder / "src/here.py").write_text("WHERE = 'here'\n")
    (folder / "backend.py").write_text(BACKEND)
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "here"\nversion = "1.0"\n'
    )
    return folder


def generated(env: Environment, name: str) -> list[Path]:
    own = env.installer.promise(env.link_mode).own
    return [file.path for file in env[name].files if file.role in own and file.path.exists()]


@check("must", why=DIRECT)
def test_a_wheel_can_be_given_by_its_path(make: Make, sample: Wheel) -> None:
    """A wheel given by its path is installed whole; it stays as it is, and is linked to nothing."""
    env = make()
    subjects.need(env.installer, Task.INSTALL)
    before = sample.path.read_bytes()
    env.install(str(sample.path))
    assert_sound(env, sample)
    kept = sample.path.read_bytes() == before  # pytest would compare two wheels byte by byte
    assert kept, "the wheel was written to"
    assert_link_count(sample.path, 1)
    linked = links_into_cache(env, generated(env, sample.name))
    assert_none(linked, "linked, and written for one environment", env)


@check("must", why=EDITABLE)
def test_an_editable_install_links_nothing(
    make: Make, venvs: Venvs, installer: Installer, sample: Wheel, tmp_path: Path
) -> None:
    """An editable install leads to its source by name alone: no file of the two is linked."""
    project = write_project(tmp_path / "project")
    first = make()
    env = venvs.create(
        wrapped.editable(installer, project),
        link_mode=first.link_mode,
        at=first.prefix.parent,
        cache_at=first.cache.parent,
    )
    env.install(sample)
    assert env.run("python", "-c", "import here; print(here.WHERE)").stdout.strip() == "here"
    assert_link_count(project / "src/here.py", 1)
    leading = (path for path in subjects.files_below(env.prefix) if is_below(path, project))
    assert_none(leading, "lead into the source", env)
    linked = links_into_cache(env, generated(env, "here"))
    assert_none(linked, "linked, and written for one environment", env)
