"""A failure's text says it all: no frame of ours stands between it and the user's line."""

import re

import pytest

PREAMBLE = """
    import pytest
    from pathlib import Path
    from pytest_linkcheck import *
    from pytest_linkcheck import LinkcheckError

    def make(folder):
        a, b = folder / "a", folder / "b"
        for path in (a, b):
            path.write_bytes(b"content")
        return a, b
"""
OUR_FRAME = re.compile(r"pytest_linkcheck/\S+\.py:\d+")
FAILING = {
    "assert_same_inode(a, b)": "AssertionError: not one inode: 2 paths, 2 files",
    "assert_different_inodes(a, link)": "AssertionError: one inode, not two: symlink",
    "assert_hardlinked(a, b)": "AssertionError: not hard linked: ",
    "assert_not_shared(a, link)": "AssertionError: storage is shared: symlink",
    "assert_symlinked(a)": "AssertionError: not a symlink: ",
    "assert_link_count(a, 2)": "AssertionError: 1 link instead of 2",
    "assert_different_device(a, b)": "AssertionError: 1 device for 2 paths",
    "assert_same_device(a, '/proc')": "AssertionError: 2 devices, not one",
    "assert_linkable(tmp_path, '/proc')": "AssertionError: ",
    "assert_same_inode(a, a)": "LinkcheckError: ",
    "assert_link_count(a)": "LinkcheckError: a link count needs a count",
    "assert_hardlinked(a, tmp_path)": "LinkcheckError: ",
}
FAILING_WITH_ENVIRONMENTS = {
    "assert_linked(one['sample'], two['sample'], 'symlink')": "AssertionError: sample 1.0: ",
    "assert_linked(one['sample'], one['sample'], 'own')": "LinkcheckError: sample 1.0 is given ",
    "one['absent']": "LinkcheckError: absent is not installed in ",
    "one.install()": "LinkcheckError: nothing to install: ",
    "one.uninstall('absent')": "LinkcheckError: absent is not installed in ",
    "one.run('absent')": "LinkcheckError: ",
    "one.run('python', '-c', 'exit(3)')": "InstallError: python failed",
    "venvs.uv(link_mode='magic')": "LinkcheckError: uv has no link mode magic: it has ",
    "wheelhouse.get('absent')": "LinkcheckError: the wheelhouse has no wheel of absent",
    "wheelhouse.build('', '1', {})": "LinkcheckError: ",
}


def _run(pytester: pytest.Pytester, arguments: str, *lines: str) -> str:
    body = "".join(f"\n        {line}" for line in lines)
    pytester.makepyfile(f"{PREAMBLE}\n    def test_it({arguments}):{body}\n")
    result = pytester.runpytest("-p", "no:randomly", "-p", "no:xdist")
    result.assert_outcomes(failed=1)
    return result.stdout.str()


def _check(output: str, call: str, told: str) -> None:
    assert f">       {call}" in output
    assert re.search(rf"^E +(?:pytest_linkcheck\.[\w.]+\.)?{re.escape(told)}", output, re.MULTILINE)
    assert not OUR_FRAME.search(output)


@pytest.mark.parametrize("call", FAILING)
def test_assertions_on_paths(pytester: pytest.Pytester, call: str) -> None:
    setup = ["a, b = make(tmp_path)", "link = tmp_path / 'link'", "link.symlink_to(a)"]
    _check(_run(pytester, "tmp_path", *setup, call), call, FAILING[call])


@pytest.mark.parametrize("call", FAILING_WITH_ENVIRONMENTS)
def test_environments_and_wheels(pytester: pytest.Pytester, call: str) -> None:
    wheel = "wheelhouse.sample, " if "['sample']" in call else ""
    setup = f"one, two = (venvs.uv({wheel}link_mode='hardlink') for _ in range(2))"
    setup = setup if "one" in call else ""
    output = _run(pytester, "venvs, wheelhouse", setup, call)
    _check(output, call, FAILING_WITH_ENVIRONMENTS[call])


def test_a_fault_of_ours_keeps_its_frames(pytester: pytest.Pytester) -> None:
    output = _run(pytester, "tmp_path", "assert_same_inode(tmp_path, None)")
    assert re.search(r"^E +TypeError: ", output, re.MULTILINE)
    assert OUR_FRAME.search(output)
