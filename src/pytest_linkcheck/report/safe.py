"""Text of a report as a page may show it: whatever it is, it does nothing."""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pytest_linkcheck.links.show import show_name

if TYPE_CHECKING:
    from markupsafe import Markup


def printable(value: object) -> object:
    """Make text harmless before it is escaped: no control characters, no lone surrogates."""
    return show_name(value) if type(value) is str else value


def text_lines(value: str) -> "Markup":
    """Return text of several lines, printable and escaped."""
    from markupsafe import escape  # noqa: PLC0415

    lines = value.expandtabs().split("\n")
    return escape("\n").join(show_name(line) for line in lines)


def web_address(value: str) -> str:
    """Return an address that a page may link to; nothing for any other text."""
    if not value.isprintable() or " " in value:
        return ""
    try:
        parts = urlsplit(value)
    except ValueError:
        return ""
    return value if parts.scheme in {"http", "https"} and parts.netloc else ""
