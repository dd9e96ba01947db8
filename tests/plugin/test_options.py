import pytest
from plugin.conftest import Run


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (
            ["--linkcheck-installer", "conda=/bin/true"],
            "--linkcheck-installer conda=/bin/true: give NAME, NAME==VERSION or NAME=PATH, with *",
        ),
        (
            ["--linkcheck-installer", "uv="],
            "--linkcheck-installer 'uv=' names no installer: give NAME, NAME==VERSION or NAME=PATH",
        ),
        (
            ["--linkcheck-installer", "uv==0.x"],
            "--linkcheck-installer 'uv==0.x': '0.x' is no version (PEP 440); one exact version *",
        ),
        (
            ["--linkcheck-installer", "uv>=0.4"],
            "--linkcheck-installer 'uv>=0.4' names no installer: *",
        ),
        (
            ["--linkcheck-installer", "uv=~nobody-here/uv"],
            "--linkcheck-installer uv=~nobody-here/uv: there is no such file",
        ),
        (
            ["--linkcheck", "--linkcheck-expect", "shared"],
            "--linkcheck-expect shared: give one of auto, linked, hardlink, symlink, copy",
        ),
        (
            ["--linkcheck", "--linkcheck-env", "absent"],
            "no environment at */absent: there is no folder",
        ),
        (
            ["--linkcheck", "--linkcheck-env", "~nobody-here/venv"],
            "no environment at */~nobody-here/venv: there is no folder",
        ),
        (["--linkcheck-env", "."], "--linkcheck-env needs --linkcheck"),
        (["--linkcheck-expect", "auto"], "--linkcheck-expect needs --linkcheck"),
        (["--linkcheck-timeout", "5"], "--linkcheck-timeout needs --linkcheck"),
        (
            ["--linkcheck", "--linkcheck-timeout", "soon"],
            "--linkcheck-timeout soon: give a number of seconds, or 0 for no limit",
        ),
        (
            ["--linkcheck", "--linkcheck-timeout=-1"],
            "--linkcheck-timeout -1: give a number of seconds, or 0 for no limit",
        ),
        (
            ["--linkcheck", "--linkcheck-timeout", "nan"],
            "--linkcheck-timeout nan: give a number of seconds, or 0 for no limit",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_a_bad_value_is_a_usage_error_of_one_sentence(
    run: Run, args: list[str], told: str, workers: str
) -> None:
    result = run(*args, workers)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {told}"])
    assert len([line for line in result.errlines if line]) == 1
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_missing_environment_of_the_ini_key_is_a_usage_error(
    pytester: pytest.Pytester, run: Run
) -> None:
    pytester.makeini("[pytest]\nlinkcheck_env = absent")
    run().stdout.fnmatch_lines(["*no tests ran*"])
    result = run("--linkcheck")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: no environment at */absent: there is no folder"])


def test_help_names_every_option_and_key(run: Run) -> None:
    text = run("--help").stdout.str()
    for name in (
        "",
        "-env=PATH",
        "-expect=SHARING",
        "-installer=INSTALLER",
        "-strict",
        "-report=PATH",
    ):
        assert f"  --linkcheck{name}" in text
    assert "linkcheck (bool)" in text
    assert "linkcheck_env (args)" in text
