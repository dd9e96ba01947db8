"""Why files are not shared that another installer than uv has installed."""

from pytest_linkcheck.installs import Distribution
from pytest_linkcheck.links.show import show_name

# By the name in INSTALLER. Poetry and others write theirs by the library `installer`.
_NEVER_LINK = {"pip", "poetry", "installer"}


def why_unlinked(dist: Distribution) -> tuple[str, str]:
    """Return why a file of *dist* is not shared, and what would change that.

    INSTALLER says who installed it, but virtualenv has it say `pip`, and leaves a mark of its own.
    """
    if dist.installer_problem:
        return dist.installer_problem, ""
    who = show_name(dist.installer or "")
    name = who.partition(" ")[0]  # Poetry adds its version
    if any(file.name == f"{dist.dist_info.stem}.virtualenv" for file in dist.files):
        return "copied by virtualenv as a seed", "virtualenv --symlink-app-data"
    if name in _NEVER_LINK:
        return f"installed by {who}, which links nothing", ""
    if name == "pdm":
        told = "installed by pdm, which links only while install.cache is on"
        return told, "pdm config install.cache true, then pdm sync --reinstall"
    if name == "conda":
        told = "installed by conda, which links where it can; its package cache is not looked into"
        return told, ""
    who = who or "an installer that left no name"
    return f"installed by {who}, of which it is not known whether it links", ""
