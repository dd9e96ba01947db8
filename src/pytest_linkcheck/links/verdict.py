"""The verdict on two paths, and how it and its evidence are written."""

from dataclasses import dataclass
from enum import Enum

from .content import Content
from .extents import ExtentMap
from .mounts import mount_of, read_mounts
from .resolution import Resolution
from .show import show_name


class Sharing(Enum):
    """The closed set of verdicts on the storage of two paths."""

    HARDLINK = "hardlink"
    SYMLINK = "symlink"
    REFLINK = "reflink"
    PARTIAL = "partial"
    COPY = "copy"
    DIFFERENT = "different"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What can be said of two paths, why, and the facts it rests on.

    `a` and `b` are where the two paths lead, symlinks seen and followed. Where extents were
    compared, `shared_bytes` of `total_bytes` (of the file that has more data, holes not counted)
    lie in common blocks; both are `None` elsewhere. `a_extents` and `b_extents` are `None` where
    they were not read.
    """

    sharing: Sharing
    reason: str
    a: Resolution
    b: Resolution
    content: Content = Content.NOT_COMPARED
    shared_bytes: int | None = None
    total_bytes: int | None = None
    a_extents: ExtentMap | None = None
    b_extents: ExtentMap | None = None

    def __str__(self) -> str:
        return f"{self.sharing.value} ({self.reason})"

    def explain(self) -> str:
        """Return the verdict and its evidence as lines of text, made to be pasted."""
        lines = [
            str(self),
            *explain_path(self.a, self.a_extents),
            *explain_path(self.b, self.b_extents),
        ]
        if self.content is not Content.NOT_COMPARED:
            lines.append(f"  bytes: {self.content.value}")
        return "\n".join(lines)


def explain_path(resolution: Resolution, extents: ExtentMap | None = None) -> list[str]:
    """Return the evidence on one path, a line for each symlink step and one for its end."""
    steps = [
        f"  {show_name(step)} -> {show_name(target)}"
        for step, target in zip(resolution.steps, resolution.steps[1:], strict=False)
    ]
    if resolution.facts is None:
        return [*steps, f"  {resolution.problem}"]
    mount = mount_of(resolution.facts, read_mounts())
    parts = (resolution.facts, mount, extents)
    return [*steps, "  " + ", ".join(str(part) for part in parts if part is not None)]
