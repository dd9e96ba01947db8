"""The arguments of our markers: checked at collection, and what they ask for."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest
from packaging.requirements import InvalidRequirement, Requirement

from . import matrix, where
from .errors import LinkcheckError
from .fixtures import all_finders, find_for, other_devices
from .installs.installers import Choice
from .linked import Expected
from .where import ABILITIES, get_filesystems, parse_for

_NO_ARGUMENTS = "takes no arguments"


def parametrize(metafunc: pytest.Metafunc) -> None:
    """Run a test once for each installer, link mode and place that marker and options name."""
    problem = matrix.parametrize(metafunc)
    marker = metafunc.definition.get_closest_marker("linkcheck_matrix")
    if problem and marker:
        _refuse(metafunc.definition, marker, problem)


def check_markers(item: pytest.Item) -> None:
    """Fail the collection of *item* if the arguments of one of our markers are wrong.

    A failure and no `pytest.UsageError`: raised in a worker of xdist, that ends in an internal
    error there.
    """
    for marker in item.iter_markers():
        check = _CHECKS.get(marker.name)
        if check and (problem := check(marker, item.config)):
            _refuse(item, marker, problem)


def _refuse(item: pytest.Item, marker: pytest.Mark, problem: str) -> NoReturn:
    pytest.fail(f"{item.nodeid}: {marker.name} {problem}", pytrace=False)


def _check_linkcheck(marker: pytest.Mark, _config: pytest.Config) -> str:
    return _NO_ARGUMENTS if marker.args or marker.kwargs else ""


def _check_expect(marker: pytest.Mark, _config: pytest.Config) -> str:
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


def _check_requires(marker: pytest.Mark, config: pytest.Config) -> str:
    if marker.kwargs or not marker.args:
        return f"takes names: {', '.join(_KNOWN)}, or an installer such as 'uv>=0.10.5'"
    for need in marker.args:
        if need not in _KNOWN and _installer_need(need, config) is None:
            known = ", ".join(_KNOWN)
            return f"knows no {need!r}: give {known}, or an installer such as 'uv>=0.10.5'"
    return ""


def _installer_need(need: object, config: pytest.Config) -> Requirement | None:
    try:
        requirement = Requirement(str(need))
    except InvalidRequirement:
        return None
    plain = not (requirement.url or requirement.extras or requirement.marker)
    return requirement if plain and requirement.name in all_finders(config) else None


def first_unmet(item: pytest.Item) -> str:
    """Return why the place *item* runs at, or this machine, cannot run it; empty if they can."""
    for marker in item.iter_markers("linkcheck_requires"):
        for need in marker.args:
            if reason := _lacks(need, item):
                return f"requires {need}: {reason}"
    return ""


def _lacks(need: str, item: pytest.Item) -> str:
    if need in ABILITIES:
        return _lacks_ability(need, item)
    if check := MACHINE_NEEDS.get(need):
        return check(_temporary_folder(item.config))
    return _lacks_installer(need, item)


def _lacks_ability(need: str, item: pytest.Item) -> str:
    """Ask the place that the test runs at; raises `UnavailableError` if it is not to be had."""
    params = getattr(getattr(item, "callspec", None), "params", {})
    here, cache = (
        get_filesystems(item.config).get(parse_for(item.config, params[name])).path
        if name in params
        else None
        for name in ("filesystem", "cache_filesystem")
    )
    return where.lacks(need, here or _temporary_folder(item.config), cache)


def _temporary_folder(config: pytest.Config) -> Path:
    """Return where the run's temporary folders lie."""
    factory = getattr(config, "_tmp_path_factory", None)
    if isinstance(factory, pytest.TempPathFactory):
        return factory.getbasetemp()
    return Path(tempfile.gettempdir())


def _lacks_second_device(folder: Path) -> str:
    if other_devices(folder):
        return ""
    return f"nothing writable lies on another device than {folder}: mount a tmpfs on /dev/shm"


def _lacks_root(_folder: Path) -> str:
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return ""
    return "run pytest as root"


MACHINE_NEEDS: dict[str, Callable[[Path], str]] = {
    "second-device": _lacks_second_device,
    "root": _lacks_root,
}


_KNOWN = [*ABILITIES, *MACHINE_NEEDS]


def _lacks_installer(need: str, item: pytest.Item) -> str:
    """Ask the installer that the test runs with, if it is one of that name."""
    requirement = Requirement(need)
    params = getattr(getattr(item, "callspec", None), "params", {})
    choice = params.get("installer")
    if not isinstance(choice, Choice) or choice.name != requirement.name:
        choice = Choice(requirement.name)
    try:
        found = find_for(item, choice)
    except LinkcheckError as error:
        return str(error)
    if requirement.specifier.contains(found.version, prereleases=True):
        return ""
    return (
        f"{found.name} {found.version} is here: install another, or name one with "
        f"--linkcheck-installer {found.name}=PATH or {found.name}==VERSION"
    )


_CHECKS: dict[str, Callable[[pytest.Mark, pytest.Config], str]] = {
    "linkcheck": _check_linkcheck,
    "linkcheck_expect": _check_expect,
    "linkcheck_matrix": matrix.check_matrix,
    "linkcheck_requires": _check_requires,
}
