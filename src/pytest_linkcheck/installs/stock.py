"""How many bytes environments and their cache share, by distribution."""

import os
from collections.abc import Iterable

from pytest_linkcheck.links import Problem, Stock, take_stock
from pytest_linkcheck.links.show import show_name

from .distributions import read_distributions
from .layout import Layout


def take_stock_of(layouts: Iterable[Layout], *others: str | os.PathLike[str]) -> Stock:
    """Return who has how many bytes: each environment, each distribution in it, and *others*.

    The distributions are groups, called by prefix and name; of which no file was found, that is a
    problem, with the reason. *others* are folders that files are shared with: caches. Raises
    `LinkcheckError` if site-packages cannot be read, `OSError` if one of *others* cannot.
    """
    found = list(layouts)
    installed = {
        f"{show_name(layout.prefix)}: {show_name(dist.dist_info.name)}": dist
        for layout in found
        for dist in read_distributions(layout)
    }
    groups = {name: dist.paths() for name, dist in installed.items()}
    stock = take_stock((*(layout.prefix for layout in found), *others), groups)
    for name, dist in installed.items():
        if not stock.groups[name].names:
            reason = "; ".join(dist.problems) or "none of its files was found"
            stock.problems.append(Problem(dist.dist_info, reason))
    return stock
