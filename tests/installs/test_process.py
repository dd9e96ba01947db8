import os
import sys
from pathlib import Path

import pytest

from pytest_linkcheck import LinkcheckError
from pytest_linkcheck.installs.process import Completed, Log, run


def _python(code: str, **environ: str) -> Completed:
    return run([sys.executable, "-c", code], environ={**os.environ, **environ})


def test_what_it_printed_and_returned_is_kept() -> None:
    done = _python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")
    assert (done.stdout, done.stderr, done.returncode) == ("out\n", "err\n", 3)


def test_bytes_that_are_no_utf_8_are_escaped() -> None:
    done = _python(r"import sys; sys.stdout.buffer.write(b'a\xff')")
    assert done.stdout == "a\\xff"


def test_it_gets_no_input() -> None:
    assert _python("import sys; print(repr(sys.stdin.read()))").stdout == "''\n"


def test_it_gets_these_variables_and_no_others() -> None:
    done = run(["/usr/bin/env"], environ={"ONLY": "this"})
    assert done.stdout == "ONLY=this\n"


def test_its_folder_and_umask(tmp_path: Path) -> None:
    run(["/usr/bin/touch", "file"], environ={}, cwd=tmp_path, umask=0o027)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda _: None, "No such file or directory"),
        (lambda path: path.touch(), "Permission denied"),
        (lambda path: path.mkdir(), "Permission denied"),
    ],
    ids=["missing", "not executable", "folder"],
)
def test_a_program_that_cannot_be_started(tmp_path: Path, make: object, problem: str) -> None:
    program = tmp_path / "program"
    assert callable(make)
    make(program)
    with pytest.raises(LinkcheckError) as caught:
        run([str(program)], environ={})
    assert str(caught.value) == f"{program} cannot be run: {problem}"


def test_a_nul_in_an_argument() -> None:
    with pytest.raises(LinkcheckError, match="/bin/echo cannot be run: embedded null byte"):
        run(["/bin/echo", "a\0b"], environ={})


def test_a_warning_is_a_line_that_begins_so() -> None:
    stderr = "warning: one\nno warning: two\nWARNING: three\n  warning: four\n"
    done = Completed(("uv",), 0, "warning: not on stderr\n", stderr)
    assert done.warnings == ("warning: one", "WARNING: three")


def test_it_reads_as_a_terminal_would_show_it() -> None:
    done = Completed(("uv", "pip install"), 2, "out\n", "err\x1b[2J\n")
    assert str(done) == "$ uv 'pip install'\nout\nerr\\x1b[2J\nexit status 2"


def test_only_the_end_of_a_long_output_is_shown() -> None:
    done = Completed(("uv",), 1, "".join(f"line {number}\n" for number in range(100)), "")
    assert str(done).splitlines()[1:] == [*(f"line {n}" for n in range(75, 100)), "exit status 1"]


def test_a_log_is_its_commands_in_their_order() -> None:
    one = Completed(("one",), 0, "out 1\n", "warning: 1\n")
    two = Completed(("two",), 0, "out 2\n", "warning: 2\n")
    log = Log()
    assert (len(log), str(log)) == (0, "")
    log.append(one)
    log.append(two)
    assert list(log) == [one, two]
    assert (log[0], log[-1], len(log)) == (one, two, 2)
    assert log.stdout == "out 1\nout 2\n"
    assert log.stderr == "warning: 1\nwarning: 2\n"
    assert log.warnings == ("warning: 1", "warning: 2")
    assert str(log) == f"{one}\n{two}"
