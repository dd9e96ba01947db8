"""Who changes what workers share is told, or that somebody did; nobody is told for nothing."""

import os

import pytest
from workers.conftest import Run

# Two workers run the same tests, and meet at a pipe: the one writes when the other reads.
MEET = """
    import os
    from pathlib import Path

    FIRST = os.getenv("PYTEST_XDIST_WORKER") == "gw0"

    def meet(name, writes):
        open(Path(__file__).with_name(name), "w" if writes else "r").close()
"""


def _run(pytester: pytest.Pytester, run: Run, body: str) -> pytest.RunResult:
    for name in ("both have it", "it is done"):
        os.mkfifo(pytester.path / name)
    pytester.makeconftest("")
    pytester.makepyfile(f"{MEET}\n{body}")
    return run("-p", "xdist", "-n2", "--dist", "each")


def test_a_change_is_told_once_and_nobody_is_named_for_another(
    pytester: pytest.Pytester, run: Run
) -> None:
    result = _run(
        pytester,
        run,
        """
    def test_it(shared_venvs, wheelhouse):
        env = shared_venvs.uv(wheelhouse.sample, link_mode="hardlink")
        meet("both have it", FIRST)
        if FIRST:
            (env / "new").touch()
        meet("it is done", FIRST)

    def test_next(shared_venvs, wheelhouse):
        env = shared_venvs.uv(wheelhouse.sample, link_mode="hardlink")
        assert not (env / "new").exists()
        """,
    )
    result.assert_outcomes(passed=4, errors=1)
    result.stdout.fnmatch_lines(
        [
            "a test of this run changed what other tests share: 1 change",
            "  */site-packages/new is new",
            "  it was this test, or one that another worker has run meanwhile",
            "remedy: use the fixture venvs for what is changed; *",
        ]
    )


def test_a_twin_that_another_worker_makes_is_no_change(pytester: pytest.Pytester, run: Run) -> None:
    result = _run(
        pytester,
        run,
        """
    def test_it(shared_venvs, wheelhouse):
        env = shared_venvs.uv(wheelhouse.sample, link_mode="hardlink")
        before = (env / "sample/tiny.py").stat().st_nlink
        meet("both have it", FIRST)
        if FIRST:
            shared_venvs.uv(wheelhouse.sample, link_mode="hardlink", label="twin")
        meet("it is done", FIRST)
        assert (env / "sample/tiny.py").stat().st_nlink == before + 1
        """,
    )
    result.assert_outcomes(passed=2)
