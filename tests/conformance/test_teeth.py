"""The suite has teeth: a wrong installer is caught by the check that names its fault alone."""

import os
from collections import Counter
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

import faults
import pytest
import wrong_installers

from pytest_linkcheck import conformance
from pytest_linkcheck.conformance import hooks
from pytest_linkcheck.conformance.results import FAILED, HAZARD, PASSED, SKIPPED, Result
from pytest_linkcheck.report.travel import unpack

pytestmark = pytest.mark.slow

# Checks of each kind, quick ones. Beside the checks meant, a few of them are run on each wrong
# installer, in turn: all on all would show no more, and take three times as long.
OTHERS = (
    "payload_is_shared", "generated_files_are_own", "record_is_complete",
    "bytes_are_those_of_the_wheel", "executables_are_executable and 0o22",
    "uninstall_leaves_others", "no_warning_without_a_fallback", "impossible_request",
)  # fmt: skip
OTHERS_FOR_EACH = 3
# What is dangerous in hard links and caches as such, and no fault of the wrong installer's.
USUAL = {"a_change_stays_in_its_environment", "umask_of_another_environment_does_not_matter"}
WHOLE = bool(os.environ.get("LINKCHECK_WHOLE_SUITE"))  # run all checks on all of them: 10 minutes


@dataclass(frozen=True)
class Bite:
    """A fault, the link mode it is shown in, the checks that must catch it, and that may."""

    fault: str
    mode: str
    caught: set[str]
    also: set[str] = field(default_factory=set)

    def __str__(self) -> str:
        return self.fault


SHARING = {"payload_is_shared", "cache_is_shared", "link_count_is_cache_and_environments",
           "uninstall_takes_one_link", "links_lie_in_cache_and_environments"}  # fmt: skip
KILLED = {"a_killed_install_does_the_cache_no_harm", "what_a_kill_cut_off_is_not_taken_for_whole",
          "an_install_killed_while_it_fills_the_cache_does_no_harm"}  # fmt: skip
RECORD = {"record_is_complete", "record_is_true", "record_has_hashes"}
CONTENT = {"record_is_complete", "record_is_true", "bytes_are_those_of_the_wheel"}
SILENT = "says-nothing-of-what-it-freed"
# A check that uv itself does not meet, and pip does.
OTHERWISE = {"umask_of_another_environment_does_not_matter"}
# The program that a wrong installer is must be in reach of an ordinary user: where it lies here
# is for whoever runs the tests to say.
UNTRIED = {"an_ordinary_user_can_install", "a_cache_of_another_user_does_no_harm"}
BITES = [
    Bite("copies-instead-of-links", "hardlink", {"payload_is_shared", "cache_is_shared"}, SHARING),
    Bite(
        "links-where-it-should-copy",
        "copy",
        {"payload_is_shared", "a_change_stays_in_its_environment"},
        {"times_are_as_promised"},
    ),
    Bite("links-the-record", "hardlink", {"generated_files_are_own"}),
    Bite("links-scripts", "hardlink", {"scripts_of_the_environment_are_own"}),
    Bite("links-the-configuration", "hardlink", {"nothing_else_is_linked"}),
    # RECORD does not list the symlink, no file behind it is a hard link, and uv cannot remove it.
    Bite("shares-a-folder-by-symlink", "hardlink", {"folders_are_own"},
         {"payload_is_shared", "record_is_complete", "uninstall_leaves_others"}),
    Bite("takes-python-from-the-cache", "copy", {"python_is_not_linked_to_the_cache"}),
    Bite("drops-the-executable-bit", "copy", {"executables_are_executable"}),
    Bite("makes-all-executable", "copy", {"executables_are_executable"}),
    Bite("ignores-the-umask", "copy", {"umask_is_kept"}),
    Bite("changes-times", "copy", {"times_are_as_promised"}),
    Bite("loses-a-file", "copy", {"record_is_complete"}, {"payload_is_shared"}),
    Bite("loses-empty-files", "copy", {"empty_files_are_there"}, CONTENT | {"payload_is_shared"}),
    Bite(
        "mangles-names",
        "copy",
        {"odd_names_are_kept"},
        CONTENT | {"payload_is_shared", "uninstall_leaves_nothing"},
    ),
    Bite("damages-a-file", "copy", {"bytes_are_those_of_the_wheel"}, {"record_is_true"}),
    Bite("records-a-wrong-hash", "copy", {"record_is_true"}),
    Bite("records-no-hashes", "copy", {"record_has_hashes"}),
    Bite("leaves-a-temporary-file", "copy", {"record_is_complete"}, {"uninstall_leaves_nothing"}),
    Bite("adds-a-program", "copy", {"record_is_complete"}),
    Bite("leaves-a-file-behind", "copy", {"uninstall_leaves_nothing"}),
    Bite("keeps-the-old-on-upgrade", "copy", {"upgrade_leaves_nothing_of_the_old"}),
    Bite("writes-through-on-upgrade", "hardlink", {"another_version_leaves_others"}),
    Bite(
        "writes-through-for-a-neighbour",
        "hardlink",
        {"a_neighbour_with_the_same_path_leaves_others"},
    ),
    Bite("empties-files-before-it-unlinks", "hardlink", {"uninstall_leaves_others"}),
    Bite(
        "clears-the-cache-on-uninstall",
        "hardlink",
        {"uninstall_leaves_others", "uninstall_takes_one_link"},
    ),
    Bite("upgrades-under-a-reader", "copy", {"an_open_reader_keeps_what_it_reads"}),
    Bite(
        "half-installs",
        "copy",
        {
            "an_impossible_request_changes_nothing",
            "a_broken_wheel_leaves_no_files",
            "a_read_only_folder_does_no_harm",
        },
    ),
    Bite(
        "breaks-the-old-when-it-fails",
        "copy",
        {"a_failed_upgrade_keeps_the_old"},
        {"an_impossible_request_changes_nothing"},
    ),
    Bite(
        "says-that-all-is-well",
        "copy",
        {"a_broken_wheel_is_refused"},
        {"an_impossible_request_changes_nothing"},
    ),
    Bite("fails-across-devices", "hardlink", {"a_cache_on_another_device_works"}),
    Bite("falls-back-silently", "hardlink", {"a_fallback_is_said"}),
    Bite("warns-for-nothing", "hardlink", {"no_warning_without_a_fallback"}),
    Bite("cleans-nothing", "copy", {"clean_leaves_nothing_in_the_cache"}),
    Bite("cleans-too-much", "copy", {"clean_leaves_environments_whole"}),
    Bite("prunes-too-much", "copy", {"prune_leaves_environments_whole"}),
    Bite("lies-about-what-it-freed", "copy", {"bytes_freed_are_true"}),
    Bite("puts-bytecode-into-the-cache", "copy", {"bytecode_is_own"}),
    Bite("shares-bytecode", "copy", {"bytecode_is_own"}),
    Bite("always-compiles", "copy", {"no_bytecode_unless_asked"}, {"uninstall_leaves_nothing"}),
    Bite("compiles-again", "copy", {"a_second_run_rewrites_no_bytecode"}),
    Bite("leaves-stale-bytecode", "copy", {"bytecode_is_complete_and_fresh"}),
    Bite(
        "loses-the-record",
        "hardlink",
        RECORD | SHARING | {"generated_files_are_own", "times_are_as_promised"},
        {"uninstall_leaves_others"},
    ),
    Bite("records-sizes-of-nought", "copy", {"record_is_true"}),
    Bite("has-names-elsewhere", "hardlink", {"links_lie_in_cache_and_environments"}, SHARING),
    Bite("caches-a-file-twice", "hardlink", {"link_count_is_cache_and_environments"}),
    Bite("copies-one-file-of-thousands", "hardlink", {"5000_files_are_shared"}),
    Bite(
        "leads-into-the-cache",
        "copy",
        {"nothing_leads_into_the_cache"},
        SHARING | {"uninstall_leaves_others"},
    ),
    Bite("links-the-given-wheel", "copy", {"a_wheel_can_be_given_by_its_path"}),
    Bite("links-the-source-of-an-editable", "copy", {"an_editable_install_links_nothing"}),
    Bite("loses-a-file-after-an-uninstall", "copy", {"reinstall_leaves_others"}),
    Bite("loses-a-file-after-a-clean", "copy", {"an_install_after_a_clean_works"}),
    Bite(
        "compiles-over-what-was-shipped",
        "hardlink",
        {"shipped_bytecode_is_not_written_through"},
    ),
    Bite("fails-across-mounts", "hardlink", {"a_cache_across_a_boundary_works"}),
    Bite("fails-at-the-link-limit", "hardlink", {"the_link_limit_is_no_end"}),
    Bite("damages-when-not-alone", "hardlink", {"many_cold_installs_share_one_copy"}),
    Bite(
        "damages-what-a-kill-left-in-the-cache",
        "copy",
        {"an_install_killed_while_it_fills_the_cache_does_no_harm"},
    ),
    Bite(
        "leaves-the-cache-locked-when-killed",
        "copy",
        {"a_killed_install_does_the_cache_no_harm"},
        KILLED,
    ),
    Bite("takes-half-for-whole", "copy", {"what_a_kill_cut_off_is_not_taken_for_whole"}),
    Bite(
        "spoils-the-cache-when-the-disk-is-full",
        "copy",
        {"a_full_disk_does_the_cache_no_harm"},
    ),
    Bite(
        "counts-what-a-full-disk-cut-off",
        "copy",
        {"what_a_full_disk_cut_off_is_not_taken_for_whole"},
    ),
    Bite(
        "leaves-bytecode-behind",
        "copy",
        {"uninstall_leaves_no_bytecode"},
        {"uninstall_leaves_nothing"},
    ),
]  # fmt: skip


def others_for(bite: Bite) -> list[str]:
    """Return the checks of `OTHERS` that are run on *bite*."""
    first = BITES.index(bite) * OTHERS_FOR_EACH
    return [OTHERS[(first + number) % len(OTHERS)] for number in range(OTHERS_FOR_EACH)]


def run_suite(pytester: pytest.Pytester, *args: str) -> list[Result]:
    """Return what became of the checks that *args* choose."""
    plugins = ("-p", "linkcheck", "-p", "wrong_installers")
    suite = ("--linkcheck", "-q", "--pyargs", "pytest_linkcheck.conformance")
    run = pytester.inline_run(*plugins, *suite, *args)
    results = {  # the last word: a test has several reports
        result.nodeid: result
        for report in run.getreports("pytest_runtest_logreport")
        for result in unpack(Result, report.user_properties)
    }
    assert results
    return list(results.values())


def caught_by(pytester: pytest.Pytester, *args: str) -> set[str]:
    """Return the checks that fail, or find a hazard that is not a usual one."""
    results = run_suite(pytester, *args)
    failed = {one.check for one in results if one.outcome == FAILED}
    return failed | {one.check for one in results if one.outcome == HAZARD} - USUAL


@pytest.mark.parametrize("bite", BITES, ids=str)
def test_a_fault_is_caught_by_its_check(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, bite: Bite
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    wanted = " or ".join(f"({one})" for one in (*others_for(bite), *sorted(bite.caught)))
    chosen = "not 5000 and not killed and not full_disk" if WHOLE else wanted
    installer = f"{wrong_installers.PREFIX}{bite.fault}"
    found = caught_by(pytester, "--linkcheck-installer", installer,
                      "--linkcheck-link-mode", bite.mode, "-k", chosen)  # fmt: skip
    assert bite.caught <= found
    if not WHOLE:
        assert found <= bite.caught | bite.also


def test_what_is_not_said_is_no_pass(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    (result,) = run_suite(
        pytester, "--linkcheck-installer", f"{wrong_installers.PREFIX}{SILENT}",
        "--linkcheck-link-mode", "copy", "-k", "bytes_freed",
    )  # fmt: skip
    assert (result.outcome, result.reason) == (
        SKIPPED, "uv does not say how many bytes it has freed",
    )  # fmt: skip


def test_the_umask_of_another_environment_matters_to_uv_and_not_to_pip(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    (name,) = OTHERWISE
    results = run_suite(pytester, "--linkcheck-link-mode", "copy", "-k", name)
    assert {one.installer: one.outcome for one in results} == {"uv": HAZARD, "pip": PASSED}


def test_each_fault_is_tried() -> None:
    assert sorted([SILENT, *(bite.fault for bite in BITES)]) == sorted(faults.FAULTS)
    assert hooks.DEFAULT_INSTALLERS == ("uv", "pip")


def test_each_check_has_caught_a_fault() -> None:
    names = [path.stem for path in Path(conformance.__file__).parent.glob("test_*.py")]
    modules = [import_module(f"{conformance.__name__}.{name}") for name in names]
    checks = {
        name.removeprefix("test_")
        for module in modules
        for name, value in vars(module).items()
        if name.startswith("test_") and value.__module__ == module.__name__
    }
    caught = {check for bite in BITES for check in bite.caught}
    assert checks == caught | OTHERWISE | UNTRIED


def test_each_other_check_is_run_on_many_faults() -> None:
    run = Counter(name for bite in BITES for name in others_for(bite))
    assert run.keys() == set(OTHERS)
    assert min(run.values()) >= len(BITES) // len(OTHERS) * OTHERS_FOR_EACH
