"""Reports as files: read with one clear error, written whole or not at all."""

import json
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.links.show import show_name

from .model import Report
from .plain import dump_ascii

SUFFIXES = (".json", ".md", ".html")
NO_JINJA = "HTML needs Jinja2: pip install 'pytest-linkcheck[report]'"


def read_report(path: Path) -> Report:
    """Return the report in the JSON file *path*.

    Raises `LinkcheckError` if it cannot be read, is no report, is cut off, or was written by a
    later version.
    """
    try:
        return parse_report(path.read_bytes(), path)
    except OSError as error:
        raise LinkcheckError(f"{show_name(path)} cannot be read: {error.strerror}") from None


def parse_report(text: bytes, path: Path) -> Report:
    """Return the report in the JSON *text* of the file *path*; raises as `read_report` does."""
    try:
        data = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        told = show_name(error)
        raise LinkcheckError(
            f"{show_name(path)} is no report: it is no JSON, or was cut off ({told})"
        ) from None
    return Report.from_json(data, path)


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON")


def render(report: Report, suffix: str) -> str:
    """Return *report* in the format that *suffix* stands for, one of `SUFFIXES`.

    Raises `LinkcheckError` for HTML without Jinja2.
    """
    return _FORMATS[suffix](report)


def _render_json(report: Report) -> str:
    return f"{dump_ascii(report.to_json(), indent=1)}\n"


def _render_markdown(report: Report) -> str:
    from .markdown import render_markdown  # noqa: PLC0415 - only what is asked for

    return render_markdown(report)


def _render_html(report: Report) -> str:
    if not can_render_html():
        raise LinkcheckError(NO_JINJA)
    from .html import render_html  # noqa: PLC0415 - Jinja2 is an extra

    return render_html(report)


_FORMATS: dict[str, Callable[[Report], str]] = dict(
    zip(SUFFIXES, (_render_json, _render_markdown, _render_html), strict=True)
)


def can_render_html() -> bool:
    """Return whether Jinja2 is here."""
    try:
        import jinja2  # noqa: F401, PLC0415 - an optional dependency
    except ImportError:
        return False
    return True


def check_output(path: Path) -> None:
    """Raise `LinkcheckError` if no report can be written at *path*, as far as that can be seen."""
    shown = show_name(path)
    if path.suffix not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        raise LinkcheckError(f"{shown}: the format goes by the suffix: give one of {known}")
    if path.is_dir():
        raise LinkcheckError(f"{shown} is a folder: name a file in it")
    folder = Path(os.path.realpath(path)).parent
    if not folder.is_dir():
        raise LinkcheckError(f"{shown}: there is no folder {show_name(folder)}: make it before")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise LinkcheckError(f"{shown}: the folder {show_name(folder)} takes no writes")


def write_report(report: Report, path: Path) -> None:
    """Write *report* to *path*, in the format of its suffix, whole or not at all.

    Raises `LinkcheckError` if it cannot be written; what was there before is then as it was.
    """
    write_whole(path, render(report, path.suffix))


def write_whole(path: Path, text: str) -> None:
    """Write *text* to a new file beside *path*, and put it in the place of that.

    Raises `LinkcheckError` if it cannot be written.
    """
    target = Path(os.path.realpath(path))  # a symlink stays one
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name[:50]}.", dir=target.parent)
        with open(handle, "wb") as file:  # noqa: PTH123 - a descriptor
            # A surrogate that came this far is better shown as an escape than not at all.
            file.write(text.encode("utf-8", "backslashreplace"))
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(_mode(target))
        Path(temporary).replace(target)
    except OSError as error:
        if temporary:
            with suppress(OSError):
                Path(temporary).unlink()
        raise LinkcheckError(
            f"no report was written to {show_name(path)}: {error.strerror or error}"
        ) from None


def _mode(path: Path) -> int:
    """Return the mode that *path* has, or that a new file would get."""
    with suppress(OSError):
        return path.stat().st_mode & 0o777
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask
