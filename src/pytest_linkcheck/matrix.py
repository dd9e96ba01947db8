"""The marker `linkcheck_matrix`: a test once for each installer, link mode and place."""

from collections.abc import Sequence

import pytest

from .errors import LinkcheckError
from .fixtures import all_finders, chosen_installers, expand_installers
from .installs.installers import Choice
from .where import chosen, parse_for

_ARGUMENTS = {
    "installers": "installer",
    "link_modes": "link_mode",
    "filesystems": "filesystem",
    "cache_filesystems": "cache_filesystem",
}
_KNOWN = ", ".join(f"{name}=" for name in _ARGUMENTS)

# The link mode that is none: the installer's own choice.
DEFAULT = "default"

Row = tuple[Choice, str | None, str | None, str | None]


def parametrize(metafunc: pytest.Metafunc) -> str:
    """Run a test once for each combination that its marker, or the options, name.

    Pairs of an installer and a mode it does not have are left out. Returns what is wrong, empty if
    nothing is.
    """
    marker = metafunc.definition.get_closest_marker("linkcheck_matrix")
    wanted = dict(marker.kwargs) if marker else {}
    places = [place.name for place in chosen(metafunc.config)]
    if places and "filesystem" in metafunc.fixturenames:
        wanted["filesystems"] = places
    installers = list(dict.fromkeys(one.name for one in chosen_installers(metafunc.config)))
    if installers and "installer" in metafunc.fixturenames:
        wanted.setdefault("installers", installers)
    if not wanted:
        return ""
    if "link_modes" in wanted:
        wanted.setdefault("installers", ["uv"])
    names = [fixture for argument, fixture in _ARGUMENTS.items() if argument in wanted]
    if absent := [name for name in names if name not in metafunc.fixturenames]:
        return f"needs its fixtures: {', '.join(absent)}"
    rows = _rows(wanted, metafunc.config)
    metafunc.parametrize(
        names,
        [[value for value, name in zip(row, _ARGUMENTS.values(), strict=True) if name in names]
         for row in rows],
        indirect=True,
        ids=[_identify(row, names, rows) for row in rows],
    )  # fmt: skip
    return ""


def _rows(wanted: dict[str, Sequence[str]], config: pytest.Config) -> list[Row]:
    finders = all_finders(config)
    return [
        (installer, mode, place, cache)
        for installer in expand_installers(wanted.get("installers", ["uv"]), config)
        for mode in wanted.get("link_modes", [None])
        if mode in {None, DEFAULT} or mode in finders[installer.name].link_modes
        for place in wanted.get("filesystems", [None])
        for cache in wanted.get("cache_filesystems", [None])
    ]


def _identify(row: Row, names: Sequence[str], rows: Sequence[Row]) -> str:
    installer, mode, place, cache = row
    # A path is told only where it tells installers of one name apart.
    alone = len({other[0] for other in rows if other[0].name == installer.name}) == 1
    told = installer.name if installer.path and alone else str(installer)
    parts = [told if "installer" in names else None, mode, place]
    return "-".join([*filter(None, parts), *([f"cache-{cache}"] if cache else [])])


def check_matrix(marker: pytest.Mark, config: pytest.Config) -> str:
    """Return what is wrong with the arguments of a `linkcheck_matrix`, empty if nothing is."""
    if marker.args or not marker.kwargs:
        return f"takes keyword arguments: {_KNOWN}"
    for name, values in marker.kwargs.items():
        if name not in _ARGUMENTS:
            return f"has no argument {name}=: give {_KNOWN}"
        if not isinstance(values, (list, tuple)) or not values:
            return f"takes a list for {name}=, not {values!r}"
    return _check_installers(marker, config) or _check_places(marker, config)


def _check_installers(marker: pytest.Mark, config: pytest.Config) -> str:
    finders = all_finders(config)
    names = marker.kwargs.get("installers", ["uv"])
    if odd := [name for name in names if not isinstance(name, str)]:
        return f"takes names for installers=, not {odd[0]!r}"
    try:
        installers = expand_installers(names, config)
    except LinkcheckError as error:
        return str(error)
    modes = marker.kwargs.get("link_modes")
    all_modes = [DEFAULT, *sorted({mode for one in finders.values() for mode in one.link_modes})]
    if unknown := [mode for mode in modes or () if mode not in all_modes]:
        return f"knows no link mode {unknown[0]!r}: give {', '.join(all_modes)}"
    for choice in installers:
        has = finders[choice.name].link_modes
        if modes and not set(modes) & {DEFAULT, *has}:
            return f"leaves nothing for {choice.name}, whose link modes are {', '.join(has)}"
    return ""


def _check_places(marker: pytest.Mark, config: pytest.Config) -> str:
    for argument in ("filesystems", "cache_filesystems"):
        for name in marker.kwargs.get(argument, ()):
            if not isinstance(name, str):
                return f"takes names for {argument}=, not {name!r}"
            try:
                parse_for(config, name)
            except LinkcheckError as error:
                return f"is wrong: {error}"
    return ""
