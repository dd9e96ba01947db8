import re
from dataclasses import replace
from pathlib import Path

import pytest
from support.mounting import mounted
from support.places import Place, overlaid
from support.users import nobody

from pytest_linkcheck.links.facts import Facts, read_facts
from pytest_linkcheck.links.filesystem import locate
from pytest_linkcheck.links.mounts import Mount, mount_of_path, parse_mountinfo, read_mounts
from pytest_linkcheck.links.overlay import beneath, layers_of


def _mount(options: str, point: str = "/merged", root: str = "/") -> Mount:
    (mount,) = parse_mountinfo(f"1 0 0:9 {root} {point} rw - overlay overlay rw,{options}")
    return mount


@pytest.mark.parametrize(
    ("options", "layers"),
    [
        ("lowerdir=/one:/two,upperdir=/up,workdir=/work", ("/up", "/one", "/two")),
        ("lowerdir=/one", ("/one",)),
        (r"lowerdir=/a\134:::/data", ("/a:",)),
        (r"lowerdir=/a\134:b:/with\040space\054comma", ("/a:b", "/with space,comma")),
        ("lowerdir=/one::/data,upperdir=/up", ("/up", "/one")),
        ("lowerdir+=/one,lowerdir+=/a:b,upperdir=/up", ("/up", "/one", "/a:b")),
        ("xino=off", ()),
    ],
)
def test_layers_are_read_out_of_the_mount_options(options: str, layers: tuple[str, ...]) -> None:
    assert layers_of(_mount(options)) == layers


@pytest.fixture
def shown(tmp_path: Path) -> tuple[Facts, Path]:
    """Return a file of a layer as an overlay would show it, and the layer."""
    layer = tmp_path / "layer"
    (layer / "folder").mkdir(parents=True)
    (layer / "folder" / "file").write_bytes(b"content")
    return replace(read_facts(layer / "folder" / "file"), path=Path("/merged/folder/file")), layer


def test_the_file_of_a_layer_is_found(shown: tuple[Facts, Path], tmp_path: Path) -> None:
    facts, layer = shown
    mount = _mount(f"lowerdir={tmp_path / 'other'}:{layer}")
    found = beneath(facts, mount)
    assert found is not None
    assert found.path == layer / "folder" / "file"
    bound = _mount(f"lowerdir={layer}", point="/merged/folder", root="/folder")
    assert beneath(facts, bound) == found


def test_the_topmost_name_hides_those_below(shown: tuple[Facts, Path], tmp_path: Path) -> None:
    facts, layer = shown
    top = tmp_path / "top" / "folder" / "file"
    top.parent.mkdir(parents=True)
    top.write_bytes(b"content")
    assert beneath(facts, _mount(f"lowerdir={layer},upperdir={tmp_path / 'top'}")) is None


@pytest.mark.parametrize(
    "change", [{"size": 1}, {"allocated": 0}, {"mtime_ns": 1}, {"ctime_ns": 1}, {"birth_ns": 1}]
)
def test_a_file_that_is_not_quite_the_same_is_another(
    shown: tuple[Facts, Path], change: dict[str, int]
) -> None:
    facts, layer = shown
    assert beneath(replace(facts, **change), _mount(f"lowerdir={layer}")) is None  # type: ignore[arg-type]


def test_layers_that_cannot_be_looked_at_are_no_answer(shown: tuple[Facts, Path]) -> None:
    facts, layer = shown
    assert beneath(facts, _mount("lowerdir=relative")) is None
    assert beneath(facts, _mount("lowerdir=/no/such/folder")) is None
    assert beneath(facts, _mount(f"lowerdir={layer}", point="/elsewhere")) is None


def test_a_layer_behind_a_locked_folder_is_no_answer(
    shown: tuple[Facts, Path], public_folder: Path
) -> None:
    facts, layer = shown
    (public_folder / "locked").mkdir(mode=0)
    mount = _mount(f"lowerdir={public_folder / 'locked' / 'layer'}:{layer}")
    with nobody():
        assert beneath(facts, mount) is None


def test_a_layer_may_have_any_name(places: dict[str, Place]) -> None:
    place = places["ext4"]
    names = ["a b", "comma,", "colon:", "back\\slash", "equals=", "\udcff"]
    lowers: list[Path] = []
    for name in names:
        folder = place.root / "layers" / name
        folder.mkdir(parents=True)
        (folder / f"file-{len(lowers)}").write_bytes(b"content")
        lowers.append(folder)
    point = place.root / "layers" / "merged"
    point.mkdir()
    option = f"lowerdir={':'.join(map(_escaped, lowers))}"
    with mounted("overlay", point, "-t", "overlay", "-o", option):
        mount = mount_of_path(point)
        assert mount is not None
        files = sorted(point.iterdir())
        assert len(files) == len(names)
        for path in files:
            found = beneath(read_facts(path), mount)
            assert found is not None, path
            assert found.path == lowers[int(path.name[-1])] / path.name


def _escaped(folder: Path) -> str:
    return re.sub(r"([\\:,])", r"\\\1", str(folder))


def test_overlay_upon_overlay_is_looked_through(places: dict[str, Place]) -> None:
    over = places["overlay/ext4"].root
    lower = over / "stack-lower"
    lower.mkdir()
    (lower / "file").write_bytes(b"content")
    base = places["tmpfs"].root / "stack"
    base.mkdir()
    with overlaid(base / "merged", [lower], base / "upper", base / "work") as point:
        location = locate(read_facts(point / "file"), read_mounts())
    assert location.problem == ""
    assert location.facts.path == places["ext4"].root / "upper" / "stack-lower" / "file"
