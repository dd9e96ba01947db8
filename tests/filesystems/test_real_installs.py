"""What uv and pip do on real filesystems is what the document says."""

from pathlib import Path

import pytest
from filesystems.test_expectations import table
from support.mounting import needs_root

from pytest_linkcheck import Filesystem, Filesystems, Venvs, Wheelhouse, assert_linked
from pytest_linkcheck.links import Sharing

pytestmark = needs_root
COLUMNS = [("uv", None), ("uv", "clone"), ("uv", "hardlink"), ("uv", "copy"), ("uv", "symlink"),
           ("pip", None)]  # fmt: skip


def _cases(name: str) -> list[object]:
    """Return for each cell of a table: the places, who installs how, and what should come out."""
    return [
        pytest.param(
            places.split(", "), installer, mode, sharing,
            id=f"{places.replace(', ', '<')}-{installer}-{mode or 'default'}",
        )
        for places, *cells in table(name)
        for (installer, mode), sharing in zip(COLUMNS, cells, strict=True)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("names", "installer", "mode", "sharing"),
    [*_cases("table of one place"), *_cases("table of two places")],
)
def test_it_comes_out_as_the_document_says(  # noqa: PLR0913, PLR0917 - four of a case
    names: list[str],
    installer: str,
    mode: str | None,
    sharing: str,
    venvs: Venvs,
    wheelhouse: Wheelhouse,
    filesystems: Filesystems,
) -> None:
    at, cache_at = filesystems.get(names[0]), filesystems.get(names[-1])
    one, two = (
        venvs.create(installer, wheelhouse.sample, link_mode=mode, at=at, cache_at=cache_at)
        for _ in range(2)
    )
    assert at.expected(one.installer, mode, cache_at=cache_at) is Sharing(sharing)
    assert_linked(one["sample"], two["sample"], sharing)
    assert one.prefix.is_relative_to(at.path)
    if installer == "uv":
        assert one.cache.is_relative_to(cache_at.path)


def test_the_cache_goes_where_the_environment_is(
    venvs: Venvs, wheelhouse: Wheelhouse, filesystem: Filesystem, filesystems: Filesystems
) -> None:
    tmpfs = filesystems.get("tmpfs")
    one = venvs.uv(wheelhouse.sample, at=tmpfs)
    two = venvs.uv(wheelhouse.sample, at=filesystem)
    assert one.cache.is_relative_to(tmpfs.path)
    assert two.cache.is_relative_to(filesystem.path)


def test_a_plain_folder_is_still_a_folder(venvs: Venvs, tmp_path: Path) -> None:
    environment = venvs.uv(at=tmp_path / "here")
    assert environment.prefix.parent == tmp_path / "here"
    assert environment.cache.parent == tmp_path / "venvs"
