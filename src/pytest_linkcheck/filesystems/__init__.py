"""Filesystems for tests: made on demand, shared, told apart by what they can really do."""

from .capabilities import (
    Ability,
    Can,
    Capabilities,
    LinkLimit,
    Pair,
    probe_folder,
    probe_link_limit,
    probe_pair,
)
from .filesystem import Filesystem
from .places import ALL, Kind, Place, parse_place, split_places
from .provider import Filesystems

__all__ = [
    "ALL",
    "Ability",
    "Can",
    "Capabilities",
    "Filesystem",
    "Filesystems",
    "Kind",
    "LinkLimit",
    "Pair",
    "Place",
    "parse_place",
    "probe_folder",
    "probe_link_limit",
    "probe_pair",
    "split_places",
]
