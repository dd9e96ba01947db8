"""Finding wheels for installers that resolve nothing themselves."""

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
