import shutil
import sys
from pathlib import Path

import pytest
from support.indexes import NOBODY_LISTENS, fill_index, served, use_index
from support.oracle import same_file, stat_of

from pytest_linkcheck import InstallError, LinkcheckError, UnavailableError, Venvs, Wheelhouse
from pytest_linkcheck.installs import Toolbox

pytestmark = pytest.mark.slow

SAYS_WHAT_TO_DO = (
    "no package index answers: connect to one, name one by PIP_INDEX_URL and UV_DEFAULT_INDEX, "
    "or install a local wheel"
)


@pytest.fixture
def toolbox(tmp_path: Path) -> Toolbox:
    """Installers that have fetched nothing yet."""
    return Toolbox([], tmp_path / "run")


@pytest.fixture
def fresh(toolbox: Toolbox, tmp_path: Path) -> Venvs:
    """Environments of a run that has fetched nothing yet."""
    return Venvs(toolbox, tmp_path / "venvs")


def test_a_package_by_name_is_fetched_once_for_all_installers(
    fresh: Venvs, wheelhouse: Wheelhouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = fill_index(tmp_path / "index", wheelhouse.sample, wheelhouse.neighbour)
    use_index(monkeypatch, index.as_uri())
    one = fresh.uv("sample", link_mode="hardlink")
    shutil.rmtree(index)
    two = fresh.uv("sample", link_mode="hardlink")
    three = fresh.pip("sample")
    module = "sample/__init__.py"
    assert same_file(one / module, two / module)
    assert stat_of(one / module, "%h") == "3"
    assert not same_file(one / module, three / module)
    with pytest.raises(LinkcheckError, match="sample-neighbour cannot be fetched"):
        fresh.uv("sample-neighbour")


def test_what_a_package_needs_is_fetched_with_it(
    fresh: Venvs, wheelhouse: Wheelhouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needy = wheelhouse.build("needy", "1.0", {"needy.py": b""}, requires=["sample"])
    use_index(monkeypatch, fill_index(tmp_path / "index", needy, wheelhouse.sample).as_uri())
    assert [str(dist) for dist in fresh.uv("needy").distributions()] == ["needy 1.0", "sample 1.0"]


def test_a_name_and_a_local_wheel_together(
    fresh: Venvs, wheelhouse: Wheelhouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_index(monkeypatch, fill_index(tmp_path / "index", wheelhouse.neighbour).as_uri())
    env = fresh.uv("sample-neighbour", wheelhouse.sample)
    assert [dist.name for dist in env.distributions()] == ["sample", "sample-neighbour"]


def test_a_package_the_index_does_not_have(
    fresh: Venvs, wheelhouse: Wheelhouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_index(monkeypatch, fill_index(tmp_path / "index", wheelhouse.sample).as_uri())
    with pytest.raises(LinkcheckError) as caught:
        fresh.uv("absent-package")
    assert not isinstance(caught.value, UnavailableError)
    assert str(caught.value).startswith("absent-package cannot be fetched from the index\n$ ")


def test_no_index_answers(fresh: Venvs, monkeypatch: pytest.MonkeyPatch) -> None:
    use_index(monkeypatch, NOBODY_LISTENS)
    with pytest.raises(UnavailableError) as caught:
        fresh.uv("sample")
    assert str(caught.value) == f"sample cannot be fetched, {SAYS_WHAT_TO_DO}"


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_no_index_answers_the_installer_itself(
    fresh: Venvs, monkeypatch: pytest.MonkeyPatch, installer: str
) -> None:
    use_index(monkeypatch, NOBODY_LISTENS)
    with pytest.raises(UnavailableError, match="sample cannot be fetched, no package index"):
        fresh.create(installer, "sample", python=sys.executable)


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_the_installer_itself_asks_the_index_for_another_python(
    fresh: Venvs,
    wheelhouse: Wheelhouse,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    installer: str,
) -> None:
    with served(fill_index(tmp_path / "index", wheelhouse.sample)) as url:
        use_index(monkeypatch, url)
        env = fresh.create(installer, "sample", python=sys.executable)
    assert str(env["sample"]) == "sample 1.0"


def test_an_index_that_refuses_is_no_missing_network(
    fresh: Venvs, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(None) as url:
        use_index(monkeypatch, url)
        with pytest.raises(InstallError, match="uv did not install sample"):
            fresh.uv("sample", python=sys.executable)


def test_uv_seeds_from_the_index(fresh: Venvs, monkeypatch: pytest.MonkeyPatch) -> None:
    use_index(monkeypatch, NOBODY_LISTENS)
    with pytest.raises(UnavailableError, match="pip cannot be fetched, no package index answers"):
        fresh.uv(seed=True)


def test_local_wheels_need_no_index(
    fresh: Venvs, wheelhouse: Wheelhouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_index(monkeypatch, NOBODY_LISTENS)
    path = wheelhouse.sample.path
    for env in (fresh.uv(wheelhouse.sample), fresh.uv(str(path)), fresh.uv(path), fresh.pip(path)):
        assert str(env["sample"]) == "sample 1.0"


@pytest.mark.network
def test_numpy_by_name(venvs: Venvs) -> None:
    one, two = (venvs.uv("numpy", link_mode="hardlink") for _ in range(2))
    three = venvs.pip("numpy")
    module = "numpy/__init__.py"
    assert same_file(one / module, two / module)
    assert [stat_of(env / module, "%h") for env in (one, two, three)] == ["3", "3", "1"]
    assert one["numpy"].problems == three["numpy"].problems == ()
