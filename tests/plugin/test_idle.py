"""With the plugin installed and unused, nothing is imported, read or said."""

import json
import sys

import pytest
from plugin.conftest import Run

LIST_MODULES = """
import json, sys
import pytest
status = pytest.main(["--co", "-q", "-p", "no:cacheprovider", *sys.argv[1:]])
print("MODULES", json.dumps(sorted(sys.modules)))
"""


def _modules(pytester: pytest.Pytester, *args: str) -> set[str]:
    """Return what a pytest has imported that collected nothing in an empty folder."""
    result = pytester.run(sys.executable, "-c", LIST_MODULES, *args)
    (line,) = (line for line in result.outlines if line.startswith("MODULES "))
    return set(json.loads(line.removeprefix("MODULES ")))


@pytest.fixture
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    for variable in ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG", "COV_CORE_SOURCE"):
        monkeypatch.delenv(variable, raising=False)


@pytest.mark.usefixtures("_alone")
def test_four_modules_are_added_to_the_start_of_pytest(pytester: pytest.Pytester) -> None:
    without = _modules(pytester)
    beside = _modules(pytester, "-p", "linkcheck")
    ours = ("", ".hookspecs", ".options", ".plugin")
    assert beside - without == {f"pytest_linkcheck{name}" for name in ours}


WATCH = """
    import sys
    from pathlib import Path

    SEEN = []

    def _see(event, arguments):
        if event in ("open", "os.listdir", "os.scandir") and ".venv" in str(arguments[0]):
            SEEN.append((event, arguments[0]))

    sys.addaudithook(_see)

    def pytest_unconfigure():
        print("SEEN", len(SEEN))
"""


@pytest.mark.usefixtures("_alone")
@pytest.mark.parametrize("args", [[], ["--linkcheck"]])
def test_no_file_of_an_environment_is_read_unless_asked_for(
    pytester: pytest.Pytester, args: list[str]
) -> None:
    site = pytester.path / ".venv/lib/python3.11/site-packages"
    (site / "thing-1.0.dist-info").mkdir(parents=True)
    (site / "thing-1.0.dist-info/RECORD").write_text("thing-1.0.dist-info/RECORD,,\n")
    pytester.makeconftest(WATCH)
    pytester.makepyfile("def test_it(): pass")
    result = pytester.runpytest_subprocess("-s", "-p", "linkcheck", "-p", "no:xdist", *args)
    (line,) = (line for line in result.outlines if line.startswith("SEEN"))
    assert (line == "SEEN 0") is (not args)


def test_nothing_is_said_unless_asked_for(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile("def test_it(): pass")
    result = run()
    assert not [line for line in result.outlines if line.startswith("linkcheck")]
    result.stdout.no_fnmatch_line("*= linkcheck =*")


MAKE_ONE = """
    import sys

    def test_it(venvs):
        venvs.uv()
        print("MODULES", *sys.modules)
"""
NOT_FOR_MAKING = {
    "packaging.requirements",
    "packaging.utils",
    "pytest_linkcheck.filesystems",
    "pytest_linkcheck.installs.distributions",
    "pytest_linkcheck.installs.installers.pip",
    "pytest_linkcheck.installs.wheelhouse",
    "pytest_linkcheck.links.facts",
}


@pytest.mark.usefixtures("_alone")
def test_to_make_an_environment_takes_few_modules(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(MAKE_ONE)
    result = pytester.runpytest_subprocess("-s", "-p", "linkcheck")
    (line,) = (line for line in result.outlines if "MODULES" in line)
    assert "pytest_linkcheck.installs.environment" in line.split()
    assert not NOT_FOR_MAKING & set(line.split())
