"""What the kernel says: facts of a path, verdicts on two, boundaries between folders.

Imports the standard library alone and runs no process; nothing here knows pytest.
"""

from .boundary import Between, Boundary, Linkable, explain_boundary, probe_boundary
from .compare import Sharing, Verdict, compare
from .content import Content
from .facts import Facts, Identity, Kind, read_facts
from .mounts import Mount, mount_of, read_mounts
from .resolve import Resolution, resolve

__all__ = [
    "Between",
    "Boundary",
    "Content",
    "Facts",
    "Identity",
    "Kind",
    "Linkable",
    "Mount",
    "Resolution",
    "Sharing",
    "Verdict",
    "compare",
    "explain_boundary",
    "mount_of",
    "probe_boundary",
    "read_facts",
    "read_mounts",
    "resolve",
]
