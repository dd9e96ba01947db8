"""An environment in pytester's folder, and how to audit it there."""

import csv
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_linkcheck import Venvs, Wheelhouse
from pytest_linkcheck.audit import hooks  # noqa: F401 - pytester forgets what its runs import
from pytest_linkcheck.audit.context import NEVER_REFLINK
from pytest_linkcheck.links.mounts import mount_of_path

PLUGINS = ("-p", "linkcheck", "-p", "xdist")


@dataclass(frozen=True)
class Subject:
    """An environment under audit: its folders, and the cache uv filled it from."""

    pytester: pytest.Pytester
    prefix: Path
    cache: Path

    @property
    def site(self) -> Path:
        (site,) = self.prefix.glob("lib/python3*/site-packages")
        return site

    @property
    def info(self) -> Path:
        return self.site / "sample-1.0.dist-info"

    def audit(self, *args: str, plugins: tuple[str, ...] = PLUGINS) -> pytest.RunResult:
        """Run `pytest --linkcheck` here, with no plugins but ours and xdist."""
        return self.pytester.runpytest_inprocess(*plugins, "--linkcheck", *args)

    def recorded(self) -> dict[str, str]:
        """Return the hashes in RECORD by path."""
        with (self.info / "RECORD").open(newline="", encoding="utf-8") as file:
            return {path: hashed for path, hashed, _ in csv.reader(file)}

    def write_record(self, *rows: str) -> None:
        """Replace RECORD; the new one has one name only."""
        (self.info / "RECORD").unlink()
        (self.info / "RECORD").write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")

    def replace_by_copy(self, name: str) -> Path:
        """Give a file an inode of its own, with the bytes it had."""
        path = self.site / name
        data = path.read_bytes()
        path.unlink()
        path.write_bytes(data)
        return path


class Bench:
    """Makes environments to audit, each moved to a name of the test's choice."""

    def __init__(
        self, pytester: pytest.Pytester, venvs: Venvs, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self._pytester = pytester
        self._venvs = venvs
        self._monkeypatch = monkeypatch

    def make(
        self,
        installer: str,
        *wheels: "object",
        name: str = ".venv",
        link_mode: str | None = None,
        cache_at: Path | None = None,
        bytecode: str = "none",
    ) -> Subject:
        made = self._venvs.create(
            installer,
            *wheels,  # type: ignore[arg-type]
            link_mode=link_mode,
            at=self._pytester.path,
            cache_at=cache_at,
            bytecode=bytecode,
        )
        # Audits only read: they need no environment that still runs.
        made.prefix.rename(self._pytester.path / name)
        if installer == "uv":
            self._monkeypatch.setenv("UV_CACHE_DIR", str(made.cache))
        return Subject(self._pytester, self._pytester.path / name, made.cache)


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep other plugins and the user's uv out of the runs within a test."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    monkeypatch.delenv("UV_LINK_MODE", raising=False)


@pytest.fixture
def bench(pytester: pytest.Pytester, venvs: Venvs, monkeypatch: pytest.MonkeyPatch) -> Bench:
    mount = mount_of_path(pytester.path)
    if mount is None or mount.type not in NEVER_REFLINK:
        pytest.skip(f"{pytester.path} may have reflinks: set TMPDIR to a folder on ext4 or tmpfs")
    return Bench(pytester, venvs, monkeypatch)


@pytest.fixture
def subject(bench: Bench, wheelhouse: Wheelhouse) -> Subject:
    """The sample in `.venv`, hard linked by uv."""
    return bench.make("uv", wheelhouse.sample, link_mode="hardlink")
