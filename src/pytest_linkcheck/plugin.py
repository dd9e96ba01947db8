"""The hooks and fixtures pytest sees. Each is thin, and imports the rest only when it is used."""

import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from .filesystems import Filesystem, Filesystems
    from .installs import Toolbox, Venvs, Wheelhouse
    from .installs.installers import Installer
    from .shared import SharedVenvs
    from .snapshot.fixture import LinkSnapshot


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the hooks that others may implement."""
    from . import hookspecs

    pluginmanager.add_hookspecs(hookspecs)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our options, and our keys of the configuration file."""
    from .options import add_options

    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers; with `--linkcheck` the audit too."""
    from .options import MARKERS

    for line in MARKERS.splitlines():
        config.addinivalue_line("markers", line)
    if config.option.linkcheck_installer:
        from .fixtures import chosen_installers

        chosen_installers(config)  # a bad value is an error now, not when some test comes to it
    if _chooses_places(config):
        from .where import check_options

        check_options(config)
    if config.option.linkcheck_guard:
        from .guard.hooks import register as register_guard

        register_guard(config)
    if _is_on(config):
        from .conformance.hooks import register as register_checks

        register_checks(config)
    if _is_on(config) or config.option.linkcheck_report:
        from .report.hooks import register as register_record

        register_record(config)
    if config.option.linkcheck:
        from .audit.hooks import register

        register(config)
    else:
        for name in ("env", "expect", "timeout"):
            if getattr(config.option, f"linkcheck_{name}"):
                raise pytest.UsageError(f"--linkcheck-{name} needs --linkcheck")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Check the arguments of our markers; parametrise tests by `linkcheck_matrix` and places."""
    ours = any(mark.name.startswith("linkcheck") for mark in metafunc.definition.iter_markers())
    config, fixtures = metafunc.config, metafunc.fixturenames
    chosen = ("filesystem" in fixtures and _chooses_places(config)) or (
        "installer" in fixtures and config.option.linkcheck_installer
    )
    if ours or chosen:
        from .markers import check_markers, parametrize

        check_markers(metafunc.definition)
        parametrize(metafunc)


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Keep stored snapshots from being run: pytest takes `test*.txt` for doctests.

    They hold names of files, and a file may be called `>>> ...`.
    """
    return True if "__linkcheck__" in collection_path.parts[-3:] else None


# Before -k, -m and others leave some out, and around xdist, which reads the marks.
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> Generator[None, object, object]:
    """Keep which tests there are, if snapshots of some may be stored.

    Under `--dist loadgroup`, let tests of one filesystem or environment run on one worker.
    """
    if any("linkcheck_snapshot" in getattr(item, "fixturenames", ()) for item in items):
        from .snapshot.fixture import COLLECTED

        config.stash[COLLECTED] = tuple(items)
    if not getattr(config.option, "loadgroup", False):  # set in the workers of xdist
        return (yield)
    if not config.option.linkcheck and not any(_is_grouped(item) for item in items):
        return (yield)
    from .groups import mark_groups, name_groups

    mark_groups(items)
    result = yield
    name_groups(items)
    return result


@pytest.hookimpl(tryfirst=True)  # no wrapper: one that skips keeps others from being set up
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what was not asked for, and what this machine cannot do."""
    if item.get_closest_marker("linkcheck") and not _is_on(item.config):
        _skip(item.config, "marked linkcheck: run with --linkcheck, or set the ini key linkcheck")
    if item.get_closest_marker("linkcheck_requires"):
        from .markers import first_unmet

        if reason := first_unmet(item):
            _skip(item.config, reason)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Check the environments that the test made, if it is marked `linkcheck_expect`."""
    result = yield
    if marker := item.get_closest_marker("linkcheck_expect"):
        from .expectation import check_expectation

        if told := check_expectation(marker, item):
            pytest.fail(told, pytrace=False)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """Tell a test that it changed an environment which others use too."""
    result = yield
    if "shared_venvs" in getattr(item, "fixturenames", ()):
        from .shared import check_unchanged

        check_unchanged(item)
    return result


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Make a skip of what turned out to be unavailable, as pytest does of `unittest.SkipTest`."""
    ours = sys.modules.get("pytest_linkcheck.errors")
    if ours and call.excinfo and isinstance(call.excinfo.value, ours.UnavailableError):
        reason = str(call.excinfo.value)
        skipped = pytest.CallInfo.from_call(lambda: _skip(item.config, reason), call.when)
        call.excinfo = skipped.excinfo


def pytest_terminal_summary(
    terminalreporter: "pytest.TerminalReporter", config: pytest.Config
) -> None:
    """Tell which snapshots were written, and which no test uses."""
    records = [
        (report, value)
        for reports in terminalreporter.stats.values()
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == "linkcheck-snapshot"
    ]
    if records:
        from .snapshot.stale import summary_lines

        lines = list(summary_lines(records, update=config.option.linkcheck_update))
        if lines:
            terminalreporter.write_sep("=", "linkcheck snapshots")
        for line in lines:
            terminalreporter.write_line(line)


def _chooses_places(config: pytest.Config) -> bool:
    names = ("linkcheck_filesystem", "linkcheck_require")
    return any(getattr(config.option, name) or config.getini(name) for name in names)


def _is_grouped(item: pytest.Item) -> bool:
    used = getattr(item, "fixturenames", ())
    return any(name in used for name in ("filesystem", "cache_filesystem", "shared_venvs"))


def _is_on(config: pytest.Config) -> bool:
    return bool(config.option.linkcheck or config.getini("linkcheck"))


def _skip(config: pytest.Config, reason: str) -> NoReturn:
    if config.option.linkcheck_strict:
        pytest.fail(f"{reason} (a failure by --linkcheck-strict)", pytrace=False)
    raise pytest.skip.Exception(reason, _use_item_location=True)


@pytest.fixture(scope="session")
def _linkcheck_toolbox(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> "Toolbox":
    from .fixtures import open_toolbox

    return open_toolbox(pytestconfig, tmp_path_factory)


@pytest.fixture
def venvs(
    request: pytest.FixtureRequest, _linkcheck_toolbox: "Toolbox", tmp_path: Path
) -> Iterator["Venvs"]:
    """Make environments: `venvs.uv(...)`, `venvs.pip(...)`, `venvs.create(installer, ...)`."""
    from .fixtures import open_venvs

    with open_venvs(request.node, _linkcheck_toolbox, tmp_path) as made:
        yield made


@pytest.fixture(scope="session")
def shared_venvs(
    pytestconfig: pytest.Config,
    _linkcheck_toolbox: "Toolbox",
) -> Iterator["SharedVenvs"]:
    """Make environments to be read by the whole run: equal requests are built once."""
    from .shared import open_shared

    with open_shared(_linkcheck_toolbox, pytestconfig) as made:
        yield made


@pytest.fixture
def linkcheck_snapshot(request: pytest.FixtureRequest) -> "LinkSnapshot":
    """Hold environments against a text stored beside the test: `linkcheck_snapshot.check(env)`."""
    from .snapshot.fixture import open_snapshot

    return open_snapshot(request)


@pytest.fixture(scope="session")
def wheelhouse(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> "Wheelhouse":
    """Make wheels on the spot: `wheelhouse.sample`, `wheelhouse.build(name, version, files)`."""
    from .installs import Wheelhouse
    from .run_folder import run_folder

    return Wheelhouse(run_folder(pytestconfig, tmp_path_factory) / "wheels")


@pytest.fixture
def other_device(tmp_path: Path) -> Iterator[Path]:
    """A new folder on another device than `tmp_path`."""
    from .fixtures import make_other_device

    with make_other_device(tmp_path) as folder:
        yield folder


@pytest.fixture
def installer(request: pytest.FixtureRequest, _linkcheck_toolbox: "Toolbox") -> "Installer":
    """The installer that `linkcheck_matrix` has chosen; uv without it."""
    return _linkcheck_toolbox.find(getattr(request, "param", "uv"))


@pytest.fixture
def link_mode(request: pytest.FixtureRequest) -> str | None:
    """The link mode that `linkcheck_matrix` has chosen; without it the installer's own choice."""
    mode: str = getattr(request, "param", "default")
    return None if mode == "default" else mode


@pytest.fixture(scope="session")
def filesystems(
    pytestconfig: pytest.Config,
    tmp_path_factory: pytest.TempPathFactory,  # noqa: ARG001 - it must be there before, and go after
) -> Iterator["Filesystems"]:
    """Make filesystems: `filesystems.get("btrfs")`, `filesystems.get("ext4", fresh=True)`."""
    from .where import close_filesystems, get_filesystems

    yield get_filesystems(pytestconfig)
    close_filesystems(pytestconfig)


@pytest.fixture
def filesystem(
    request: pytest.FixtureRequest,
    filesystems: "Filesystems",  # noqa: ARG001 - it closes them
) -> Iterator["Filesystem"]:
    """The place that `linkcheck_matrix` or `--linkcheck-filesystem` has chosen, or `default`."""
    from .where import open_filesystem, parse_for

    name = getattr(request, "param", "default")
    with open_filesystem(request.config, parse_for(request.config, name)) as made:
        yield made


@pytest.fixture
def cache_filesystem(
    request: pytest.FixtureRequest, filesystem: "Filesystem", filesystems: "Filesystems"
) -> "Filesystem":
    """The place for caches that `linkcheck_matrix` has chosen; without it that of `filesystem`."""
    from .where import parse_for

    name: str | None = getattr(request, "param", None)
    return filesystem if name is None else filesystems.get(parse_for(request.config, name))
