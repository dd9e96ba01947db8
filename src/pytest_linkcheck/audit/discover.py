"""Which environments are audited, and what they are called."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.installs import Distribution, Layout, find_layout, read_distributions
from pytest_linkcheck.installs.layout import running_layout
from pytest_linkcheck.links.show import show_name

BROKEN = "environment"  # the one item of an environment that cannot be audited


@dataclass(frozen=True, slots=True)
class Audited:
    """An environment to audit: its label, and its layout or the `problem` that hides it."""

    label: str
    layout: Layout | None
    problem: str = ""

    def names(self) -> list[str]:
        """Return what the items of its distributions are called."""
        if self.layout is None:
            return [BROKEN]
        return list(name_apart(read_distributions(self.layout)))


def name_apart(dists: list[Distribution]) -> dict[str, Distribution]:
    """Return *dists* by printable names: of two of one name by versions too, or by folders."""
    named: dict[str, Distribution] = {}
    for tell in (lambda dist: dist.name, str, lambda dist: f"{dist} in {dist.dist_info.name}"):
        told = [show_name(tell(dist)) for dist in dists]
        named |= {
            name: dist for name, dist in zip(told, dists, strict=True) if told.count(name) == 1
        }
        dists = [dist for name, dist in zip(told, dists, strict=True) if told.count(name) > 1]
    return named


def find_environments(config: pytest.Config) -> list[Audited]:
    """Return the environments to audit: `--linkcheck-env`, the ini key, `.venv`, the running one.

    Raises `pytest.UsageError` if one that was named does not exist.
    """
    here = config.invocation_params.dir
    base = config.inipath.parent if config.inipath else here
    named = [_absolute(here, name) for name in config.option.linkcheck_env]
    named = named or [_absolute(base, name) for name in config.getini("linkcheck_env")]
    if named:
        for path in named:
            if not os.path.lexists(path):
                raise pytest.UsageError(f"no environment at {show_name(path)}: there is no folder")
        return [_open(path, config.rootpath) for path in dict.fromkeys(named)]
    for folder in dict.fromkeys((here, config.rootpath)):
        if os.path.isdir(folder / ".venv"):  # noqa: PTH112 - Path's raises where it may not look
            return [_open(folder / ".venv", config.rootpath)]
    layout = running_layout()
    return [Audited(_label(layout.prefix, config.rootpath), layout)]


def _open(prefix: Path, root: Path) -> Audited:
    label = _label(prefix, root)
    try:
        layout = find_layout(prefix)
        read_distributions(layout)
    except LinkcheckError as error:
        return Audited(label, None, str(error))
    real = Path(os.path.realpath(layout.site_packages))
    if not real.is_relative_to(os.path.realpath(prefix)):
        site = f"{show_name(layout.site_packages)} leads out of it, to {show_name(real)}"
        return Audited(label, None, f"{site}: not followed; name the environment it belongs to")
    return Audited(label, layout)


def _absolute(base: Path, name: str) -> Path:
    # Not Path's expanduser(), which raises where there is no such home, nor its resolve(), which
    # follows symlinks.
    return Path(os.path.abspath(base / os.path.expanduser(name)))  # noqa: PTH100, PTH111


def _label(path: Path, root: Path) -> str:
    """Return what an environment is called in node ids: its path from the root folder, or whole."""
    name = path.relative_to(root) if path.is_relative_to(root) and path != root else path
    # "::" parts a node id, and a leading slash would make it an absolute path.
    return show_name(name.as_posix().lstrip("/")).replace("::", ":")
