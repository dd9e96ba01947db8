"""The plugin beside others: the same small suite and audit pass with each."""

import importlib.util

import pytest

from pytest_linkcheck import Venvs, Wheelhouse

pytestmark = pytest.mark.slow

SUITE = """
    import pytest
    from pytest_linkcheck import assert_link_count, assert_same_inode

    @pytest.mark.linkcheck
    @pytest.mark.linkcheck_requires("hardlink", "uv")
    @pytest.mark.linkcheck_expect("hardlink", link_count=3)
    def test_uv_shares(venvs, wheelhouse):
        one, two = (venvs.uv(wheelhouse.sample, link_mode="hardlink") for _ in range(2))
        assert_same_inode(one / "sample/tiny.py", two / "sample/tiny.py")

    def test_shared(shared_venvs, wheelhouse):
        environment = shared_venvs.uv(wheelhouse.sample, link_mode="copy")
        assert_link_count(environment / "sample/tiny.py", 1)

    @pytest.mark.linkcheck_matrix(installers=["uv"], link_modes=["copy"])
    def test_matrix(installer, link_mode):
        assert (installer.name, link_mode) == ("uv", "copy")
"""
XDIST = ["-p", "xdist"]
BESIDE = {
    "nothing": [],
    "xdist": XDIST,
    "xdist without workers": [*XDIST, "-n0"],
    "two workers": [*XDIST, "-n2"],
    "randomly": ["-p", "randomly"],
    "randomly and two workers": ["-p", "randomly", *XDIST, "-n2"],
    "cov": ["-p", "pytest_cov", "--cov=pytest_linkcheck"],
    "hypothesis": ["-p", "hypothesispytest"],
    "shm": ["-p", "shm"],
}
NEEDS = {"randomly": "pytest_randomly", "cov": "pytest_cov", "hypothesis": "hypothesis",
         "shm": "pytest_shm"}  # fmt: skip


def _needed(beside: str) -> str | None:
    return NEEDS.get(beside.partition(" ")[0])


@pytest.mark.parametrize("beside", BESIDE)
def test_suite_and_audit_pass(
    pytester: pytest.Pytester,
    venvs: Venvs,
    wheelhouse: Wheelhouse,
    monkeypatch: pytest.MonkeyPatch,
    beside: str,
) -> None:
    module = _needed(beside)
    if module is not None and importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed: install the dependency group test")
    pytester.makepyfile(SUITE)
    venvs.uv(wheelhouse.sample, at=pytester.path, link_mode="hardlink").prefix.rename(
        pytester.path / ".venv"
    )
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("TMPDIR", raising=False)
    result = pytester.runpytest_subprocess("-p", "linkcheck", *BESIDE[beside], "--linkcheck")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(["linkcheck: .venv on *", "*= linkcheck =*", "sample 1.0 *"])


def test_everything_installed_here_at_once(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(SUITE)
    result = pytester.runpytest_subprocess("--linkcheck", "-n2", pytester.path)
    result.assert_outcomes(passed=3)


@pytest.mark.parametrize("name", ["linkcheck", "pytest_linkcheck.plugin"])
def test_switched_off_its_functions_still_work(pytester: pytest.Pytester, name: str) -> None:
    path = pytester.makepyfile(
        """
        import os
        from pytest_linkcheck import assert_same_inode

        def test_it(tmp_path):
            (tmp_path / "one").touch()
            os.link(tmp_path / "one", tmp_path / "two")
            assert_same_inode(tmp_path / "one", tmp_path / "two")
        """
    )
    result = pytester.runpytest_subprocess("-p", f"no:{name}", path)
    result.assert_outcomes(passed=1)
    if name == "linkcheck":
        refused = pytester.runpytest_subprocess("-p", "no:linkcheck", "--linkcheck")
        assert refused.ret == pytest.ExitCode.USAGE_ERROR
