"""The record of one audited distribution: what travels with its test report."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

PROPERTY = "linkcheck"  # its name among a report's user_properties

# How each file is shared; `own`: an inode with no other name outside its environment, on a
# filesystem that cannot share blocks between inodes.
COLUMNS = ("hardlink", "reflink", "symlink", "own", "unknown")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why *files* files are not shared, and what would change it, if anything would."""

    files: int
    why: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One distribution of one environment. Sizes in bytes, each inode counted once."""

    environment: str
    name: str
    version: str
    files: int
    sharing: Mapping[str, int]
    size: int
    shared: int
    bytecode: int
    bytecode_size: int
    reasons: tuple[Reason, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """Return it as plain types, which xdist and JSON carry."""
        return asdict(self) | {"reasons": [asdict(reason) for reason in self.reasons]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Row":
        """Return the row that `to_json` made *data* of."""
        reasons = tuple(Reason(**reason) for reason in data["reasons"])
        return cls(**{**data, "reasons": reasons})
