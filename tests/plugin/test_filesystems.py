"""Places chosen by markers, options and the configuration."""

import os

import pytest
from plugin.conftest import Run
from support.mounting import needs_root

MATRIX = """
    import pytest

    @pytest.mark.linkcheck_matrix({})
    def test_it(installer, link_mode, filesystem, cache_filesystem):
        print(filesystem.name, cache_filesystem.name, filesystem.type)
"""
PLACE = """
    def test_it(filesystem, request):
        assert filesystem.folder(request.node.name).is_dir()
        print("at", filesystem.name, "is", filesystem.type, "on", filesystem.mount.device)
"""


def _ids(result: pytest.RunResult) -> list[str]:
    return [line.partition("::")[2] for line in result.outlines if "::test_it" in line]


def test_a_matrix_names_each_test_after_its_places(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(
        MATRIX.format(
            "installers=['uv', 'pip'], link_modes=['clone', 'copy'], "
            "filesystems=['btrfs', 'overlay(xfs)'], cache_filesystems=['tmpfs']"
        )
    )
    assert _ids(run("--collect-only", "-q")) == [
        "test_it[uv-clone-btrfs-cache-tmpfs]",
        "test_it[uv-clone-overlay(xfs)-cache-tmpfs]",
        "test_it[uv-copy-btrfs-cache-tmpfs]",
        "test_it[uv-copy-overlay(xfs)-cache-tmpfs]",
        "test_it[pip-copy-btrfs-cache-tmpfs]",
        "test_it[pip-copy-overlay(xfs)-cache-tmpfs]",
    ]


@needs_root
@pytest.mark.parametrize("distributed", [["-p", "no:xdist"], ["-p", "xdist", "-n2"]])
@pytest.mark.usefixtures("run")
def test_a_test_runs_on_each_place(pytester: pytest.Pytester, distributed: list[str]) -> None:
    pytester.makepyfile(
        "import pytest\n"
        "@pytest.mark.linkcheck_matrix(filesystems=['ext4', 'btrfs', 'overlay(tmpfs)'])\n"
        "def test_it(filesystem, tmp_path):\n"
        "    assert filesystem.type == filesystem.name.partition('(')[0]\n"
        "    assert filesystem.folder().stat().st_dev != tmp_path.stat().st_dev\n"
    )
    result = pytester.runpytest_subprocess("-p", "linkcheck", "--linkcheck-strict", *distributed)
    result.assert_outcomes(passed=3)


def test_without_a_choice_it_is_where_tmp_path_lies(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(
        "def test_it(filesystem, cache_filesystem, tmp_path):\n"
        "    assert filesystem is cache_filesystem\n"
        "    assert filesystem.name == 'default'\n"
        "    assert filesystem.path.stat().st_dev == tmp_path.stat().st_dev\n"
    )
    run().assert_outcomes(passed=1)


@needs_root
@pytest.mark.parametrize(
    ("option", "names"),
    [
        ("tmpfs", ["tmpfs"]),
        ("ext4,overlay(tmpfs)", ["ext4", "overlay(tmpfs)"]),
        ("mine=.", ["mine"]),
        ("all", ["ext4", "xfs", "xfs-noreflink", "btrfs", "btrfs-subvolume", "tmpfs", "overlay",
                 "bind"]),
    ],
)  # fmt: skip
def test_the_option_chooses_places_for_every_test(
    pytester: pytest.Pytester, run: Run, option: str, names: list[str]
) -> None:
    pytester.makepyfile(PLACE)
    result = run("-v", "--linkcheck-filesystem", option, "--linkcheck-strict")
    result.assert_outcomes(passed=len(names))
    assert [line.split()[0] for line in _ids(result)] == [f"test_it[{name}]" for name in names]


@needs_root
def test_the_option_narrows_and_widens_a_matrix(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(
        MATRIX.format("filesystems=['ext4', 'xfs'], cache_filesystems=['tmpfs'], "
                      "link_modes=['copy']")
    )  # fmt: skip
    result = run("--collect-only", "-q", "--linkcheck-filesystem", "btrfs")
    assert _ids(result) == ["test_it[uv-copy-btrfs-cache-tmpfs]"]


def test_the_configuration_chooses_and_the_option_goes_first(
    pytester: pytest.Pytester, run: Run
) -> None:
    pytester.makepyfile(PLACE)
    pytester.makeini("[pytest]\nlinkcheck_filesystem = one=. default")
    assert _ids(run("--collect-only", "-q")) == ["test_it[one]", "test_it[default]"]
    result = run("--collect-only", "-q", "--linkcheck-filesystem=one")
    assert _ids(result) == ["test_it[one]"]


@pytest.mark.parametrize(
    ("option", "problem"),
    [
        ("zfs", "ERROR: --linkcheck-filesystem: 'zfs' is no place known here: name default, *"),
        ("overlay(", "ERROR: --linkcheck-filesystem: 'overlay(' is no place known here: *"),
    ],
)
def test_a_wrong_option_ends_the_run(run: Run, option: str, problem: str) -> None:
    result = run("--linkcheck-filesystem", option)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([problem])


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ("filesystems=['zfs']", "*linkcheck_matrix is wrong: 'zfs' is no place known here*"),
        ("filesystems=[1]", "*linkcheck_matrix takes names for filesystems=, not 1"),
        ("filesystems='ext4'", "*linkcheck_matrix takes a list for filesystems=, not 'ext4'"),
        ("disks=['ext4']", "*has no argument disks=: give installers=, link_modes=, filesystems=*"),
    ],
)
def test_a_wrong_matrix_is_told(
    pytester: pytest.Pytester, run: Run, arguments: str, problem: str
) -> None:
    pytester.makepyfile(MATRIX.format(arguments))
    run().stdout.fnmatch_lines([problem])


def test_a_matrix_needs_its_fixture(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(
        "import pytest\n@pytest.mark.linkcheck_matrix(filesystems=['tmpfs'])\ndef test_it(): pass"
    )
    run().stdout.fnmatch_lines(["*linkcheck_matrix needs its fixtures: filesystem"])


REQUIRES = """
    import pytest

    @pytest.mark.linkcheck_requires({!r})
    @pytest.mark.linkcheck_matrix(filesystems={}, cache_filesystems={})
    def test_it(filesystem, cache_filesystem):
        pass
"""


@needs_root
@pytest.mark.parametrize(
    ("need", "places", "cache", "skipped"),
    [
        ("reflink", ["ext4", "btrfs", "xfs-noreflink"], "btrfs", ["ext4", "xfs-noreflink"]),
        ("reflink", ["btrfs", "btrfs-subvolume"], "xfs", ["btrfs", "btrfs-subvolume"]),
        ("hardlink", ["btrfs", "btrfs-subvolume"], "btrfs", ["btrfs-subvolume"]),
        ("hardlink", ["ext4", "bind(ext4)"], "ext4", ["bind(ext4)"]),
        ("extents", ["ext4", "tmpfs"], "default", ["tmpfs"]),
        ("symlink", ["nolink", "tmpfs"], "tmpfs", ["nolink"]),
        ("case-sensitive", ["nolink", "tmpfs"], "tmpfs", ["nolink"]),
    ],
)
def test_needs_are_decided_on_the_chosen_places(  # noqa: PLR0913, PLR0917 - four of a case
    pytester: pytest.Pytester, run: Run, need: str, places: list[str], cache: str,
    skipped: list[str],
) -> None:  # fmt: skip
    pytester.makepyfile(REQUIRES.format(need, places, [cache]))
    result = run("-v", "-rs")
    lines = [line.partition("::")[2] for line in result.outlines if " SKIPPED " in line]
    assert [line.split()[0] for line in lines] == [
        f"test_it[{name}-cache-{cache}]" for name in skipped
    ]
    result.stdout.fnmatch_lines([f"SKIPPED * requires {need}: *; choose *"])


@needs_root
@pytest.mark.parametrize("need", ["reflink", "reflink,ext4", "second-device", "root", "btrfs"])
def test_what_is_required_and_testable_lets_the_run_go_on(
    pytester: pytest.Pytester, run: Run, need: str
) -> None:
    pytester.makepyfile("def test_it(): pass")
    run("--linkcheck-require", need).assert_outcomes(passed=1)


@needs_root
@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (["reflink", "--linkcheck-filesystem=tmpfs,ext4"], "no place has it: *FICLONE gives *"),
        (["zfs"], "'zfs' is no place known here*"),
        (["nothing=/nonexistent"], "nothing=/nonexistent: there is no such folder"),
    ],
)
def test_what_is_required_and_not_testable_ends_the_run_at_once(
    pytester: pytest.Pytester, run: Run, args: list[str], problem: str
) -> None:
    pytester.makepyfile("def test_it(): pass")
    result = run("--linkcheck-require", *args)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    name = args[0]
    result.stderr.fnmatch_lines([f"ERROR: --linkcheck-require {name}: {problem}"])
    result.stdout.no_fnmatch_line("*collected*")


@needs_root
def test_a_mount_that_is_busy_at_the_end_is_told(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(
        "OPEN = []\n"
        "def test_it(filesystems):\n"
        "    folder = filesystems.get('tmpfs').folder()\n"
        "    OPEN.append((folder / 'file').open('w'))\n"
        "def test_close(request):\n"
        "    request.config.add_cleanup(OPEN[0].close)\n"
    )
    result = run()
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines([
        f"E * tmpfs * is busy (Device or resource busy): held by process {os.getpid()} (*"
    ])  # fmt: skip


def test_the_room_of_a_test_is_given_back(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(
        "SEEN = []\n"
        "def test_one(filesystem, venvs):\n"
        "    SEEN.append(venvs.uv(at=filesystem).prefix)\n"
        "    assert SEEN[0].is_dir()\n"
        "def test_two():\n"
        "    assert not SEEN[0].exists()\n"
    )
    run().assert_outcomes(passed=2)


@needs_root
def test_shared_environments_stay(pytester: pytest.Pytester, run: Run) -> None:
    body = "env = shared_venvs.uv(at=filesystem); assert env.cache.parent == env.prefix.parent"
    pytester.makepyfile(
        f"def test_one(filesystem, shared_venvs):\n    {body}\n"
        f"def test_two(filesystem, shared_venvs):\n    {body}; assert env.python.exists()\n"
    )
    run("--linkcheck-filesystem=tmpfs").assert_outcomes(passed=2)
