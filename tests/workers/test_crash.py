"""A worker that dies takes nothing with it that others use, and leaves nothing in their way."""

import os

import pytest
from support.mounting import needs_root
from support.mounting import run as run_program
from workers.conftest import Run

# Both workers have the filesystem when the one that has made it dies.
TESTS = """
    import os, pytest
    from pathlib import Path

    WORKER = os.getenv("PYTEST_XDIST_WORKER")

    def meet(writes):
        open(Path(__file__).with_name("pipe"), "w" if writes else "r").close()

    # Each worker begins with two tests that follow upon each other.
    @pytest.mark.parametrize("number", range(8))
    @pytest.mark.linkcheck_matrix(filesystems=["ext4"])
    def test_it(filesystem, filesystems, number):
        if number not in (0, 2):
            # The worker that takes the place of gw0 may come when gw1 is done.
            if WORKER == "gw1":
                assert (filesystem.path / "mark").exists()
                print("ON", filesystem.path)
            return
        (filesystem.path / "mark").touch()
        (filesystems.get("tmpfs", fresh=True).path / "own").touch()
        meet(WORKER == "gw0")
        if WORKER == "gw0":
            os._exit(1)
"""


@needs_root
def test_a_filesystem_outlives_the_worker_that_made_it(pytester: pytest.Pytester, run: Run) -> None:
    os.mkfifo(pytester.path / "pipe")
    pytester.makepyfile(TESTS)
    result = run("-p", "xdist", "-n2", "-rP")
    result.assert_outcomes(passed=7, failed=1)
    result.stdout.fnmatch_lines(["*worker 'gw0' crashed while running *test_it*"])
    assert len({line for line in result.outlines if line.startswith("ON ")}) == 1
    assert str(pytester.path) not in run_program("losetup", "-n", "-O", "BACK-FILE", "-a")
