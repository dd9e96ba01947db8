"""The terminal: tables that fit, pytest's verbosity, and what is shown while something is made."""

import os
import pty
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from report.samples import check, row

from pytest_linkcheck.conformance.terminal import conformance_lines
from pytest_linkcheck.report.columns import cut_end, cut_middle, lay_out, width_of
from pytest_linkcheck.report.terminal import audit_lines

LONG = row(name="a-distribution-with-quite-a-long-name-that-nobody-types")


def test_without_a_terminal_nothing_is_cut() -> None:
    told = audit_lines([LONG])
    assert any(LONG.name in line for line in told)


@pytest.mark.parametrize("width", [80, 100])
def test_a_table_fits(width: int) -> None:
    _, *table = audit_lines([LONG, row()], width)[:4]
    assert max(map(len, table)) <= width
    assert table[1].startswith("a-distrib")
    assert "… 2.3.1 " in table[1] or "…" in table[1]


def test_columns_of_zeros_go_before_names_are_cut() -> None:
    _, wide, *_ = audit_lines([row()], 200)
    assert "reflink" in wide
    _, narrow, *_ = audit_lines([row()], 60)
    assert not {"reflink", "symlink"} & set(narrow.split())
    assert {"hardlink", "own", "shared", "bytecode"} <= set(narrow.split())


def test_quiet_is_one_line_and_verbose_lists_every_class_of_files() -> None:
    assert len(audit_lines([LONG, row()], 80, -1)) == 1
    told = audit_lines([LONG, row()], 80, 1)
    assert any(re.fullmatch(r"class +files +hardlink .*", line) for line in told)
    assert any(re.fullmatch(r"payload +14 +14 +0 .*", line) for line in told)
    assert any(re.fullmatch(r"generated +6 +0 .* 6 +0", line) for line in told)


def test_blocks_of_installers_fit_and_are_one_line_when_quiet() -> None:
    results = [check("failed", promise="Every one of these many words is kept. " * 4), check()]
    assert len(conformance_lines(results, 60, -1)) == 1
    told = conformance_lines(results, 60)
    assert max(map(len, told)) <= 60
    assert " ".join(" ".join(told).split()).count("Every one of these many words is kept.") == 4
    address = f"https://example.org/{'x' * 80}"
    assert any(address in line for line in conformance_lines([check("failed", why=address)], 60))


def test_text_is_cut_by_columns_not_by_characters() -> None:
    assert cut_middle("abcdefghij", 5) == "ab…ij"
    assert cut_end("abcdefghij", 5) == "abcd…"
    assert cut_end("abc", 0) == ""
    assert width_of("文件e\u0301") == 5
    assert width_of(cut_middle("文件" * 10, 9)) <= 9
    assert lay_out([("a", "b"), ("文", "1")]) == ["a   b", "文  1"]


SLOW = """
    from pytest_linkcheck.steps import step

    def test_one(): pass

    def test_two(tmp_path):
        with step("making \\x1b[31mbtrfs\\n"):
            pass
"""


def in_terminal(folder: Path, *args: str, **environ: str) -> str:
    """Return what `pytest *args` writes to a terminal of 80 columns."""
    ours, theirs = pty.openpty()
    kept = {name: value for name, value in os.environ.items() if name not in {"CI", "COLUMNS"}}
    plain = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "TERM": "xterm", "COLUMNS": "80"}
    told: list[bytes] = []

    def read() -> None:
        while True:
            try:
                data = os.read(ours, 65536)
            except OSError:  # Linux: the other side was closed
                return
            if not data:
                return
            told.append(data)

    reader = threading.Thread(target=read)
    reader.start()
    command = [sys.executable, "-m", "pytest", "-p", "linkcheck", "-p", "no:cacheprovider", *args]
    subprocess.run(
        command, cwd=folder, env=kept | plain | environ, stdout=theirs, stderr=theirs, check=False
    )
    os.close(theirs)
    reader.join()
    os.close(ours)
    return b"".join(told).decode()


def shown(told: str) -> str:
    """Return what is left on the screen, as far as going back and erasing go."""
    lines = []
    for line in told.replace("\r\n", "\n").split("\n"):
        screen = ""
        for part in re.split(r"(\x1b\[\d*[A-Za-z])", line):
            if back := re.fullmatch(r"\x1b\[(\d+)D", part):
                screen = screen[: len(screen) - int(back[1])]
            elif not part.startswith("\x1b["):
                screen += part
        lines.append(screen)
    return "\n".join(lines)


def test_a_long_step_is_shown_and_taken_away_again(pytester: pytest.Pytester) -> None:
    path = pytester.makepyfile(test_it=SLOW)  # a long name would leave no room on the line
    chosen = ("--linkcheck", "--color=no", path.name)
    told = in_terminal(pytester.path, *chosen)
    # The name is harmless, and what was on the line stays.
    step = r" linkcheck: making \x1b[31mbtrfs\n …"
    assert f".{step}\x1b[{len(step)}D\x1b[K." in told
    assert f"{path.name} .." in shown(told)
    assert "making" not in shown(told)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("args", "environ"),
    [
        (("--linkcheck",), {"CI": "true"}),
        (("--linkcheck",), {"TERM": "dumb"}),
        (("--linkcheck", "-s"), {}),
        (("--linkcheck", "-p", "xdist", "-n1"), {}),
        ((), {}),
    ],
    ids=["ci", "dumb", "uncaptured", "worker", "off"],
)
def test_nothing_is_shown_where_it_would_not_be_taken_away(
    pytester: pytest.Pytester, args: tuple[str, ...], environ: dict[str, str]
) -> None:
    path = pytester.makepyfile(test_it=SLOW)
    told = in_terminal(pytester.path, "--color=no", *args, path.name, **environ)
    assert "2 passed" in told
    assert "making" not in told


def test_a_terminal_gets_lines_that_fit(pytester: pytest.Pytester) -> None:
    path = pytester.makepyfile(f"""
        from pytest_linkcheck.conformance import check

        @check("hazard", why="https://example.org/1")
        def test_it():
            "{"A promise of many words. " * 6}"
            assert False, "no"
    """)
    args = ("--linkcheck", "--color=no", path.name)
    told = in_terminal(pytester.path, *args)
    assert "HAZARD" in told or "1 hazard" in told
    _, _, block = shown(told).partition("linkcheck conformance")
    assert max(map(len, block.splitlines())) <= 80
    log = pytester.runpytest_subprocess("-p", "linkcheck", *args)
    assert any(len(line) > 80 for line in log.outlines)


def test_nothing_is_shown_in_a_log(pytester: pytest.Pytester) -> None:
    path = pytester.makepyfile(SLOW)
    done = pytester.runpytest_subprocess("-p", "linkcheck", "--linkcheck", path.name)
    assert "making" not in done.stdout.str() + done.stderr.str()
