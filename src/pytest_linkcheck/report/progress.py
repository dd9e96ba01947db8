"""What is being done, at the end of pytest's line while it is being done; only in a terminal.

Nothing is written where stderr is no terminal, or `CI` is set, nor by workers of xdist, which have
no terminal.
"""

import os
from contextlib import suppress
from typing import Any

import pytest

from pytest_linkcheck.links.show import show_name
from pytest_linkcheck.steps import listen

from .columns import cut_end, width_of

_LEAST = 20  # columns; with fewer left on the line nothing is shown


def register(config: pytest.Config) -> None:
    """Show steps of this process, if somebody sees them."""
    dumb = os.environ.get("TERM", "dumb") == "dumb"
    if hasattr(config, "workerinput") or "CI" in os.environ or dumb:
        return
    # Duplicated now: while tests run, pytest has put a file of its own in the place of stderr.
    with suppress(OSError):
        if os.isatty(2):
            config.pluginmanager.register(Progress(config, os.dup(2)), "linkcheck-progress")


class Progress:
    """Shows the step behind what pytest has written, and takes it away again."""

    def __init__(self, config: pytest.Config, terminal: int) -> None:
        self._config = config
        self._terminal = terminal
        self._shown = 0  # columns
        listen(self.show)

    def show(self, text: str) -> None:
        """Show *text* in the place of what is shown, or nothing for an empty one."""
        told = ""
        if self._shown:
            # Back by columns: a line that ends before the edge has not scrolled.
            told = f"\x1b[{self._shown}D\x1b[K"
            self._shown = 0
        line = cut_end(f" linkcheck: {show_name(text)} …", self._room()) if text else ""
        self._shown = width_of(line)
        with suppress(OSError):  # a terminal that went away is no reason to fail
            os.write(self._terminal, f"{told}{line}".encode())

    def _room(self) -> int:
        """Return how many columns are left on pytest's line; 0 where they are too few."""
        reporter: Any = self._config.pluginmanager.getplugin("terminalreporter")
        # With -s a test may have written to the line too: how much, nobody knows.
        if reporter is None or self._config.getoption("capture") == "no":
            return 0
        writer = self._config.get_terminal_writer()
        left = writer.fullwidth - writer.width_of_current_line - 1
        return left if left >= _LEAST else 0

    def pytest_unconfigure(self) -> None:
        """Let go of the terminal."""
        listen(None)
        self.show("")
        os.close(self._terminal)
