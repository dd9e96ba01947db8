"""A wheel as tests hand it on: from the wheelhouse to an installer."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel file, and what it is called."""

    name: str
    version: str
    path: Path

    @property
    def requirement(self) -> str:
        """What to ask an installer for."""
        return f"{self.name}=={self.version}"

    def __str__(self) -> str:
        return f"{self.name} {self.version}"
