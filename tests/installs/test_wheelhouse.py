import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from installer.sources import WheelFile
from packaging.utils import parse_wheel_filename
from support.oracle import same_bytes, stat_of

from pytest_linkcheck import LinkcheckError, Venvs, Wheel, Wheelhouse
from pytest_linkcheck.installs import sample

NAMES = ["plain", "with spaces", "naïve-文件-ß", "n" * 197, 'comma,quote"', "#hash%20"]


@pytest.fixture
def house(tmp_path: Path) -> Wheelhouse:
    return Wheelhouse(tmp_path / "house")


def _members(wheel: Wheel) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel.path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _refusal(house: Wheelhouse, name: str, version: str, *files: str) -> str:
    with pytest.raises(LinkcheckError) as caught:
        house.build(name, version, dict.fromkeys(files, b""))
    return str(caught.value)


@pytest.mark.parametrize("which", ["sample", "sample_2", "neighbour"])
def test_the_shipped_wheels_are_valid_by_the_library_installer(
    house: Wheelhouse, which: str
) -> None:
    wheel = getattr(house, which)
    name, version, _, tags = parse_wheel_filename(wheel.path.name)
    assert (name, str(version)) == (wheel.name, wheel.version)
    assert [str(tag) for tag in tags] == ["py3-none-any"]
    with WheelFile.open(wheel.path) as source:
        source.validate_record(validate_contents=True)


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_names_of_every_kind_are_installed_as_they_are(
    venvs: Venvs, house: Wheelhouse, installer: str
) -> None:
    files = {f"demo/{name}.txt": name.encode() for name in NAMES}
    env = venvs.create(installer, house.build("demo", "1.0", files))
    assert {path.name: path.read_bytes() for path in (env / "demo").iterdir()} == {
        f"{name}.txt": name.encode() for name in NAMES
    }
    assert env["demo"].problems == ()


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_pip_check_finds_nothing_wrong(venvs: Venvs, house: Wheelhouse, installer: str) -> None:
    base = house.build("base", "1.0", {"base.py": b""})
    needy = house.build("needy", "1.0", {"needy.py": b""}, requires=["base>=1"])
    env = venvs.create(installer, base, needy)
    pip = [sys.executable, "-m", "pip", "--python", str(env.python), "check"]
    checked = subprocess.run(pip, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout) == (0, "No broken requirements found.\n")


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_the_executable_bits_arrive(venvs: Venvs, wheelhouse: Wheelhouse, installer: str) -> None:
    env = venvs.create(installer, wheelhouse.sample)
    assert stat_of(env / "sample/tool.sh", "%a") == "755"
    assert stat_of(env / "sample/tiny.py", "%a") == "644"
    assert env.run("sample-executable").stdout == "executable\n"
    assert env.run("sample-console").stdout == "hello from sample\n"


def test_only_what_is_named_is_executable(house: Wheelhouse) -> None:
    wheel = house.build("demo", "1.0", {"a.sh": b"", "b.sh": b""}, executable=["a.sh"])
    with zipfile.ZipFile(wheel.path) as archive:
        modes = {info.filename: info.external_attr >> 16 for info in archive.infolist()}
    assert modes["a.sh"] == stat.S_IFREG | 0o755
    assert set(modes.values()) - {modes["a.sh"]} == {stat.S_IFREG | 0o644}


def test_equal_input_gives_equal_bytes(tmp_path: Path) -> None:
    one, two = (Wheelhouse(tmp_path / name).sample.path for name in ("one", "two"))
    assert one != two
    assert same_bytes(one, two)


def test_an_equal_wheel_is_not_built_again(house: Wheelhouse) -> None:
    before = stat_of(house.sample.path, "%i %Y %Z")
    assert house.sample == house.sample
    assert stat_of(house.sample.path, "%i %Y %Z") == before


def test_two_wheels_of_one_name_and_version_are_kept_apart(venvs: Venvs, house: Wheelhouse) -> None:
    one = house.build("demo", "1.0", {"demo.py": b"ONE = 1\n"})
    two = house.build("demo", "1.0", {"demo.py": b"TWO = 2\n"})
    assert one.requirement == two.requirement == "demo==1.0"
    assert (venvs.uv(one) / "demo.py").read_bytes() == b"ONE = 1\n"
    assert (venvs.uv(two) / "demo.py").read_bytes() == b"TWO = 2\n"


def test_the_second_sample_differs_in_each_way_an_upgrade_can(house: Wheelhouse) -> None:
    one, two = _members(house.sample), _members(house.sample_2)
    assert "sample/tiny.py" in one
    assert "sample/tiny.py" not in two
    assert "sample/added.py" in two
    assert "sample/added.py" not in one
    assert one["sample/large.py"] != two["sample/large.py"]
    assert one["sample/block.py"] == two["sample/block.py"]


def test_the_neighbour_ships_a_path_of_the_sample_with_other_bytes(house: Wheelhouse) -> None:
    one, two = _members(house.sample), _members(house.neighbour)
    assert one[sample.SHARED_PATH] != two[sample.SHARED_PATH]


def test_the_sample_has_files_of_the_sizes_filesystems_treat_apart(house: Wheelhouse) -> None:
    sizes = {name: len(data) for name, data in _members(house.sample).items()}
    assert sizes["sample/empty.py"] == 0
    assert sizes["sample/inline.py"] == 2048
    assert sizes["sample/block.py"] == 2049
    assert sizes["sample/large.py"] == 100 * 1024


def test_what_metadata_says(house: Wheelhouse) -> None:
    wheel = house.build(
        "My.Demo", "1.0-beta", {}, requires=["base>=1"], console_scripts={"run": "a.b:c.d"}
    )
    members = _members(wheel)
    assert wheel.path.name == "my_demo-1.0b0-py3-none-any.whl"
    assert str(wheel) == "My.Demo 1.0b0"
    assert members["my_demo-1.0b0.dist-info/METADATA"].decode() == (
        "Metadata-Version: 2.1\nName: My.Demo\nVersion: 1.0b0\nRequires-Dist: base>=1\n"
    )
    assert b"run = a.b:c.d\n" in members["my_demo-1.0b0.dist-info/entry_points.txt"]


def test_the_newest_wheel_or_the_one_asked_for(house: Wheelhouse) -> None:
    old, new, middle = (house.build("demo", version, {}) for version in ("1.9", "1.10", "1.9.1"))
    assert house.get("demo") == new
    assert house.get("Demo", "1.9") == house.get("demo", "1.9.0") == old
    assert house.get("demo", "1.9.1") == middle


def test_a_wheel_it_does_not_have(house: Wheelhouse) -> None:
    remedy = "make one with wheelhouse.build(name, version, files)"
    with pytest.raises(LinkcheckError) as caught:
        house.get("demo")
    assert str(caught.value) == f"the wheelhouse has no wheel of demo, it has nothing: {remedy}"
    house.build("demo", "2.0", {})
    house.build("demo", "2.0", {"demo.py": b""})
    with pytest.raises(LinkcheckError) as caught:
        house.get("demo", "1.0")
    assert (
        str(caught.value) == f"the wheelhouse has no wheel of demo 1.0, it has demo 2.0: {remedy}"
    )


@pytest.mark.parametrize("name", ["", "-demo", "demo-", "a b", "naïve", "a/b", "../a", "a\nb"])
def test_a_name_no_distribution_can_have(house: Wheelhouse, name: str) -> None:
    assert _refusal(house, name, "1.0").endswith(" is no name a distribution can have")


@pytest.mark.parametrize("version", ["", "one", "1.0/2", "1..0", "1\n2"])
def test_a_version_no_distribution_can_have(house: Wheelhouse, version: str) -> None:
    assert _refusal(house, "demo", version).endswith(" is no version (PEP 440)")


def test_a_version_with_space_around_it_does_not_break_metadata(house: Wheelhouse) -> None:
    wheel = house.build("demo", " 1.0\n", {})
    assert b"Version: 1.0\n" in _members(wheel)["demo-1.0.dist-info/METADATA"]
    assert wheel.version == "1.0"


@pytest.mark.parametrize(
    "path",
    ["", "/abs", "../out", "a/../b", "./a", "a//b", "a/", "a\\b", "nul\0", "\udcff"],
)
def test_a_path_no_wheel_can_have(house: Wheelhouse, path: str) -> None:
    refusal = _refusal(house, "demo", "1.0", path)
    assert refusal.endswith(" is no path in a wheel: it must be relative, with slashes")
    assert refusal.isprintable()


def test_a_path_that_is_a_file_and_a_folder(house: Wheelhouse) -> None:
    refusal = _refusal(house, "demo", "1.0", "a/b/c", "a/b")
    assert refusal == "a/b is to be a file, and a folder for others"


@pytest.mark.parametrize("kind", ["data", "dist-info"])
def test_another_distributions_folder_would_be_installed_as_a_plain_one(
    house: Wheelhouse, kind: str
) -> None:
    refusal = _refusal(house, "My.Demo", "1.0", f"My.Demo-1.0.{kind}/scripts/x")
    assert refusal == (
        f"My.Demo-1.0.{kind} is not this wheel's folder of that kind: call it my_demo-1.0.{kind}"
    )


@pytest.mark.parametrize("name", ["METADATA", "WHEEL", "RECORD"])
def test_what_it_writes_itself_is_not_overwritten_unsaid(house: Wheelhouse, name: str) -> None:
    refusal = _refusal(house, "demo", "1.0", f"demo-1.0.dist-info/{name}")
    assert refusal == f"demo-1.0.dist-info/{name} is written by build() itself: leave it out"


def test_other_metadata_may_be_given(house: Wheelhouse) -> None:
    files = {"demo-1.0.dist-info/licenses/LICENSE": b"", "demo-1.0.dist-info/entry_points.txt": b""}
    assert files.keys() <= _members(house.build("demo", "1.0", files)).keys()
    with pytest.raises(LinkcheckError, match=r"entry_points\.txt is written by build"):
        house.build("demo", "1.0", files, console_scripts={"run": "demo:main"})


def test_an_executable_that_is_not_there(house: Wheelhouse) -> None:
    with pytest.raises(LinkcheckError) as caught:
        house.build("demo", "1.0", {"a.py": b""}, executable=["b.py"])
    assert str(caught.value) == "b.py is to be executable, but is not among the files"


@pytest.mark.parametrize(
    ("command", "target"), [("run", "demo"), ("run", "demo:"), ("a b", "demo:x"), ("", "demo:x")]
)
def test_an_entry_point_no_installer_could_make(
    house: Wheelhouse, command: str, target: str
) -> None:
    with pytest.raises(LinkcheckError, match=r"is no console script: give NAME = module:function$"):
        house.build("demo", "1.0", {}, console_scripts={command: target})


def test_a_requirement_that_is_none(house: Wheelhouse) -> None:
    with pytest.raises(LinkcheckError, match=r"^'no requirement!' is no requirement \(PEP 508\)$"):
        house.build("demo", "1.0", {}, requires=["no requirement!"])
