"""Environments written file by file, for what no installer would make."""

import base64
import csv
import hashlib
import io
from collections.abc import Mapping
from pathlib import Path

from pytest_linkcheck.installs import Distribution, Layout, find_layout
from pytest_linkcheck.installs.distributions import read_distributions

SITE = Path("lib/python3.11/site-packages")


def lay_out(prefix: Path) -> Layout:
    """Make the folders of an environment at *prefix*."""
    (prefix / SITE).mkdir(parents=True, exist_ok=True)
    return find_layout(prefix)


def record_of(files: Mapping[str, bytes], own: str) -> bytes:
    """Return the RECORD that lists *files* and itself, at the path *own*."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for name, data in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
        writer.writerow([name, f"sha256={digest}", len(data)])
    writer.writerow([own, "", ""])
    return text.getvalue().encode()


def install(
    prefix: Path,
    files: Mapping[str, bytes],
    *,
    name: str = "demo",
    version: str = "1.0",
    record: bytes | None = None,
) -> Distribution:
    """Write *files* below site-packages, as a distribution; *record* instead of a right RECORD."""
    layout = lay_out(prefix)
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
    files = {**files, f"{info}/METADATA": metadata}
    if record is None:
        record = record_of(files, f"{info}/RECORD")
    for path, data in {**files, f"{info}/RECORD": record}.items():
        target = layout.site_packages / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return next(dist for dist in read_distributions(layout) if dist.dist_info.name == info)
