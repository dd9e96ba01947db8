"""Finding wheels for installers that resolve nothing themselves."""

import shutil
import zipfile
from pathlib import Path

import pytest

from pytest_linkcheck import LinkcheckError, Wheelhouse
from pytest_linkcheck.installs.installers import find_wheels


def test_the_newest_that_fits_and_what_it_needs(wheelhouse: Wheelhouse, tmp_path: Path) -> None:
    built = [
        wheelhouse.build("top", "1.0", {"top.py": b""}, requires=["below>=1,<3"]),
        wheelhouse.build("below", "1.0", {"below.py": b""}),
        wheelhouse.build("below", "2.0", {"below.py": b""}, requires=["top", "gone; extra == 'x'"]),
        wheelhouse.build("below", "3.0", {"below.py": b""}),
    ]
    folders = [wheel.path.parent for wheel in built]
    (tmp_path / "not-a-wheel.whl").touch()
    found = find_wheels(["Top"], [*folders, tmp_path])
    assert found == [built[0].path, built[2].path]
    assert find_wheels([str(built[1].path)], []) == [built[1].path]
    assert find_wheels(["below==1.0", "below"], folders) == [built[1].path]


def test_what_is_not_there(wheelhouse: Wheelhouse, tmp_path: Path) -> None:
    wheel = wheelhouse.build("below", "1.0", {"below.py": b""})
    with pytest.raises(LinkcheckError) as caught:
        find_wheels(["below>1"], [wheel.path.parent])
    assert str(caught.value) == (
        f"no wheel of below>1 is in {wheel.path.parent}: build one with wheelhouse.build(), or "
        "name an installer that fetches packages itself"
    )
    with pytest.raises(LinkcheckError, match="no wheel of below is in no folder of wheels"):
        find_wheels(["below"], [])
    with pytest.raises(LinkcheckError, match=r"'below one' is no requirement \(PEP 508\)"):
        find_wheels(["below one"], [])
    (tmp_path / "odd-1.0-py3-none-any.whl").write_bytes(b"no zip")
    with pytest.raises(LinkcheckError, match=r"odd-1.0-py3-none-any.whl cannot be read as a wheel"):
        find_wheels(["odd"], [tmp_path])


def test_extras_bring_what_they_need(wheelhouse: Wheelhouse) -> None:
    built = [
        wheelhouse.build("top", "1.0", {"top.py": b""}, requires=["below[more]", "below[other]"]),
        wheelhouse.build(
            "below",
            "1.0",
            {"below.py": b""},
            requires=["one; extra == 'more'", "two; extra == 'other'", "gone; extra == 'none'"],
        ),
        wheelhouse.build("one", "1.0", {"one.py": b""}),
        wheelhouse.build("two", "1.0", {"two.py": b""}),
    ]
    folders = [wheel.path.parent for wheel in built]
    assert find_wheels(["top"], folders) == [wheel.path for wheel in built]
    assert find_wheels(["below[more]"], folders) == [built[1].path, built[2].path]
    assert find_wheels(["below"], folders) == [built[1].path]


def test_what_contradicts_what_was_chosen_is_told(wheelhouse: Wheelhouse, tmp_path: Path) -> None:
    one = wheelhouse.build("below", "1.0", {"below.py": b""}).path
    two = wheelhouse.build("below", "2.0", {"below.py": b""}).path
    top = wheelhouse.build("top", "1.0", {"top.py": b""}, requires=["below>=2"]).path
    for wanted in (["below==1.0", "below==2.0"], [str(one), str(two)], [str(one), str(top)]):
        with pytest.raises(LinkcheckError, match=r"below-1.0-py3-none-any.whl was chosen before"):
            find_wheels(wanted, [one.parent, two.parent])
    odd = shutil.copy(one, tmp_path / "below.whl")
    assert find_wheels([str(odd), str(odd)], []) == [odd]


def test_a_damaged_wheel(wheelhouse: Wheelhouse, tmp_path: Path) -> None:
    data = bytearray(wheelhouse.build("big", "1.0", {"big.py": b""}).path.read_bytes())
    start = data.index(b"METADATA") + len("METADATA")
    data[start : start + 8] = b"\xff" * 8
    path = tmp_path / "big-1.0-py3-none-any.whl"
    path.write_bytes(data)
    with pytest.raises(LinkcheckError, match="cannot be read as a wheel: "):
        find_wheels([str(path)], [])
    with zipfile.ZipFile(path, "w"):
        pass
    with pytest.raises(LinkcheckError, match="cannot be read as a wheel: it has no METADATA"):
        find_wheels([str(path)], [])
