"""Running installers and environments' programs, and keeping what they said."""

import shlex
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_linkcheck.errors import LinkcheckError, hides_traceback
from pytest_linkcheck.links.show import show_name

__tracebackhide__ = hides_traceback

_TAIL = 25


@dataclass(frozen=True, slots=True)
class Completed:
    """A command that has ended: what was run, its exit status, and what it printed."""

    args: tuple[str, ...]
    returncode: int
    stdout: str
    stderr: str

    @property
    def warnings(self) -> tuple[str, ...]:
        """The lines of stderr that begin with `warning:`, in whatever case, as written."""
        lines = self.stderr.splitlines()
        return tuple(line for line in lines if line.lower().startswith("warning:"))

    def __str__(self) -> str:
        output = "\n".join(filter(None, (self.stdout.rstrip(), self.stderr.rstrip())))
        tail = [show_name(line) for line in output.splitlines()[-_TAIL:]]
        command = show_name(shlex.join(self.args))
        return "\n".join([f"$ {command}", *tail, f"exit status {self.returncode}"])


@dataclass(slots=True)
class Log(Sequence[Completed]):
    """The commands run for one environment, oldest first."""

    _commands: list[Completed] = field(default_factory=list)

    @classmethod
    def from_json(cls, told: Iterable[Sequence[Any]]) -> "Log":
        """Return the log that `to_json` has told."""
        return cls([Completed(tuple(args), *rest) for args, *rest in told])

    def to_json(self) -> list[tuple[tuple[str, ...], int, str, str]]:
        """Return what other processes can read."""
        return [(one.args, one.returncode, one.stdout, one.stderr) for one in self._commands]

    def append(self, completed: Completed) -> None:
        """Add a command that has ended."""
        self._commands.append(completed)

    @property
    def stdout(self) -> str:
        """What all of them wrote to stdout."""
        return "".join(command.stdout for command in self._commands)

    @property
    def stderr(self) -> str:
        """What all of them wrote to stderr."""
        return "".join(command.stderr for command in self._commands)

    @property
    def warnings(self) -> tuple[str, ...]:
        """The warnings of all of them."""
        return tuple(line for command in self._commands for line in command.warnings)

    def __getitem__(self, index):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN204 - as Sequence has it
        return self._commands[index]

    def __len__(self) -> int:
        return len(self._commands)

    def __iter__(self) -> Iterator[Completed]:
        return iter(self._commands)

    def __str__(self) -> str:
        return "\n".join(map(str, self._commands))


def run(
    args: Sequence[str],
    *,
    environ: Mapping[str, str],
    cwd: Path | None = None,
    umask: int = -1,
) -> Completed:
    """Run *args* to its end, with no input; *umask* -1 keeps this process's own.

    Raises `LinkcheckError` if the program cannot be started; its exit status is not judged.
    """
    try:
        done = subprocess.run(
            args,
            env=dict(environ),
            cwd=cwd,
            umask=umask,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="backslashreplace",
            check=False,
        )
    except (OSError, ValueError) as error:  # ValueError: a NUL in an argument
        problem = getattr(error, "strerror", None) or error
        raise LinkcheckError(f"{show_name(args[0])} cannot be run: {problem}") from None
    return Completed(tuple(args), done.returncode, done.stdout, done.stderr)
