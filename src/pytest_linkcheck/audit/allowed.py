"""What sharing uv could have made in an audited environment, by what is known without writing."""

from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.filesystems import Ability, Can, Pair
from pytest_linkcheck.filesystems.expectations import expect
from pytest_linkcheck.links import Between, Sharing

from .context import ALWAYS_REFLINK, NEVER_REFLINK, Context

_YES = Ability(Can.YES)
_NO = Ability(Can.NO, "by the mounts")


def allowed_by_uv(context: Context) -> frozenset[Sharing]:
    """Return what may come of uv's link mode between its cache and the environment.

    Nothing is probed, as an audit writes nothing. Mounts and types leave it open whether some
    filesystems have reflinks: then both answers count. Empty where nothing can be told.
    """
    between, _ = context.boundary
    if between is Between.UNKNOWN:
        return frozenset()
    link = _YES if between is Between.NOTHING else _NO
    pairs = [
        Pair(context.cache.path, context.layout.site_packages, link, reflink, _YES)
        for reflink in _reflinks(context, between)
    ]
    try:
        return frozenset(expect("uv", context.cache.link_mode, pair) for pair in pairs)
    except LinkcheckError:  # a link mode of a uv newer than we know
        return frozenset()


def _reflinks(context: Context, between: Between) -> tuple[Ability, ...]:
    """Return the answers that are possible to whether reflinks can be made."""
    kind = context.mount.type if context.mount else ""
    if between is Between.FILESYSTEM or kind in NEVER_REFLINK:
        return (_NO,)
    return (_YES,) if kind in ALWAYS_REFLINK else (_YES, _NO)
