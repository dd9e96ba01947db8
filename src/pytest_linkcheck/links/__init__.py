"""What the kernel says: facts of a path, verdicts on two, boundaries between folders.

Imports the standard library alone and runs no process; nothing here knows pytest.
"""

from .boundary import Between, Boundary, explain_boundary, probe_boundary
from .compare import compare
from .content import Content
from .extents import Extent, ExtentFlag, ExtentMap, NoExtentMapError, read_extents
from .facts import Facts, Identity, Kind, read_facts
from .filesystem import Location, Relation, locate, relate
from .mounts import Mount, mount_of, read_mounts
from .probes import Linkable
from .resolve import Resolution, resolve
from .verdict import Sharing, Verdict

__all__ = [
    "Between",
    "Boundary",
    "Content",
    "Extent",
    "ExtentFlag",
    "ExtentMap",
    "Facts",
    "Identity",
    "Kind",
    "Linkable",
    "Location",
    "Mount",
    "NoExtentMapError",
    "Relation",
    "Resolution",
    "Sharing",
    "Verdict",
    "compare",
    "explain_boundary",
    "locate",
    "mount_of",
    "probe_boundary",
    "read_extents",
    "read_facts",
    "read_mounts",
    "relate",
    "resolve",
]
