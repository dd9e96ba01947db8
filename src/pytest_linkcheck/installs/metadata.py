"""Reading METADATA: what a distribution calls itself (PEP 566)."""

from email.message import Message
from email.parser import HeaderParser

_MAX_NAME = 255  # the folder is called after it, and that is what a file name may have


def parse_metadata(data: bytes) -> tuple[str, str]:
    """Return the name and the version in the METADATA *data*, empty where they are of no use."""
    headers = HeaderParser().parsestr(data.decode("utf-8", "replace"))
    return _header(headers, "Name"), _header(headers, "Version")


def _header(headers: Message, name: str) -> str:
    text = str(headers.get(name, "")).strip()
    return text if len(text) <= _MAX_NAME else ""
