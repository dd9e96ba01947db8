"""Under `--dist loadgroup`, tests of one filesystem or one environment run on one worker."""

from collections import defaultdict

import pytest
from workers.conftest import Run

TESTS = """
    import pytest

    @pytest.mark.linkcheck_matrix(filesystems=["default", "tmpfs", "overlay(tmpfs)"])
    @pytest.mark.parametrize("number", range(4))
    def test_place(filesystem, number): pass

    @pytest.mark.parametrize("number", range(4))
    def test_env(shared_venvs, number): pass

    @pytest.mark.xdist_group("mine")
    @pytest.mark.linkcheck_matrix(filesystems=["tmpfs"])
    def test_mine(filesystem): pass

    def test_none(): pass
"""


def test_tests_of_one_place_run_on_one_worker(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(TESTS)
    result = run("-p", "xdist", "-n2", "--dist", "loadgroup", "-v", "-k", "not overlay")
    workers: dict[str, set[str]] = defaultdict(set)
    for line in result.outlines:
        if line.startswith("[gw") and "::" in line:
            worker, test = line.split()[0], line.split()[-1]
            _, has, group = test.rpartition("@")
            workers[group if has else ""].add(worker)
    groups = set(workers) - {""}
    assert {"tmpfs", "mine"} <= groups
    assert any("test_tests_of_one_place" in name for name in groups)
    assert all(len(workers[name]) == 1 for name in groups), workers


@pytest.mark.parametrize("args", ["-p no:xdist", "-p xdist -n2", "-p xdist -n2 --dist loadscope"])
def test_elsewhere_no_test_is_marked(pytester: pytest.Pytester, run: Run, args: str) -> None:
    pytester.makepyfile(TESTS.replace("@pytest.mark.xdist_group", "@pytest.mark.usefixtures"))
    result = run(*args.split(), "-v", "-k", "test_env or test_none", "--strict-markers")
    result.assert_outcomes(passed=5)
    assert not [line for line in result.outlines if "PASSED" in line and "@" in line]
