"""The bytes an installer says it freed, in a cache it cleaned."""

import re
from dataclasses import dataclass
from decimal import Decimal

_UNITS = {
    "b": 1, "byte": 1, "bytes": 1,
    "kb": 1000, "mb": 1000**2, "gb": 1000**3,
    "kib": 1024, "mib": 1024**2, "gib": 1024**3,
}  # fmt: skip
_SIZE = re.compile(
    r"(?<![\w.-])(?P<number>\d+(?:\.\d+)?) ?(?P<unit>[KMG]i?B|bytes?|B)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Freed:
    """How many bytes were freed by what an installer said: from *low* to *high*, as it rounds."""

    low: int
    high: int
    said: str

    def __contains__(self, size: int) -> bool:
        return self.low <= size <= self.high


def read_freed(text: str) -> Freed | None:
    """Return the first size in *text*, such as `107.6KiB`, `10.2 MB` or `512 bytes`."""
    match = _SIZE.search(text)
    if match is None:
        return None
    number, unit = Decimal(match["number"]), _UNITS[match["unit"].lower()]
    # Rounded or cut off: what is said may be off by one of its last digit either way.
    step = Decimal(0) if unit == 1 else Decimal(1).scaleb(int(number.as_tuple().exponent))
    return Freed(int((number - step) * unit), int((number + step) * unit), match[0])
