"""What became of a check: the record that travels with its test report."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

PROPERTY = "linkcheck-check"  # its name among a report's user_properties

PASSED, FAILED, HAZARD, SKIPPED, KNOWN = "passed", "failed", "hazard", "skipped", "known"


@dataclass(frozen=True, slots=True)
class Result:
    """One check, run for one installer, link mode and place; the latter two may be empty.

    `outcome` is `passed`, `failed`, `hazard`, `skipped`, or `known`: failed, and accepted by the
    configuration. `reason` says why, in one line.
    """

    check: str
    promise: str
    why: str
    installer: str
    version: str
    link_mode: str
    filesystem: str
    case: str
    outcome: str
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as plain types, which xdist and JSON carry."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Result":
        """Return the result that `to_json` made *data* of."""
        return cls(**data)

    @property
    def where(self) -> str:
        """The link mode and the place."""
        return " on ".join(filter(None, (self.link_mode, self.filesystem)))
