"""Which environments are audited, and what they are called."""

import glob
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import TypeVar

import pytest

from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.installs import Distribution, Layout, find_layout, read_distributions
from pytest_linkcheck.installs.layout import CONFIG, running_layout
from pytest_linkcheck.links.resolution import real_path
from pytest_linkcheck.links.show import show_name
from pytest_linkcheck.steps import look_at

from .patience import Patience, SilentError

_MAGIC = re.compile(r"[*?[]")
BROKEN = "environment"  # the one item of an environment that cannot be audited


@dataclass(frozen=True, slots=True)
class Audited:
    """An environment to audit: its label, and its layout or the `problem` that hides it.

    `silent` is its path if it does not answer: who asks for anything there may wait for ever.
    """

    label: str
    layout: Layout | None
    problem: str = ""
    silent: Path | None = None

    def names(self) -> list[str]:
        """Return what the items of its distributions are called."""
        if self.layout is None:
            return [BROKEN]
        return list(name_apart(read_distributions(self.layout)))


Planned = tuple[Audited, list[str]]  # an environment, and the names of its items
Plan = list[Planned]
_Found = TypeVar("_Found", Planned, Planned | None)


def name_apart(dists: list[Distribution]) -> dict[str, Distribution]:
    """Return *dists* by printable names: of two of one name by versions too, or by folders.

    None is left out, whatever they call themselves.
    """
    named: dict[str, Distribution] = {}
    for tell in (lambda dist: dist.name, str, lambda dist: f"{dist} in {dist.dist_info.name}"):
        told = [show_name(tell(dist)) for dist in dists]
        counts = Counter([*told, *named])
        named |= {name: dist for name, dist in zip(told, dists, strict=True) if counts[name] == 1}
        dists = [dist for name, dist in zip(told, dists, strict=True) if counts[name] > 1]
    for dist in dists:  # one takes the name that another has, or differs in what is not printable
        name = show_name(f"{dist} in {dist.dist_info.name}")
        number = next(n for n in count(2) if f"{name} ({n})" not in named)
        named[f"{name} ({number})"] = dist
    return named


def find_environments(config: pytest.Config, patience: Patience) -> Plan:
    """Return the environments to audit: `--linkcheck-env`, the ini key, `.venv`, the running one.

    Each with the names of its items. One that is named may be a pattern (`~/projects/**/.venv`), or
    a folder to search: all below it that have a `pyvenv.cfg` count. Raises `pytest.UsageError` if
    one does not exist, or a pattern leads to none.
    """
    here = config.invocation_params.dir
    base = config.inipath.parent if config.inipath else here
    named = [_absolute(here, name) for name in config.option.linkcheck_env]
    named = named or [_absolute(base, name) for name in config.getini("linkcheck_env")]
    if named:
        return _find_named(named, config.rootpath, patience)
    for folder in dict.fromkeys((here, config.rootpath)):
        # os.path's isdir, as Path's raises where it may not look.
        found = _look(folder / ".venv", config.rootpath, os.path.isdir, patience)
        if found is not None:
            return [found]
    layout = running_layout()
    audited = Audited(_label(layout.prefix, config.rootpath), layout)
    work = partial(_with_names, audited)
    return [_ask(audited.label, layout.prefix, work, patience)]


def _find_named(named: list[Path], root: Path, patience: Patience) -> Plan:
    plan: dict[Path, Planned] = {}
    for name in named:
        label = _label(name, root)
        try:
            paths = patience.read(label, partial(_find_all, name))
        except SilentError as error:
            plan[name] = Audited(label, None, str(error), name), [BROKEN]
            continue
        for path in paths:
            found = _look(path, root, os.path.lexists, patience)
            if found is not None and path not in plan:
                plan[path] = found
    return list(plan.values())


def _find_all(named: Path) -> list[Path]:
    """Return the environments that are meant by *named*: itself, or those below it, or matches."""
    look_at(named)
    if os.path.lexists(named):
        # What is no environment and has none below it stays, to be told what is wrong with it.
        is_one = os.path.lexists(named / CONFIG) or _has_layout(named)
        return [named] if is_one else list(_search(named)) or [named]
    if not _MAGIC.search(str(named)):
        raise pytest.UsageError(f"no environment at {show_name(named)}: there is no folder")
    matches = glob.glob(str(named), recursive=True, include_hidden=True)  # noqa: PTH207 - no hidden ones
    found = {
        os.path.realpath(path): Path(path)
        for path in sorted(matches, reverse=True)
        if os.path.lexists(os.path.join(path, CONFIG))  # noqa: PTH118 - as text
    }
    if not found:
        raise pytest.UsageError(
            f"no environment matches {show_name(named)}: no folder that does has a {CONFIG}"
        )
    return sorted(found.values())


def _has_layout(prefix: Path) -> bool:
    try:
        find_bounded(prefix)
    except LinkcheckError:
        return False
    return True


def _search(folder: Path) -> Iterator[Path]:
    """Yield the environments below *folder*, none within another, and through no symlink.

    A folder that cannot be read is yielded too: what is in it cannot be told, and will be said so.
    """
    left = [str(folder)]
    while left:
        path = left.pop()
        look_at(Path(path))
        try:
            with os.scandir(path) as entries:
                held = sorted(entries, key=lambda entry: entry.name, reverse=True)
        except OSError:
            yield Path(path)
            continue
        if any(entry.name == CONFIG for entry in held):
            yield Path(path)
        else:
            left += [entry.path for entry in held if entry.is_dir(follow_symlinks=False)]


def _look(
    path: Path, root: Path, is_there: Callable[[Path], bool], patience: Patience
) -> Planned | None:
    """Return the environment at *path* with the names of its items, `None` if none is there."""
    label = _label(path, root)

    def work() -> Planned | None:
        look_at(path)
        return _open(label, path) if is_there(path) else None

    return _ask(label, path, work, patience)


def _ask(
    label: str, prefix: Path, work: Callable[[], _Found], patience: Patience
) -> _Found | Planned:
    """Return what *work* finds, or an environment that did not answer."""
    try:
        return patience.read(label, work)
    except SilentError as error:
        return Audited(label, None, str(error), prefix), [BROKEN]


def _with_names(audited: Audited) -> Planned:
    return audited, audited.names()


def _open(label: str, prefix: Path) -> Planned:
    try:
        layout = find_bounded(prefix)
        return _with_names(Audited(label, layout))
    except LinkcheckError as error:
        return Audited(label, None, str(error)), [BROKEN]


def find_bounded(prefix: Path) -> Layout:
    """Return the layout of *prefix*, out of which nothing leads; raises `LinkcheckError` else."""
    try:
        bound = real_path(prefix)
    except OSError as error:
        raise LinkcheckError(f"{show_name(prefix)} cannot be read: {error.strerror}") from None
    _check_inside(prefix / "lib", bound)
    layout = find_layout(prefix)
    _check_inside(layout.site_packages, bound)
    return replace(layout, bounds=(bound,))


def _check_inside(folder: Path, bound: str) -> None:
    try:
        real = Path(real_path(folder))
    except OSError as error:
        raise LinkcheckError(f"{show_name(folder)} cannot be read: {error.strerror}") from None
    if not real.is_relative_to(bound):
        raise LinkcheckError(
            f"{show_name(folder)} leads out of it, to {show_name(real)}: not followed; name the "
            "environment it belongs to"
        )


def _absolute(base: Path, name: str) -> Path:
    # Not Path's expanduser(), which raises where there is no such home, nor its resolve(), which
    # follows symlinks.
    return Path(os.path.abspath(base / os.path.expanduser(name)))  # noqa: PTH100, PTH111


def _label(path: Path, root: Path) -> str:
    """Return what an environment is called in node ids: its path from the root folder, or whole."""
    name = path.relative_to(root) if path.is_relative_to(root) and path != root else path
    # "::" parts a node id, and a leading slash would make it an absolute path.
    return show_name(name.as_posix().lstrip("/")).replace("::", ":")
