"""What part a file plays in its distribution: expectations differ by role."""

import re
from enum import Enum


class Role(Enum):
    """The closed set of roles."""

    PAYLOAD = "payload"  # came out of the wheel, into site-packages
    METADATA = "metadata"  # came out of the wheel's .dist-info: METADATA, WHEEL, licenses, ...
    GENERATED = "generated"  # written by the installer: RECORD, INSTALLER, REQUESTED, ...
    SCRIPT = "script"  # in bin/ (Scripts\ on Windows), from the wheel or generated
    BYTECODE = "bytecode"  # compiled on this machine
    DATA = "data"  # from the wheel's .data/data and .data/headers


# PEP 376, PEP 610 and the specification of recorded projects; uv_*.json are uv's own.
_GENERATED = {
    "RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json",
    "REFER_TO",  # PDM: where symlinks lead
}  # fmt: skip
_SCRIPT_FOLDERS = ("bin/", "Scripts/")
_PYCACHE = re.compile(r"(^|/)__pycache__/[^/]+\.py[co]$")


def role_of(below_site: str | None, below_prefix: str, dist_info: str, *, hashed: bool) -> Role:
    """Return the role of an installed file.

    Args:
        below_site: its path from site-packages, with slashes; `None` if it lies elsewhere.
        below_prefix: its path from the environment's prefix, with slashes.
        dist_info: the name of the distribution's `.dist-info` folder.
        hashed: whether RECORD holds a hash for it. Bytecode with a hash was in the wheel:
            installers list what they compiled themselves without one.
    """
    if below_site is None:
        return Role.SCRIPT if below_prefix.startswith(_SCRIPT_FOLDERS) else Role.DATA
    folder, _, rest = below_site.partition("/")
    if folder == dist_info:
        return Role.GENERATED if rest in _GENERATED else Role.METADATA
    if not hashed and _PYCACHE.search(below_site):
        return Role.BYTECODE
    return Role.PAYLOAD
