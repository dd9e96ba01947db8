"""A worker that has mounts of its own keeps them, and shares no filesystem then."""

import os

import pytest
from support.mounting import needs_root
from workers.conftest import Run

CONFTEST = """
    import subprocess

    import pytest
    from pytest_linkcheck.filesystems.namespace import enter_namespace

    @pytest.fixture(scope="session", autouse=True)
    def mine(tmp_path_factory, worker_id):
        if worker_id == "gw0":
            yield None
            return
        enter_namespace()
        point = tmp_path_factory.mktemp("mine")
        subprocess.run(["mount", "-t", "tmpfs", "mine", point], check=True)
        open("first").close()  # not before the other worker has the filesystem
        yield point
        subprocess.run(["umount", point], check=True)
"""
MODULE = """
    import pytest

    def test_it(filesystem, mine):
        assert filesystem.path.is_mount()
        if mine is None:
            open("first", "w").close()
            open("second").close()  # not before the other worker has looked
            return
        try:
            assert mine.is_mount()
        finally:
            open("second", "w").close()
"""


@needs_root
def test_its_mounts_are_not_lost(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(MODULE)
    for name in ("first", "second"):
        os.mkfifo(pytester.path / name)
    result = run("-p", "xdist", "-n2", "--dist", "each", "--linkcheck-filesystem", "tmpfs")
    result.assert_outcomes(passed=2)
