"""Which tests xdist should run on one worker: those of one filesystem, or of one environment.

Read by `--dist loadgroup` alone. What makes the groups is what is costly to have twice: a
filesystem, an environment that tests share, the caches of an audit.
"""

import re
from collections.abc import Iterable

import pytest

_PLACES = ("filesystem", "cache_filesystem")
_UNFIT = re.compile(r"[^\w.()-]+")  # xdist finds a group behind the last `@` of an id


def mark_groups(items: Iterable[pytest.Item]) -> None:
    """Give each item of a group the mark `xdist_group`, unless it has one."""
    for item in items:
        name = _group(item)
        if name and item.get_closest_marker("xdist_group") is None:
            item.add_marker(group_mark(name))


def group_mark(name: str) -> pytest.MarkDecorator:
    """Return the mark of the group *name*."""
    return pytest.mark.xdist_group(_UNFIT.sub("-", name))


def name_groups(items: Iterable[pytest.Item]) -> None:
    """Let xdist see the groups where it could not write them into the ids of the items.

    It sets `_nodeid`, as of 3.8; pytest 9.2 keeps the id elsewhere, so that no group, a user's
    neither, would reach the scheduler.
    """
    for item in items:
        wanted = vars(item).get("_nodeid")
        kept = getattr(item, "_id", None)
        if wanted is not None and wanted != item.nodeid and kept is not None:
            item._id = type(kept).parse(wanted)  # noqa: SLF001


def _group(item: pytest.Item) -> str:
    params = getattr(getattr(item, "callspec", None), "params", {})
    made = [params[name] for name in _PLACES if params.get(name, "default") != "default"]
    if made:
        return str(made[0])
    if "shared_venvs" in getattr(item, "fixturenames", ()):
        chosen = [str(params[name]) for name in ("installer", "link_mode") if params.get(name)]
        return "-".join([item.nodeid.partition("::")[0], *chosen])
    return ""
