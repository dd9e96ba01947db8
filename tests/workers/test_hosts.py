"""Workers on other hosts: nothing of this one is taken to be there."""

import os
import re
from pathlib import Path
from textwrap import dedent

import pytest
from support.hosts import find_sshd, host_behind_ssh, host_in_chroot
from support.mounting import needs_root

from pytest_linkcheck import Venvs, Wheelhouse
from pytest_linkcheck.installs.installers.programs import find_uv_program
from pytest_linkcheck.links.host import host

pytestmark = pytest.mark.slow

TESTS = """
    import pytest
    from pytest_linkcheck.links import read_facts
    from pytest_linkcheck.links.host import boot, host

    def test_facts(shared_venvs, wheelhouse, filesystem):
        env = shared_venvs.uv(wheelhouse.sample, link_mode="hardlink")
        assert (env / "sample/tiny.py").stat().st_nlink == 2
        assert read_facts(env.python).host == boot()
        print("HERE", host().id, boot(), env.prefix)

    def test_again(shared_venvs, wheelhouse):
        env = shared_venvs.uv(wheelhouse.sample, link_mode="hardlink")
        print("HERE", host().id, boot(), env.prefix)

    @pytest.mark.linkcheck_matrix(installers=["uv=@UV@"])
    def test_path(venvs, installer):
        venvs.create(installer)
"""
PLUGINS = ("-p", "no:randomly", "-p", "no:shm", "-p", "no:cov", "-p", "no:cacheprovider",
           "-W", "ignore::DeprecationWarning")  # fmt: skip


def _run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, *txs: str) -> pytest.RunResult:
    """Run the tests above on other hosts; what the options name is here alone."""
    for name in [name for name in os.environ if name.startswith(("PYTEST", "COV"))]:
        monkeypatch.delenv(name)
    program = pytester.path / "uv"
    program.write_text(f'#!/bin/sh\nexec {find_uv_program()} "$@"\n')
    program.chmod(0o755)
    (pytester.path / "suite").mkdir()
    (pytester.path / "suite/test_it.py").write_text(dedent(TESTS).replace("@UV@", str(program)))
    return pytester.runpytest_subprocess(
        *PLUGINS, "-p", "xdist", "-rsP", "--dist=load", *(f"--tx={tx}" for tx in txs),
        f"--rsyncdir={pytester.path}/suite", f"{pytester.path}/suite", "--linkcheck",
        f"--linkcheck-env={pytester.path}/env",
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _environment(pytester: pytest.Pytester, venvs: Venvs, wheelhouse: Wheelhouse) -> None:
    venvs.uv(wheelhouse.sample, at=pytester.path).prefix.rename(pytester.path / "env")


def _told(result: pytest.RunResult) -> list[list[str]]:
    return [line.split()[1:] for line in result.outlines if line.startswith("HERE")]


@needs_root
def test_behind_a_socket_in_another_tree_of_files(
    pytester: pytest.Pytester, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with host_in_chroot(tmp_path) as tx:
        result = _run(pytester, monkeypatch, tx)
    result.assert_outcomes(passed=2, skipped=2)
    (first, second) = _told(result)
    assert first == second, "built once there too"
    identity, boot, prefix = first
    assert identity != host().id
    assert boot != host().boot
    assert not Path(prefix).exists()
    text = result.stdout.str()
    assert re.search(r"SKIPPED .*uv=\S+/uv: there is no such file on ", text)
    assert re.search(r"SKIPPED .*env lies on \S+ \(\w{8}\), where the run was started, and", text)
    assert "audit it without --tx, or start the run there" in text


@pytest.mark.skipif(find_sshd() is None, reason="no sshd: install openssh-server")
@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="sshd needs root: run as root")
def test_behind_ssh_to_this_host(
    pytester: pytest.Pytester, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with host_behind_ssh(tmp_path) as tx:
        result = _run(pytester, monkeypatch, tx, tx)
    # It is this host after all: its paths are here, and what lies there may be audited.
    result.assert_outcomes(passed=4)
    (first, second) = _told(result)
    assert first == second, "built once by two workers that have no folder in common by xdist"
    assert first[0] == host().id
    assert not Path(first[2]).exists(), "the last worker has removed what they shared"
