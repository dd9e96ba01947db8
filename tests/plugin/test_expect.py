"""The marker linkcheck_expect: every environment of a test, checked afterwards."""

from pathlib import Path

import pytest
from plugin.conftest import Run
from support.places import Place

TEST = """
    import os
    import pytest

    @pytest.mark.linkcheck_expect({expected})
    def test_it(venvs, wheelhouse{more}):
        {body}
"""
PAIR = "one, two = (venvs.uv(wheelhouse.sample, link_mode={!r}) for _ in range(2))"
ONE = "one = venvs.uv(wheelhouse.sample, link_mode={!r})"
PIP = "one = venvs.pip(wheelhouse.sample)"
APART = "venvs.uv(wheelhouse.neighbour, cache_at=other_device)"


def _write(
    pytester: pytest.Pytester, expected: str, *body: str, more: str = "", mode: str = "hardlink"
) -> None:
    lines = "\n        ".join(body).format(mode)
    pytester.makepyfile(TEST.format(expected=expected, body=lines, more=more))


@pytest.mark.parametrize(
    ("expected", "mode", "body"),
    [
        ("'hardlink', link_count=3, device='same'", "hardlink", PAIR),
        ("'linked'", "symlink", PAIR),
        ("sharing='own'", "copy", PAIR),
        ("'hardlink', link_count=2", "hardlink", ONE),
        ("'symlink'", "symlink", ONE),
        ("'own', link_count=1", "copy", ONE),
        ("'own', link_count=1", "", PIP),
        ("link_count=3", "hardlink", PAIR),
        ("device='same'", "hardlink", ONE),
    ],
)
def test_what_is_expected_and_met_passes(
    pytester: pytest.Pytester, run: Run, expected: str, mode: str, body: str
) -> None:
    _write(pytester, expected, body, mode=mode)
    run().assert_outcomes(passed=1)


def test_a_cache_on_another_device_passes_where_expected(
    pytester: pytest.Pytester, run: Run
) -> None:
    _write(pytester, "device='different', link_count=1", APART, more=", other_device")
    run().assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("expected", "mode", "body", "told"),
    [
        ("'hardlink'", "copy", [PAIR], "uv-1: sample/* (*): copy (two inodes, *"),
        ("'own'", "hardlink", [PAIR], "uv-1: sample/* (payload): hardlink (one inode, 3 links)"),
        ("'hardlink'", "copy", [ONE], "uv-1: *: copy (two inodes, *), expected hardlink"),
        ("'own'", "hardlink", [ONE], "uv-1: sample/*: hardlink (one inode, 2 links), expected own"),
        ("'hardlink'", "", [PIP], "pip-1: sample/*: no such file in the cache, expected hardlink"),
        ("link_count=2", "hardlink", [PAIR], "uv-1: sample/* has 3 links, expected 2"),
        ("link_count=1", "symlink", [ONE], "uv-1: sample/* is a symlink: the links are *"),
        ("device='different'", "copy", [ONE], "*/uv-1 is on device *, its cache on *: expected *"),
        ("device='same'", "", [PIP], "<pip environment *> has no cache, so there is no device *"),
        ("'own'", "", ["pass"], "it made no environment"),
        ("'own'", "", ["venvs.pip()"], "pip-1: nothing is installed in it"),
        (
            "link_count=1",
            "copy",
            [ONE, "(one / 'sample/tiny.py').unlink()"],
            "uv-1: sample/tiny.py cannot be looked at: No such file or directory",
        ),
        (
            "link_count=1",
            "copy",
            [ONE, "(one['sample'].dist_info / 'RECORD').unlink()"],
            "uv-1: nothing proves link counts of 1: sample 1.0: sample 1.0 has no RECORD: *",
        ),
        (
            "'own'",
            "copy",
            [
                ONE,
                "(one['sample'].dist_info / 'RECORD').write_text('sample-1.0.dist-info/RECORD,,')",
            ],
            "uv-1: nothing proves that it is own: sample 1.0: RECORD lists no file that came *",
        ),
        (
            "'own'",
            "",
            [PIP, "os.link(one / 'sample/tiny.py', one.prefix / 'other-name')"],
            "pip-1: sample/tiny.py: no such file in the cache, expected own",
        ),
        (
            "'own'",
            "",
            [PIP, "(one / 'sample/tiny.py').unlink()"],
            "pip-1: sample/tiny.py cannot be looked at: No such file or directory",
        ),
    ],
)
def test_what_is_expected_and_not_met_fails_and_says_where(  # noqa: PLR0913, PLR0917
    pytester: pytest.Pytester, run: Run, expected: str, mode: str, body: list[str], told: str
) -> None:
    _write(pytester, expected, *body, mode=mode)
    result = run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["linkcheck_expect is not met: * offence*", f"  *{told}"])
    result.stdout.no_fnmatch_line("*expectation.py*")


def test_an_equal_file_of_another_package_does_not_hide_a_hard_link(
    pytester: pytest.Pytester, run: Run
) -> None:
    _write(
        pytester,
        "'own'",
        "twins = [wheelhouse.build(n, '1.0', {{f'{{n}}/same.py': b'X=1\\n'}}) for n in ('a', 'b')]",
        "venvs.uv(*twins, link_mode='hardlink')",
    )
    result = run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["  uv-1: a/same.py: hardlink (one inode, 2 links), expected own"])


def test_files_of_which_nothing_can_be_told_prove_nothing(
    pytester: pytest.Pytester, run: Run, places: dict[str, Place], tmp_path: Path
) -> None:
    folder = places["btrfs"].root / tmp_path.name  # where files as small as these are inline
    folder.mkdir()
    _write(
        pytester,
        "'reflink'",
        "wheel = wheelhouse.build('none', '1.0', {{}})",
        f"one, two = (venvs.pip(wheel, at={str(folder)!r}) for _ in range(2))",
    )
    result = run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["  pip-1: nothing proves that none 1.0 is reflink: *inline*"])


def test_many_offences_are_cut_at_ten(pytester: pytest.Pytester, run: Run) -> None:
    _write(pytester, "link_count=9", ONE)
    result = run()
    result.stdout.fnmatch_lines(["linkcheck_expect is not met: 20 offences", "  and 10 more"])
    # In CI pytest writes the message a second time, in its summary.
    assert len({line for line in result.outlines if "expected 9" in line}) == 10


def test_a_test_that_fails_by_itself_is_told_its_own_failure(
    pytester: pytest.Pytester, run: Run
) -> None:
    _write(pytester, "'hardlink'", "assert not 'its own'")
    result = run()
    result.assert_outcomes(failed=1)
    result.stdout.no_fnmatch_line("*is not met*")
