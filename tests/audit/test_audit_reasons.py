"""Why files are not shared, as the table says it."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from audit.conftest import Bench, Subject
from support.mounting import bound, mounted, needs_root, run
from support.places import Place
from support.table import counts_of, reasons_of, table_of

from pytest_linkcheck import Environment, Venvs, Wheelhouse
from pytest_linkcheck.filesystems.expectations import MEASURED

GENERATED = "written by the installer for this environment"
SCRIPT = "a script, made for this environment"


def _reason(result: pytest.RunResult) -> str:
    """Return the commonest reason, which is that of the files of the wheel, without its count."""
    return reasons_of(result)[0].partition("  ")[2]


def _header(result: pytest.RunResult) -> str:
    (line,) = (line for line in result.outlines if line.startswith("linkcheck: .venv on"))
    return line


def test_generated_files_and_scripts_are_written_for_each_environment(subject: Subject) -> None:
    assert [line.partition("  ")[2] for line in reasons_of(subject.audit())] == [GENERATED, SCRIPT]


def test_no_reason_is_asked_for_what_is_shared(bench: Bench, wheelhouse: Wheelhouse) -> None:
    subject = bench.make("uv", wheelhouse.neighbour, link_mode="hardlink")
    for name in ("RECORD", "INSTALLER", "REQUESTED", "uv_cache.json"):
        (subject.site / "sample_neighbour-1.0.dist-info" / name).unlink(missing_ok=True)
    (subject.site / "sample_neighbour-1.0.dist-info/RECORD").write_text("sample/shared.py,,\n")
    assert not reasons_of(subject.audit())


def test_the_record_of_what_is_packed_within_is_copied_by_uv(
    bench: Bench, wheelhouse: Wheelhouse
) -> None:
    packed = "demo/_vendor/inner-1.0.dist-info/"
    files = {f"{packed}RECORD": b"inner.py,,\n", f"{packed}METADATA": b"Name: inner\n"}
    subject = bench.make("uv", wheelhouse.build("demo", "1.0", files), link_mode="hardlink")
    assert (subject.site / packed / "RECORD").stat().st_nlink == 1
    assert (subject.site / packed / "METADATA").stat().st_nlink == 2
    result = subject.audit()
    result.assert_outcomes(passed=1)
    told = "1  the RECORD of what is packed within: uv copies every file of that name"
    assert told in reasons_of(result)


def test_pip_links_nothing(bench: Bench, wheelhouse: Wheelhouse) -> None:
    result = bench.make("pip", wheelhouse.sample).audit()
    assert _reason(result) == "installed by pip, which links nothing"


@pytest.mark.parametrize("variable", ["PDM_CACHE_DIR", "XDG_CACHE_HOME"])
def test_symlinks_into_the_cache_of_pdm_are_followed(
    subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    cache = tmp_path / "caches" / ("" if variable == "PDM_CACHE_DIR" else "pdm")
    kept = cache / "packages/sample-1.0-py3-none-any.whl.cache/sample"
    kept.mkdir(parents=True)
    module = subject.site / "sample/large.py"
    module.rename(kept / "large.py")
    module.symlink_to(kept / "large.py")
    result = subject.audit()
    result.stdout.fnmatch_lines(["*large.py is a symlink out of the environment and its cache*"])
    monkeypatch.setenv(variable, str(tmp_path / "caches"))
    result = subject.audit()
    result.assert_outcomes(passed=1)
    assert counts_of(result, "sample 1.0")["symlink"] == 1
    with (kept / "large.py").open("a") as file:
        file.write("# edited")
    result = subject.audit()
    result.stdout.fnmatch_lines(["*large.py was changed since it was installed*"])


TURN_ON = "pdm config install.cache true, then pdm sync --reinstall"
NOT_KNOWN = ", of which it is not known whether it links"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("", f"an installer that left no name{NOT_KNOWN}"),
        ("other\x1b[2J", f"other\\x1b[2j{NOT_KNOWN}"),
        ("Poetry 2.1.3", "poetry 2.1.3, which links nothing"),
        ("installer", "installer, which links nothing"),
        ("conda", "conda, which links where it can; its package cache is not looked into"),
        ("pdm", f"pdm, which links only while install.cache is on -> {TURN_ON}"),
    ],
)
def test_of_another_installer_it_is_said_what_it_links(
    subject: Subject, name: str, told: str
) -> None:
    subject.replace_by_copy("sample/large.py")
    (subject.info / "INSTALLER").write_text(name)
    subject.write_record("sample/large.py,,")
    result = subject.audit()
    result.assert_outcomes(passed=1)
    assert f"1  installed by {told}" in reasons_of(result)


def test_what_virtualenv_seeds_is_told_from_what_pip_installs(subject: Subject) -> None:
    """INSTALLER says pip; a file that virtualenv adds says who it was."""
    subject.replace_by_copy("sample/large.py")
    (subject.site / "sample-1.0.virtualenv").touch()
    (subject.info / "INSTALLER").write_text("pip\n")
    subject.write_record("sample/large.py,,", "sample-1.0.virtualenv,,")
    told = "copied by virtualenv as a seed -> virtualenv --symlink-app-data"
    assert f"2  {told}" in reasons_of(subject.audit())


@pytest.mark.parametrize(("version", "times"), [("99.0", 1), ("0.13.0", 0), ("odd", 0)])
def test_a_uv_newer_than_any_that_was_measured_is_said_so(
    subject: Subject, version: str, times: int
) -> None:
    config = subject.prefix / "pyvenv.cfg"
    config.write_text(re.sub(r"(?m)^uv = .*$", f"uv = {version}", config.read_text()))
    result = subject.audit()
    caution = (
        f"linkcheck: .venv: uv 99.0 is newer than {MEASURED['uv'][1]}, the newest that was "
        "measured: it is assumed to do the same"
    )
    assert result.outlines.count(caution) == times


def test_a_cache_on_another_device(
    bench: Bench, wheelhouse: Wheelhouse, other_device: Path
) -> None:
    subject = bench.make("uv", wheelhouse.sample, cache_at=other_device)
    result = subject.audit()
    result.assert_outcomes(passed=1)
    assert _reason(result).startswith("uv's cache lies apart: two filesystems, ")
    assert _reason(result).endswith(" -> move UV_CACHE_DIR to the same mount")
    assert f"uv cache {subject.cache}: two filesystems, " in _header(result)
    assert "of which 0 bytes shared" in table_of(result)[0]


@needs_root
def test_a_cache_on_another_mount_of_the_same_filesystem(
    bench: Bench, wheelhouse: Wheelhouse, tmp_path: Path
) -> None:
    point = tmp_path / "mounted"
    point.mkdir()
    with bound(point, point):
        subject = bench.make("uv", wheelhouse.sample, link_mode="hardlink", cache_at=point)
        result = subject.audit()
    result.assert_outcomes(passed=1)
    assert _reason(result).startswith("uv's cache lies apart: same filesystem, two mounts ")
    assert f"uv cache {subject.cache}: same filesystem, two mounts " in _header(result)


def test_a_cache_that_is_gone(bench: Bench, wheelhouse: Wheelhouse) -> None:
    subject = bench.make("uv", wheelhouse.sample, link_mode="copy")
    shutil.rmtree(subject.cache)
    result = subject.audit()
    result.assert_outcomes(passed=1)
    assert _reason(result) == f"uv's cache is gone: {subject.cache} does not exist"
    assert _header(result).endswith(f"no uv cache at {subject.cache}")


def test_a_file_no_longer_in_the_cache(bench: Bench, wheelhouse: Wheelhouse) -> None:
    subject = bench.make("uv", wheelhouse.sample, link_mode="copy")
    shutil.rmtree(next(subject.cache.glob("archive-v*")))
    result = subject.audit()
    result.assert_outcomes(passed=1)
    assert _reason(result) == (
        f"no longer in uv's cache {subject.cache} -> uv pip install --reinstall sample"
    )


def test_another_build_of_the_version_in_the_cache_is_no_shortfall(
    bench: Bench, wheelhouse: Wheelhouse
) -> None:
    wheels = [wheelhouse.build("twin", "1.0", {"twin.py": data}) for data in (b"A=1\n", b"B=2\n")]
    one = bench.make("uv", wheels[0], link_mode="copy", name="one")
    shutil.rmtree(one.cache)
    two = bench.make("uv", wheels[1], name="two", link_mode="copy")
    assert one.cache == two.cache
    result = one.audit("--linkcheck-env=one", "-rf")
    told = "uv's cache holds other bytes for it: another build of this version"
    assert f"1  {told} -> uv pip install --reinstall twin" in reasons_of(result)
    assert not any("twin.py is a copy" in line for line in result.outlines)


def test_link_mode_copy_is_what_was_asked_for(
    bench: Bench, wheelhouse: Wheelhouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = bench.make("uv", wheelhouse.sample, link_mode="copy")
    monkeypatch.setenv("UV_LINK_MODE", "copy")
    result = subject.audit()
    result.assert_outcomes(passed=1)
    assert _reason(result) == "uv is configured with link-mode copy -> remove that setting"


def test_hard_links_stay_hard_links_when_the_cache_goes(
    subject: Subject, bench: Bench, wheelhouse: Wheelhouse
) -> None:
    bench.make("uv", wheelhouse.sample, link_mode="hardlink", name="twin")
    shutil.rmtree(subject.cache)
    result = subject.audit()
    result.assert_outcomes(passed=1)
    assert len(reasons_of(result)) == 2


@needs_root
def test_overlay_counts_no_links_so_the_other_name_must_be_found(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    lower = subject.pytester.path / "lower"
    lower.mkdir()
    empty = subject.pytester.mkdir("empty")
    subject.prefix.rename(lower / ".venv")
    subject.cache.rename(lower / "cache")
    point = subject.pytester.mkdir("point")
    option = "--linkcheck-env=point/.venv"
    with mounted("overlay", point, "-t", "overlay", "-o", f"lowerdir={empty}:{lower}"):
        monkeypatch.setenv("UV_CACHE_DIR", str(point / "cache"))
        found = subject.audit(option)
        monkeypatch.setenv("UV_CACHE_DIR", str(point / "elsewhere"))
        lost = subject.audit(option)
    assert counts_of(found, "sample 1.0")["hardlink"] > 10
    assert counts_of(lost, "sample 1.0")["hardlink"] == 0
    assert _reason(lost) == "overlay does not count links exactly, and no other name was found"


@pytest.fixture(params=["btrfs", "xfs"])
def reflinking(places: dict[str, Place], request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return a new folder on a filesystem whose files can share blocks."""
    folder = places[request.param].root / tmp_path.name
    folder.mkdir()
    return folder


@pytest.fixture
def audit_of(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Environment], pytest.RunResult]:
    """Return how to audit an environment where it is, with the cache it was filled from."""

    def audit(made: Environment) -> pytest.RunResult:
        monkeypatch.setenv("UV_CACHE_DIR", str(made.cache))
        subject = Subject(pytester, made.prefix, made.cache)
        return subject.audit(f"--linkcheck-env={made.prefix}")

    return audit


Audit = Callable[[Environment], pytest.RunResult]


def test_reflinks_are_found_by_their_blocks(
    reflinking: Path, audit_of: Audit, venvs: Venvs, wheelhouse: Wheelhouse
) -> None:
    made = venvs.uv(wheelhouse.sample, link_mode="clone", at=reflinking, cache_at=reflinking)
    result = audit_of(made)
    result.assert_outcomes(passed=1)
    counts = counts_of(result, "sample 1.0")
    told = (run("filefrag", "-v", file.path) for file in made["sample"].files)
    flags = (line.rpartition(":")[2] for text in told for line in text.splitlines()[3:-1])
    shared = [one for one in flags if "shared" in one]
    assert counts["hardlink"] == 0
    assert counts["reflink"] == len(shared) > 1, result.stdout.str()


def test_copies_are_own_where_reflinks_could_be(
    reflinking: Path, audit_of: Audit, venvs: Venvs, wheelhouse: Wheelhouse
) -> None:
    made = venvs.pip(wheelhouse.sample, at=reflinking)
    result = audit_of(made)
    result.assert_outcomes(passed=1)
    counts = counts_of(result, "sample 1.0")
    assert counts["own"] > 1
    assert counts["reflink"] == counts["hardlink"] == 0
    assert counts["own"] + counts["unknown"] == counts["files"]


def test_a_clone_that_was_rewritten_falls_short(
    reflinking: Path, audit_of: Audit, venvs: Venvs, wheelhouse: Wheelhouse
) -> None:
    made = venvs.uv(wheelhouse.sample, link_mode="clone", at=reflinking, cache_at=reflinking)
    module = made / "sample/large.py"
    data = module.read_bytes()
    module.unlink()
    module.write_bytes(data)
    result = audit_of(made)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*sample/large.py is a copy, though uv's cache holds the file*"])


def test_a_clone_that_was_written_to_is_not_called_shared(
    reflinking: Path, audit_of: Audit, venvs: Venvs, wheelhouse: Wheelhouse
) -> None:
    made = venvs.uv(wheelhouse.sample, link_mode="clone", at=reflinking, cache_at=reflinking)
    with (made / "sample/large.py").open("r+b") as file:
        file.write(b"# edited")
    result = audit_of(made)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*sample/large.py was changed since it was installed*"])
    assert any("written to since: " in line for line in reasons_of(result))


def test_across_subvolumes_of_btrfs_reflinks_are_expected(
    places: dict[str, Place], tmp_path: Path, audit_of: Audit, venvs: Venvs, wheelhouse: Wheelhouse
) -> None:
    folder = places["btrfs"].root / tmp_path.name
    run("btrfs", "subvolume", "create", folder)
    cache = places["btrfs"].root / f"{tmp_path.name}-cache"
    shared = venvs.uv(wheelhouse.sample, at=folder, cache_at=cache)
    copied = venvs.uv(wheelhouse.sample, at=folder, cache_at=cache)
    module = copied / "sample/large.py"
    data = module.read_bytes()
    module.unlink()
    module.write_bytes(data)

    audit_of(shared).assert_outcomes(passed=1)
    result = audit_of(copied)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*sample/large.py is a copy, though uv's cache holds the file*"])
