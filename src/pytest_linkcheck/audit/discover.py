"""Which environments are audited, and what they are called."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.installs import Layout, find_layout, read_distributions
from pytest_linkcheck.installs.layout import running_layout
from pytest_linkcheck.links.show import show_name


@dataclass(frozen=True, slots=True)
class Audited:
    """An environment to audit: its label, and its layout or the `problem` that hides it."""

    label: str
    layout: Layout | None
    problem: str = ""

    def names(self) -> list[str]:
        """Return a name for each of its distributions; of two of one name both get the version."""
        if self.layout is None:
            return []
        dists = read_distributions(self.layout)
        names = [dist.name for dist in dists]
        return [str(dist) if names.count(dist.name) > 1 else dist.name for dist in dists]


def find_environments(config: pytest.Config) -> list[Audited]:
    """Return the environments to audit: `--linkcheck-env`, the ini key, `.venv`, the running one.

    Raises `pytest.UsageError` if one that was named does not exist.
    """
    here = config.invocation_params.dir
    base = config.inipath.parent if config.inipath else here
    named = [here / Path(name).expanduser() for name in config.option.linkcheck_env]
    named = named or [base / Path(name).expanduser() for name in config.getini("linkcheck_env")]
    if named:
        for path in named:
            if not path.is_dir():
                raise pytest.UsageError(f"no environment at {show_name(path)}: there is no folder")
        return [_open(path, config.rootpath) for path in dict.fromkeys(named)]
    for folder in dict.fromkeys((here, config.rootpath)):
        if (folder / ".venv").is_dir():
            return [_open(folder / ".venv", config.rootpath)]
    layout = running_layout()
    return [Audited(_label(layout.prefix, config.rootpath), layout)]


def _open(prefix: Path, root: Path) -> Audited:
    label = _label(prefix, root)
    try:
        return Audited(label, find_layout(prefix))
    except LinkcheckError as error:
        return Audited(label, None, str(error))


def _label(prefix: Path, root: Path) -> str:
    """Return what an environment is called in node ids: its path from the root folder, or whole."""
    path = Path(os.path.abspath(prefix))  # noqa: PTH100 - resolve() would follow symlinks
    name = path.relative_to(root) if path.is_relative_to(root) and path != root else path
    # "::" parts a node id, and a leading slash would make it an absolute path.
    return show_name(name.as_posix().lstrip("/")).replace("::", ":")
