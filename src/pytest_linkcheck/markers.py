"""The arguments of our markers: checked at collection, and what they ask for."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest
from packaging.requirements import InvalidRequirement, Requirement

from .errors import LinkcheckError
from .fixtures import installer_paths, other_devices
from .installs.installers import INSTALLERS, LINK_MODES, find_installer
from .linked import Expected
from .links import Linkable, probe_boundary
from .links.show import show_name

_NO_ARGUMENTS = "takes no arguments"


def parametrize(metafunc: pytest.Metafunc) -> None:
    """Run a test once for each installer and link mode that its `linkcheck_matrix` names.

    Pairs of an installer and a mode it does not have are left out.
    """
    marker = metafunc.definition.get_closest_marker("linkcheck_matrix")
    if marker is None:
        return
    modes = marker.kwargs.get("link_modes")
    names = ["installer"] if modes is None else ["installer", "link_mode"]
    absent = [name for name in names if name not in metafunc.fixturenames]
    if absent:
        _refuse(metafunc.definition, marker, f"needs its fixtures: {', '.join(absent)}")
    rows = [
        (installer, mode)
        for installer in marker.kwargs.get("installers", ["uv"])
        for mode in (modes or [None])
        if mode is None or mode in LINK_MODES[installer]
    ]
    values = [row[: len(names)] for row in rows]
    metafunc.parametrize(
        names, values, indirect=True, ids=["-".join(filter(None, row)) for row in rows]
    )


def _check_matrix(marker: pytest.Mark) -> str:
    """Return what is wrong with the arguments of a `linkcheck_matrix`, empty if nothing is."""
    if marker.args or not marker.kwargs:
        return "takes keyword arguments: installers=, link_modes="
    for name, values in marker.kwargs.items():
        if name not in {"installers", "link_modes"}:
            return f"has no argument {name}=: give installers=, link_modes="
        if not isinstance(values, (list, tuple)) or not values:
            return f"takes a list for {name}=, not {values!r}"
    installers = marker.kwargs.get("installers", ["uv"])
    if unknown := [name for name in installers if name not in list(INSTALLERS)]:
        return f"knows no installer {unknown[0]!r}: give {', '.join(INSTALLERS)}"
    modes = marker.kwargs.get("link_modes")
    all_modes = sorted({mode for known in LINK_MODES.values() for mode in known})
    if unknown := [mode for mode in modes or () if mode not in all_modes]:
        return f"knows no link mode {unknown[0]!r}: give {', '.join(all_modes)}"
    for name in installers:
        if modes and not set(modes) & set(LINK_MODES[name]):
            has = ", ".join(LINK_MODES[name])
            return f"leaves nothing for {name}, whose link modes are {has}"
    return ""


def check_markers(item: pytest.Item) -> None:
    """Fail the collection of *item* if the arguments of one of our markers are wrong.

    A failure and no `pytest.UsageError`: raised in a worker of xdist, that ends in an internal
    error there.
    """
    for marker in item.iter_markers():
        check = _CHECKS.get(marker.name)
        if check and (problem := check(marker)):
            _refuse(item, marker, problem)


def _refuse(item: pytest.Item, marker: pytest.Mark, problem: str) -> NoReturn:
    pytest.fail(f"{item.nodeid}: {marker.name} {problem}", pytrace=False)


def _check_linkcheck(marker: pytest.Mark) -> str:
    return _NO_ARGUMENTS if marker.args or marker.kwargs else ""


def _check_expect(marker: pytest.Mark) -> str:
    for name in marker.kwargs:
        if name not in {"sharing", "link_count", "device"}:
            return f"has no argument {name}=: give sharing, link_count=, device="
    if len(marker.args) > 1 or (marker.args and "sharing" in marker.kwargs):
        return "takes one sharing"
    if not marker.args and not marker.kwargs:
        return "expects nothing: give sharing, link_count=, device="
    try:
        for value in (*marker.args, marker.kwargs.get("sharing", Expected.LINKED)):
            Expected.parse(value)
    except LinkcheckError as error:
        return f"is wrong: {error}"
    count = marker.kwargs.get("link_count", 1)
    if type(count) is not int or count < 1:
        return f"takes a link_count= of 1 or more, not {count!r}"
    if marker.kwargs.get("device", "same") not in ["same", "different"]:
        return f"takes device='same' or 'different', not {marker.kwargs['device']!r}"
    return ""


def _check_requires(marker: pytest.Mark) -> str:
    if marker.kwargs or not marker.args:
        return f"takes names: {', '.join(_NEEDS)}, or an installer such as 'uv>=0.10.5'"
    for need in marker.args:
        if need not in list(_NEEDS) and _installer_need(need) is None:
            known = ", ".join(_NEEDS)
            return f"knows no {need!r}: give {known}, or an installer such as 'uv>=0.10.5'"
    return ""


def _installer_need(need: object) -> Requirement | None:
    try:
        requirement = Requirement(str(need))
    except InvalidRequirement:
        return None
    plain = not (requirement.url or requirement.extras or requirement.marker)
    return requirement if plain and requirement.name in INSTALLERS else None


def first_unmet(item: pytest.Item) -> str:
    """Return why this machine cannot run *item*, with the remedy; empty if it can."""
    folder = _temporary_folder(item.config)
    for marker in item.iter_markers("linkcheck_requires"):
        for need in marker.args:
            check = _NEEDS.get(need)
            reason = check(folder) if check else _lacks_installer(need, item.config)
            if reason:
                return f"requires {need}: {reason}"
    return ""


def _temporary_folder(config: pytest.Config) -> Path:
    """Return where the run's temporary folders lie."""
    factory = getattr(config, "_tmp_path_factory", None)
    if isinstance(factory, pytest.TempPathFactory):
        return factory.getbasetemp()
    return Path(tempfile.gettempdir())


def _lacks_hardlink(folder: Path) -> str:
    boundary = probe_boundary(folder, folder)
    if boundary.linkable is Linkable.YES:
        return ""
    return f"{boundary.reason}; choose another --basetemp"


def _lacks_symlink(folder: Path) -> str:
    try:
        with tempfile.TemporaryDirectory(prefix="linkcheck-", dir=folder) as scratch:
            (Path(scratch) / "link").symlink_to("target")
    except OSError as error:
        where = show_name(folder)
        return f"no symlink can be made in {where}: {error.strerror}; choose another --basetemp"
    return ""


def _lacks_second_device(folder: Path) -> str:
    if other_devices(folder):
        return ""
    return f"nothing writable lies on another device than {folder}: mount a tmpfs on /dev/shm"


def _lacks_root(_folder: Path) -> str:
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return ""
    return "run pytest as root"


_NEEDS: dict[str, Callable[[Path], str]] = {
    "hardlink": _lacks_hardlink,
    "symlink": _lacks_symlink,
    "second-device": _lacks_second_device,
    "root": _lacks_root,
}


def _lacks_installer(need: str, config: pytest.Config) -> str:
    requirement = Requirement(need)
    try:
        found = find_installer(requirement.name, installer_paths(config))
    except LinkcheckError as error:
        return str(error)
    if requirement.specifier.contains(found.version, prereleases=True):
        return ""
    return (
        f"{found.name} {found.version} is here: install another, or name one with "
        f"--linkcheck-installer {found.name}=PATH"
    )


_CHECKS: dict[str, Callable[[pytest.Mark], str]] = {
    "linkcheck": _check_linkcheck,
    "linkcheck_expect": _check_expect,
    "linkcheck_matrix": _check_matrix,
    "linkcheck_requires": _check_requires,
}
