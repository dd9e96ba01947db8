"""What the kernel says: facts of a path, verdicts on two, boundaries between folders.

Imports the standard library alone and runs no process; nothing here knows pytest. Each name is
imported when it is first used: making an environment takes none of them.
"""

from typing import TYPE_CHECKING

from .late import importer

if TYPE_CHECKING:
    from .account import Account, Inode
    from .boundary import Between, Boundary, explain_boundary, probe_boundary
    from .change import Aspect, Change
    from .columns import Columns, read_columns
    from .comparison import compare
    from .content import Content
    from .extents import Extent, ExtentFlag, ExtentMap, NoExtentMapError, read_extents
    from .facts import Facts, Identity, Kind, read_facts
    from .filesystem import Location, Relation, locate, relate
    from .mounts import Mount, mount_of, read_mounts
    from .pairs import PairVerdict, compare_pairs
    from .probes import Linkable
    from .resolution import Resolution, resolve
    from .sameness import Same
    from .scanning import Entry, Problem, Scan, scan
    from .stock import Share, Stock, take_stock
    from .topology import Company, ExtentGroup, Partner, Topology, measure, shared_with
    from .trees import Found, TreeComparison, compare_trees, find_names
    from .verdict import Sharing, Verdict
    from .watching import Snapshot, watch

__all__ = [
    "Account",
    "Aspect",
    "Between",
    "Boundary",
    "Change",
    "Columns",
    "Company",
    "Content",
    "Entry",
    "Extent",
    "ExtentFlag",
    "ExtentGroup",
    "ExtentMap",
    "Facts",
    "Found",
    "Identity",
    "Inode",
    "Kind",
    "Linkable",
    "Location",
    "Mount",
    "NoExtentMapError",
    "PairVerdict",
    "Partner",
    "Problem",
    "Relation",
    "Resolution",
    "Same",
    "Scan",
    "Share",
    "Sharing",
    "Snapshot",
    "Stock",
    "Topology",
    "TreeComparison",
    "Verdict",
    "compare",
    "compare_pairs",
    "compare_trees",
    "explain_boundary",
    "find_names",
    "locate",
    "measure",
    "mount_of",
    "probe_boundary",
    "read_columns",
    "read_extents",
    "read_facts",
    "read_mounts",
    "relate",
    "resolve",
    "scan",
    "shared_with",
    "take_stock",
    "watch",
]

__getattr__ = importer(
    __name__,
    {
        "account": ("Account", "Inode"),
        "boundary": ("Between", "Boundary", "explain_boundary", "probe_boundary"),
        "change": ("Aspect", "Change"),
        "columns": ("Columns", "read_columns"),
        "comparison": ("compare",),
        "content": ("Content",),
        "extents": ("Extent", "ExtentFlag", "ExtentMap", "NoExtentMapError", "read_extents"),
        "facts": ("Facts", "Identity", "Kind", "read_facts"),
        "filesystem": ("Location", "Relation", "locate", "relate"),
        "mounts": ("Mount", "mount_of", "read_mounts"),
        "pairs": ("PairVerdict", "compare_pairs"),
        "probes": ("Linkable",),
        "resolution": ("Resolution", "resolve"),
        "sameness": ("Same",),
        "scanning": ("Entry", "Problem", "Scan", "scan"),
        "stock": ("Share", "Stock", "take_stock"),
        "topology": ("Company", "ExtentGroup", "Partner", "Topology", "measure", "shared_with"),
        "trees": ("Found", "TreeComparison", "compare_trees", "find_names"),
        "verdict": ("Sharing", "Verdict"),
        "watching": ("Snapshot", "watch"),
    },
)
