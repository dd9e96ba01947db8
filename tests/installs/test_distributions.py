import os
import shutil
from pathlib import Path

import pytest
from support.handmade import SITE, install, lay_out, record_of
from support.users import nobody, open_way

from pytest_linkcheck import Distribution, Environment, LinkcheckError, Role, Venvs, Wheelhouse
from pytest_linkcheck.installs import distributions, find_distribution, read_distributions
from pytest_linkcheck.shared import SharedVenvs

INFO = "demo-1.0.dist-info"
FILES = {"demo/__init__.py": b"DEMO = 1\n", "demo/data.txt": b"data\n"}


@pytest.fixture(params=["uv", "pip"])
def real(
    request: pytest.FixtureRequest, shared_venvs: SharedVenvs, wheelhouse: Wheelhouse
) -> Environment:
    return shared_venvs.create(request.param, wheelhouse.sample)


def _by_role(dist: Distribution, role: Role) -> set[str]:
    return {file.name for file in dist.files if file.role is role}


def test_the_role_of_every_file_of_a_real_install(
    real: Environment, wheelhouse: Wheelhouse
) -> None:
    import zipfile  # noqa: PLC0415

    dist = real["sample"]
    with zipfile.ZipFile(wheelhouse.sample.path) as archive:
        payload = {name for name in archive.namelist() if name.startswith("sample/")}
    assert _by_role(dist, Role.PAYLOAD) == payload
    assert _by_role(dist, Role.METADATA) == {
        f"sample-1.0.dist-info/{name}" for name in ("METADATA", "WHEEL", "entry_points.txt")
    }
    assert _by_role(dist, Role.SCRIPT) == {
        f"../../../bin/sample-{kind}" for kind in ("console", "executable", "plain", "python")
    }
    assert {Path(name).name for name in _by_role(dist, Role.DATA)} == {"sample.h", "shared.txt"}
    assert _by_role(dist, Role.GENERATED) >= {
        f"sample-1.0.dist-info/{name}" for name in ("RECORD", "INSTALLER", "REQUESTED")
    }
    assert _by_role(dist, Role.BYTECODE) == set()


def test_the_files_of_a_real_install_are_there_and_no_others(real: Environment) -> None:
    dist = real["sample"]
    listed = {file.path for file in dist.files}
    found = {path for path in real.site_packages.rglob("*") if path.is_file()}
    ours = {path for path in found if path.relative_to(real.site_packages).parts[0][:6] == "sample"}
    assert all(path.is_file() for path in listed)
    assert ours == {path for path in listed if path.is_relative_to(real.site_packages)}
    assert dist.problems == ()


def test_who_installed_it(real: Environment) -> None:
    assert real["sample"].installer == real.installer.name


def test_bytecode_that_pip_compiled_is_told_from_what_the_wheel_has(
    venvs: Venvs, wheelhouse: Wheelhouse
) -> None:
    dist = venvs.pip(wheelhouse.sample, bytecode="compiled")["sample"]
    listed = {file.path for file in dist.files if file.role is Role.BYTECODE}
    assert listed
    assert listed == set(dist.bytecode())


def test_bytecode_that_uv_compiled_is_found_though_record_does_not_list_it(
    venvs: Venvs, wheelhouse: Wheelhouse
) -> None:
    dist = venvs.uv(wheelhouse.sample, wheelhouse.neighbour, bytecode="compiled")["sample"]
    modules = {path.stem for path in (dist.layout.site_packages / "sample").glob("*.py")}
    compiled = {path.name.partition(".")[0] for path in dist.bytecode()}
    assert modules <= compiled
    assert not _by_role(dist, Role.BYTECODE)


@pytest.mark.parametrize("cached", [f"demo.{tag}.pyc" for tag in ("cpython-311", "x-1.opt-2")])
def test_bytecode_is_that_of_the_distributions_own_modules(tmp_path: Path, cached: str) -> None:
    shipped = "__pycache__/demo.shipped-1.pyc"
    dist = install(tmp_path, {"demo.py": b"", shipped: b"pyc"})
    folder = tmp_path / SITE / "__pycache__"
    for name in (cached, "other.cpython-311.pyc", "demo.txt", "demo.pyc"):
        (folder / name).touch()
    assert dist.bytecode() == (folder / cached,)


def test_no_bytecode(tmp_path: Path) -> None:
    assert install(tmp_path, FILES).bytecode() == ()


def test_what_record_says_of_a_file(tmp_path: Path) -> None:
    dist = install(tmp_path, FILES)
    file = next(file for file in dist.files if file.name == "demo/data.txt")
    assert file.path == tmp_path / SITE / "demo/data.txt"
    assert (file.algorithm, file.size) == ("sha256", 5)
    assert str(dist) == "demo 1.0"
    assert dist.has_record


@pytest.mark.parametrize("spelling", ["My-Demo", "my_demo", "MY.DEMO", "my--demo"])
def test_a_name_in_any_spelling(tmp_path: Path, spelling: str) -> None:
    dist = install(tmp_path, FILES, name="my_demo")
    assert find_distribution(dist.layout, spelling) == dist


def test_what_is_not_installed_names_what_is(tmp_path: Path) -> None:
    layout = lay_out(tmp_path)
    with pytest.raises(LinkcheckError) as caught:
        find_distribution(layout, "absent")
    assert str(caught.value) == f"absent is not installed in {tmp_path}, which has nothing"
    install(tmp_path, FILES)
    install(tmp_path, {}, name="another")
    with pytest.raises(LinkcheckError, match=r"which has another, demo$"):
        find_distribution(layout, "absent")


def test_one_name_twice_is_not_chosen_from(tmp_path: Path) -> None:
    dist = install(tmp_path, FILES)
    install(tmp_path, FILES, version="2.0")
    with pytest.raises(LinkcheckError) as caught:
        find_distribution(dist.layout, "demo")
    assert str(caught.value) == (
        f"demo is in {tmp_path} 2 times, demo-1.0.dist-info and demo-2.0.dist-info: remove the "
        "stale one"
    )


def test_names_from_metadata_are_escaped(tmp_path: Path) -> None:
    dist = install(tmp_path, FILES)
    (dist.dist_info / "METADATA").write_bytes(b"Name: ev\x1bil\nVersion: 1\n")
    (found,) = read_distributions(dist.layout)
    assert str(found) == "ev\\x1bil 1"


@pytest.mark.parametrize("metadata", [None, b"", b"\xff\xfe", b"Summary: no name\n"])
def test_without_metadata_the_folder_gives_the_name(tmp_path: Path, metadata: bytes | None) -> None:
    dist = install(tmp_path, FILES)
    (dist.dist_info / "METADATA").unlink()
    if metadata is not None:
        (dist.dist_info / "METADATA").write_bytes(metadata)
    (found,) = read_distributions(dist.layout)
    assert (found.name, found.version) == ("demo", "1.0")


@pytest.mark.parametrize(
    ("text", "installer"), [(b"uv\n", "uv"), (b"PIP", "pip"), (b" \n", None), (None, None)]
)
def test_the_word_of_installer(tmp_path: Path, text: bytes | None, installer: str | None) -> None:
    dist = install(tmp_path, FILES)
    if text is not None:
        (dist.dist_info / "INSTALLER").write_bytes(text)
    assert dist.installer == installer


def test_site_packages_that_has_gone(tmp_path: Path) -> None:
    layout = lay_out(tmp_path)
    shutil.rmtree(layout.site_packages)
    with pytest.raises(LinkcheckError, match="site-packages cannot be read: No such file"):
        read_distributions(layout)


@pytest.mark.parametrize("path", ["/etc/passwd", "\\\\server\\file", "\\file", "//etc/passwd"])
def test_an_absolute_path_is_not_followed(tmp_path: Path, path: str) -> None:
    dist = install(tmp_path, {}, record=f"{path},,\ndemo.py,,\n".encode())
    assert dist.problems == (f"RECORD lists an absolute path, {path}: not followed",)
    assert [file.name for file in dist.files] == ["demo.py"]


@pytest.mark.parametrize(
    "path",
    ["../../../../outside", "../../..", "demo/../../../../../outside", "../../../bin/../../out"],
)
def test_a_way_out_is_not_followed(tmp_path: Path, path: str) -> None:
    dist = install(tmp_path / "env", {}, record=f"{path},,\n".encode())
    assert dist.problems == (f"RECORD lists {path}, which leaves the environment: not followed",)
    assert dist.files == ()


def test_a_folder_whose_name_only_begins_alike_is_outside(tmp_path: Path) -> None:
    dist = install(tmp_path / "env", {}, record=b"../../../../env-2/file,,\n")
    assert dist.files == ()


def test_a_way_round_inside_is_followed(tmp_path: Path) -> None:
    dist = install(tmp_path, {}, record=b"../../../bin/demo,,\ndemo/../other.py,,\n")
    assert dist.problems == ()
    assert [(file.path, file.role) for file in dist.files] == [
        (tmp_path / "bin" / "demo", Role.SCRIPT),
        (tmp_path / SITE / "other.py", Role.PAYLOAD),
    ]


def test_a_directory(tmp_path: Path) -> None:
    dist = install(tmp_path, {}, record=b"demo/,,\n")
    assert dist.problems == ("RECORD lists a directory, demo/",)
    assert dist.files == ()


def test_paths_are_escaped_before_they_are_shown(tmp_path: Path) -> None:
    dist = install(tmp_path, {}, record=b"/\x1b[2J,,\n../../../../\x1b[2J,,\n\x1b[2J/,,\n")
    assert len(dist.problems) == 3
    assert all("\\x1b[2J" in problem and "\x1b" not in problem for problem in dist.problems)


def test_problems_of_rows_and_of_places_are_told_together(tmp_path: Path) -> None:
    dist = install(tmp_path, {}, record=b"demo.py\n/abs,,\n")
    assert [problem.partition(" ")[0] for problem in dist.problems] == ["RECORD", "RECORD"]


def test_no_record(tmp_path: Path) -> None:
    dist = install(tmp_path, FILES)
    (dist.dist_info / "RECORD").unlink()
    assert not dist.has_record
    assert dist.files == ()
    assert dist.problems == ("demo 1.0 has no RECORD: its files cannot be told",)


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (os.mkfifo, "FIFO"),
        (Path.mkdir, "directory"),
        (lambda path: path.symlink_to("/dev/zero"), "symlink"),
    ],
    ids=["fifo", "directory", "symlink"],
)
def test_a_record_that_is_no_file_is_not_opened(tmp_path: Path, make: object, kind: str) -> None:
    dist = install(tmp_path, FILES)
    record = dist.dist_info / "RECORD"
    record.unlink()
    assert callable(make)
    make(record)
    assert dist.problems == (f"RECORD cannot be read: it is a {kind}",)
    assert dist.files == ()


def test_a_record_of_unlikely_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distributions, "_MAX_RECORD", 10)
    dist = install(tmp_path, {}, record=b"demo.py,,12\n")
    assert dist.problems == ("RECORD cannot be read: it has 12 bytes",)


def test_a_record_that_may_not_be_read(tmp_path: Path) -> None:
    dist = install(tmp_path, FILES)
    open_way(tmp_path)
    (dist.dist_info / "RECORD").chmod(0)
    with nobody():
        assert dist.problems == ("RECORD cannot be read: Permission denied",)


@pytest.mark.parametrize("kind", ["symlink", "file"])
def test_a_dist_info_that_is_no_folder_is_not_followed(tmp_path: Path, kind: str) -> None:
    elsewhere = install(tmp_path / "elsewhere", FILES)
    layout = lay_out(tmp_path / "env")
    if kind == "symlink":
        (layout.site_packages / INFO).symlink_to(elsewhere.dist_info)
    else:
        (layout.site_packages / INFO).touch()
    (dist,) = read_distributions(layout)
    assert (dist.name, dist.version) == ("demo", "1.0")
    assert dist.files == ()
    assert dist.problems == (f"{INFO} is no folder of its own: not followed",)


def test_distributions_come_by_name(tmp_path: Path) -> None:
    for name in ("b_demo", "C_demo", "a_demo"):
        install(tmp_path, {}, name=name)
    (tmp_path / SITE / "not-a-dist-info").mkdir()
    found = read_distributions(lay_out(tmp_path))
    assert [dist.name for dist in found] == ["a_demo", "b_demo", "C_demo"]


def test_record_may_list_what_is_not_there(tmp_path: Path) -> None:
    record = record_of({"gone.py": b""}, f"{INFO}/RECORD")
    dist = install(tmp_path, {}, record=record)
    assert dist.problems == ()
    assert [file.path.exists() for file in dist.files] == [False, True]
