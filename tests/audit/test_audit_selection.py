import gc
import os
import sys
from collections import Counter
from pathlib import Path

import pytest
from audit.conftest import PLUGINS, Bench, Subject
from support.table import table_of

from pytest_linkcheck import Wheelhouse
from pytest_linkcheck.audit.context import Context
from pytest_linkcheck.audit.examine import Seen, examine
from pytest_linkcheck.audit.items import Contexts
from pytest_linkcheck.audit.names import count_names
from pytest_linkcheck.installs import Distribution, find_layout
from pytest_linkcheck.links import Identity

UNRELATED = """
    import pytest

    def test_unrelated():
        pass
"""


def _ids(result: pytest.RunResult) -> list[str]:
    return [line for line in result.outlines if line.startswith(("linkcheck/", "test_"))]


@pytest.fixture
def pair(bench: Bench, wheelhouse: Wheelhouse) -> Subject:
    """Two distributions, of which `broken` fails."""
    broken = wheelhouse.build("broken", "1.0", {"broken.py": b"WHOLE = True\n"})
    subject = bench.make("uv", wheelhouse.sample, broken, link_mode="hardlink")
    (subject.site / "broken.py").unlink()
    return subject


def test_an_audit_in_an_empty_folder(subject: Subject) -> None:
    result = subject.audit()
    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["collected 1 item", "linkcheck/.venv .*", "*= linkcheck =*"])


def test_an_audit_beside_the_tests_of_a_project(subject: Subject) -> None:
    subject.pytester.makepyfile(UNRELATED)
    result = subject.audit("-v")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        ["*::test_unrelated PASSED*", "linkcheck/.venv::sample PASSED*"], consecutive=True
    )


def test_naming_tests_runs_them_and_no_audit(subject: Subject) -> None:
    path = subject.pytester.makepyfile(UNRELATED)
    result = subject.audit(str(path))
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*.venv*")


def test_naming_tests_and_an_environment_runs_both(subject: Subject) -> None:
    path = subject.pytester.makepyfile(UNRELATED)
    subject.audit(str(path), "--linkcheck-env=.venv").assert_outcomes(passed=2)


def test_without_the_option_nothing_of_it_happens(subject: Subject) -> None:
    subject.pytester.makepyfile(UNRELATED)
    result = subject.pytester.runpytest_inprocess(*PLUGINS)
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("linkcheck*")


def test_the_header_says_where_environment_cache_and_temporary_folders_lie(
    subject: Subject,
) -> None:
    subject.audit().stdout.fnmatch_lines(
        [
            f"linkcheck: .venv on * at * · uv cache {subject.cache}, same mount, reflinks no",
            "linkcheck: temporary folders in */pytest-*, on * at *",
        ],
        consecutive=True,
    )


def test_quiet_leaves_a_line_and_no_header(subject: Subject) -> None:
    result = subject.audit("-q")
    result.stdout.no_fnmatch_line("linkcheck: *")
    result.stdout.no_fnmatch_line("sample 1.0 *")
    result.stdout.fnmatch_lines([".venv: 1 distribution, *", "1 passed*"])


def test_verbose_lists_the_classes_of_files(subject: Subject) -> None:
    result = subject.audit("-v")
    result.stdout.fnmatch_lines(["sample 1.0 *", "class *", "generated *", "payload *"])


def test_one_item_by_its_node_id(pair: Subject) -> None:
    pair.pytester.makepyfile(UNRELATED)
    result = pair.audit("-v", "linkcheck/.venv::sample")
    result.assert_outcomes(passed=1)
    assert [line.split()[0] for line in _ids(result)] == ["linkcheck/.venv::sample"]


def test_one_environment_by_its_node_id(pair: Subject) -> None:
    pair.audit("linkcheck/.venv").assert_outcomes(passed=1, failed=1)


def test_a_node_id_and_a_test_file(pair: Subject) -> None:
    path = pair.pytester.makepyfile(UNRELATED)
    pair.audit(path.name, "linkcheck/.venv::sample").assert_outcomes(passed=2)


def test_a_real_folder_of_that_name_wins(subject: Subject) -> None:
    subject.pytester.makepyfile(**{"linkcheck/.venv/test_own": UNRELATED})
    subject.audit("linkcheck/.venv").assert_outcomes(passed=1)


@pytest.mark.parametrize("wrong", ["linkcheck/.venv::absent", "linkcheck/other::sample"])
def test_an_unknown_node_id_is_a_usage_error(subject: Subject, wrong: str) -> None:
    result = subject.audit(wrong)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: no audited distribution has the id {wrong}*"])
    result.stderr.no_fnmatch_line("*Traceback*")


def test_last_failed_reruns_only_the_failed(pair: Subject) -> None:
    pair.audit().assert_outcomes(passed=1, failed=1)
    result = pair.audit("--lf", "-v")
    result.assert_outcomes(failed=1, deselected=1)
    assert [line.split()[0] for line in _ids(result)] == ["linkcheck/.venv::broken"]


def test_keywords_and_deselect_choose_among_the_items(pair: Subject) -> None:
    pair.audit("-k", "sample").assert_outcomes(passed=1, deselected=1)
    pair.audit("-k", "not sample").assert_outcomes(failed=1, deselected=1)
    pair.audit("--deselect", "linkcheck/.venv::broken").assert_outcomes(passed=1, deselected=1)


def test_collect_only_shows_the_items_and_no_table(pair: Subject) -> None:
    result = pair.audit("--collect-only", "-q")
    assert _ids(result) == ["linkcheck/.venv::broken", "linkcheck/.venv::sample"]
    result.stdout.no_fnmatch_line("*= linkcheck =*")


def test_several_environments_each_with_its_ids(bench: Bench, wheelhouse: Wheelhouse) -> None:
    for name in ("one", "two"):
        subject = bench.make("uv", wheelhouse.neighbour, name=name)
    result = subject.audit("--linkcheck-env=one", "--linkcheck-env=./two", "--collect-only", "-q")
    assert _ids(result) == ["linkcheck/one::sample-neighbour", "linkcheck/two::sample-neighbour"]


def test_an_environment_given_twice_is_audited_once(subject: Subject) -> None:
    whole = f"--linkcheck-env={subject.prefix}"
    subject.audit("--linkcheck-env=.venv", whole).assert_outcomes(passed=1)


def test_the_ini_key_names_environments_from_its_file(
    bench: Bench, wheelhouse: Wheelhouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = bench.make("uv", wheelhouse.neighbour, name="kept")
    subject.pytester.makeini("[pytest]\nlinkcheck_env = kept")
    below = subject.pytester.mkdir("below")
    monkeypatch.chdir(below)
    result = subject.audit("--collect-only", "-q")
    assert _ids(result) == ["linkcheck/kept::sample-neighbour"]


def test_the_option_wins_over_the_ini_key(subject: Subject) -> None:
    subject.pytester.makeini("[pytest]\nlinkcheck_env = absent")
    subject.audit("--linkcheck-env=.venv").assert_outcomes(passed=1)


def test_from_a_folder_below_the_environment_of_the_root_is_found(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject.pytester.makeini("[pytest]")
    monkeypatch.chdir(subject.pytester.mkdir("below"))
    subject.audit().assert_outcomes(passed=1)


def test_without_any_the_running_environment_is_audited(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_inprocess(*PLUGINS, "--linkcheck", "--collect-only", "-q")
    label = f"linkcheck/{sys.prefix.lstrip('/')}::"
    assert f"{label}pytest" in _ids(result)


def test_ids_as_shown_in_a_folder_below_can_be_selected(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject.pytester.makeini("[pytest]")
    monkeypatch.chdir(subject.pytester.mkdir("below"))
    (shown,) = (line.split()[0] for line in subject.audit("-v").outlines if "PASSED" in line)
    assert shown == "../linkcheck/.venv::sample"
    for spelled in (shown, "linkcheck/.venv::sample"):
        subject.audit(spelled).assert_outcomes(passed=1)


def test_ids_of_names_with_dots_can_be_selected(bench: Bench, wheelhouse: Wheelhouse) -> None:
    subject = bench.make("uv", wheelhouse.build("dotted", "1.0", {"dotted.py": b""}))
    info = next(subject.site.glob("*.dist-info"))
    (info / "METADATA").unlink()
    (info / "METADATA").write_text("Name: dotted.name\nVersion: 1.0\n")
    (shown,) = (line.split()[0] for line in subject.audit("-v").outlines if line.endswith("%]"))
    assert shown == "linkcheck/.venv::dotted.name"
    subject.audit(shown).assert_outcomes(failed=1)


def test_an_environment_outside_is_called_by_its_whole_path(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(subject.pytester.mkdir("project"))
    option = f"--linkcheck-env={subject.prefix}"
    label = f"linkcheck/{str(subject.prefix).lstrip('/')}::sample"
    result = subject.audit(option, "--rootdir=.", "--collect-only", "-q")
    assert _ids(result) == [label]
    subject.audit(option, "--rootdir=.", label).assert_outcomes(passed=1)


def test_two_of_one_name_are_told_apart(subject: Subject) -> None:
    for folder, version in (("sample-1.1", "1.1"), ("Sample-1.0", "1.0")):
        info = subject.site / f"{folder}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Name: sample\nVersion: {version}\n")
        (info / "RECORD").write_text("absent.py,,\n")
    result = subject.audit("-v")
    result.assert_outcomes(passed=1, failed=2)
    assert {line.rpartition(" [")[0].strip() for line in _ids(result)} == {
        "linkcheck/.venv::sample 1.0 in sample-1.0.dist-info PASSED",
        "linkcheck/.venv::sample 1.0 in Sample-1.0.dist-info FAILED",
        "linkcheck/.venv::sample 1.1 FAILED",
    }


def test_workers_of_xdist_give_the_same_table_and_results(
    bench: Bench, wheelhouse: Wheelhouse
) -> None:
    broken = wheelhouse.build("broken", "1.0", {"broken.py": b"WHOLE = True\n"})
    bench.make("uv", wheelhouse.sample, broken, name="one", link_mode="hardlink")
    two = bench.make("uv", wheelhouse.neighbour, name="two")
    (two.pytester.path / "one" / (two.site / "broken.py").relative_to(two.prefix)).unlink()
    arguments = ("--linkcheck-env=two", "--linkcheck-env=one", "-rA")
    alone = two.audit(*arguments)
    spread = two.audit(*arguments, "-n2")
    for result in (alone, spread):
        result.assert_outcomes(passed=2, failed=1)
    assert table_of(alone) == table_of(spread)
    assert {line for line in alone.outlines if line.startswith(("PASSED", "FAILED"))} == {
        line for line in spread.outlines if line.startswith(("PASSED", "FAILED"))
    }


def test_workers_of_xdist_run_one_item_by_its_node_id(pair: Subject) -> None:
    pair.pytester.makepyfile(UNRELATED)
    pair.audit("-n2", "linkcheck/.venv::sample").assert_outcomes(passed=1)


def test_workers_of_xdist_take_names_that_are_no_utf8(subject: Subject) -> None:
    info = os.fsencode(subject.site) + b"/odd\xff-1.0.dist-info"
    os.mkdir(info)  # noqa: PTH102 - bytes
    with open(info + b"/RECORD", "w") as record:  # noqa: PTH123
        record.write(os.fsdecode(b"odd.py,,\n"))
    result = subject.audit("-n2", "-rA")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["FAILED linkcheck/.venv::odd\\xff*"])


@pytest.fixture
def several(bench: Bench, wheelhouse: Wheelhouse) -> Subject:
    """Three environments, one of them hidden, one in another, and a link to one."""
    path = bench.make("uv", wheelhouse.sample, name="one", link_mode="hardlink").pytester.path
    (path / "projects" / "a").mkdir(parents=True)
    (path / "one").rename(path / "projects" / "a" / ".venv")
    bench.make("uv", wheelhouse.sample, name="two", link_mode="hardlink")
    (path / "two").rename(path / "projects" / "two")
    last = bench.make("uv", wheelhouse.sample, name="three", link_mode="hardlink")
    (path / "three").rename(path / "projects" / "two" / "inner")
    (path / "projects" / "link").symlink_to("two")
    return last


def test_a_folder_is_searched_for_environments(several: Subject) -> None:
    result = several.audit("-v", "--linkcheck-env=projects")
    result.assert_outcomes(passed=2)
    assert [line.split()[0] for line in _ids(result)] == [
        "linkcheck/projects/a/.venv::sample",
        "linkcheck/projects/two::sample",
    ]


def test_a_pattern_finds_environments_each_once(several: Subject) -> None:
    several.audit("--linkcheck-env=projects/**").assert_outcomes(passed=3)
    several.audit("--linkcheck-env=projects/**/.venv").assert_outcomes(passed=1)
    result = several.audit("--linkcheck-env=projects/*/nothing*")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: no environment matches */projects/*/nothing*: *"])


def test_a_searched_folder_without_an_environment_is_no_quiet_pass(several: Subject) -> None:
    (several.pytester.path / "empty").mkdir()
    several.audit("--linkcheck-env=empty").assert_outcomes(failed=1)


def test_two_environments_are_held_at_most(several: Subject) -> None:
    several.pytester.makeconftest("""
        import gc
        import pytest
        from pytest_linkcheck.audit.context import Context

        @pytest.hookimpl(wrapper=True)
        def pytest_runtest_call(item):
            yield
            contexts = [one for one in gc.get_objects() if type(one) is Context]
            here = item.config.invocation_params.dir  # other tests have run in this process
            held = [one for one in contexts if one.layout.prefix.is_relative_to(here)]
            assert 1 <= len(held) <= 2, held
    """)
    several.audit("--linkcheck-env=projects/**").assert_outcomes(passed=3)


def test_environments_whose_items_alternate_are_read_once_each(
    bench: Bench, wheelhouse: Wheelhouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = wheelhouse.build("other", "1.0", {"other.py": b"A = 1\n"})
    for name in ("one", "two"):
        subject = bench.make("uv", wheelhouse.sample, other, name=name)
    subject.pytester.makeconftest("""
        import pytest

        @pytest.hookimpl(trylast=True)
        def pytest_collection_modifyitems(items):
            items.sort(key=lambda item: item.name)
    """)
    counted: list[Path] = []

    def count(root: Path, *, but: Path) -> tuple[Counter[Identity], bool]:
        counted.append(root)
        return count_names(root, but=but)

    monkeypatch.setattr("pytest_linkcheck.audit.context.count_names", count)
    result = subject.audit("-v", "--linkcheck-env=one", "--linkcheck-env=two")
    result.assert_outcomes(passed=4)
    assert [line.split()[0] for line in _ids(result)] == [
        "linkcheck/one::other", "linkcheck/two::other", "linkcheck/one::sample",
        "linkcheck/two::sample",
    ]  # fmt: skip
    assert [root.name for root in counted] == ["one", "two"]


def test_environments_of_one_cache_list_it_once(bench: Bench, wheelhouse: Wheelhouse) -> None:
    contexts = Contexts()
    one, two = (
        contexts.of(find_layout(bench.make("uv", wheelhouse.sample, name=name).prefix))
        for name in ("one", "two")
    )
    assert one is not two
    assert one.cache is two.cache


@pytest.mark.parametrize("before", [True, False])
def test_python_seeks_no_cycles_while_a_distribution_is_examined_and_then_as_before(
    pair: Subject,
    monkeypatch: pytest.MonkeyPatch,
    before: bool,  # noqa: FBT001
) -> None:
    seen: list[bool] = []

    def note(dist: Distribution, context: Context) -> list[Seen]:
        seen.append(gc.isenabled())
        return examine(dist, context)

    monkeypatch.setattr("pytest_linkcheck.audit.items.examine", note)
    try:
        if not before:
            gc.disable()
        pair.audit().assert_outcomes(passed=1, failed=1)
        after = gc.isenabled()
    finally:
        gc.enable()
    assert (seen, after) == ([False, False], before)
