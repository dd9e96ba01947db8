"""Assertions on bytecode: whether an environment has any, has all, and whether it still holds."""

import os
import sysconfig
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from .errors import LinkcheckError, hides_traceback
from .installs import Environment, Role, find_layout, read_distributions
from .installs.bytecode import Pycs, State, expected_tag, find_bytecode
from .installs.files import read_regular
from .installs.layout import CONFIG
from .installs.record import parse_record
from .links.show import show_count, show_name, show_size

__tracebackhide__ = hides_traceback

Where = Environment | str | os.PathLike[str]
_SHOWN = 10
_MAX = 64 << 20


@dataclass(frozen=True, slots=True)
class _Place:
    """Where to look: an environment's modules, or all that lies in a folder."""

    name: Path
    folders: tuple[Path, ...]
    roots: tuple[Path, ...]
    prefix: Path | None
    site_packages: Path | None = None


def read_bytecode(where: Where, *, pycache_prefix: str | os.PathLike[str] | None = None) -> Pycs:
    """Return the bytecode of an environment, or of any folder, such as a cache.

    What came in a wheel is not counted. *pycache_prefix* is what PYTHONPYCACHEPREFIX was, for an
    environment that does not know it. Raises `LinkcheckError` if *where* cannot be read.
    """
    return _read(_place(where, pycache_prefix))


def assert_no_bytecode(
    where: Where, *, pycache_prefix: str | os.PathLike[str] | None = None
) -> None:
    """Assert that nobody compiled modules there: neither the installer nor an import.

    *where* is an environment or any folder, such as a cache; what came in a wheel does not
    count. Raises `LinkcheckError` if it cannot be read.
    """
    place = _place(where, pycache_prefix)
    found = _read(place)
    lines = [show_name(file.path) for file in found.files] + list(found.problems)
    if found.files:
        count = show_count(len(found.files), "file")
        headline = f"bytecode in {show_name(place.name)}: {count}, {show_size(found.size)}"
        _fail(headline, lines, "install without compiling, and run with PYTHONDONTWRITEBYTECODE=1")
    if found.problems:
        headline = f"nothing proves that {show_name(place.name)} has no bytecode"
        _fail(headline, lines, "")


def assert_bytecode(
    where: Where,
    *,
    complete: bool = False,
    pycache_prefix: str | os.PathLike[str] | None = None,
) -> None:
    """Assert that there is bytecode; with *complete* for each module that can be compiled.

    Whether it still holds is not asked: see `assert_bytecode_fresh`. Raises `LinkcheckError` if
    *where* cannot be read, or is no environment though *complete* is asked for.
    """
    place = _place(where, pycache_prefix)
    found = _read(place)
    name = show_name(place.name)
    # With a prefix Python looks at no other.
    used = [
        file
        for file in found.files
        if place.prefix is None or file.path.is_relative_to(place.prefix)
    ]
    if not used:
        remedy = 'compile: bytecode="compiled", or "on-import" and import something'
        _fail(f"no bytecode in {name}", found.problems, remedy)
    if not complete:
        return
    if place.site_packages is None:
        raise LinkcheckError(
            f"{name} is no environment: complete=True asks for the modules that are installed"
        )
    tag = expected_tag(place.site_packages)
    have = {file.source for file in used if tag in {None, file.tag} and not file.level}
    missing, problems, count = [], list(found.problems), 0
    for source in _sources(place, problems):
        count += 1
        if source not in have and (why := _why_missing(source, place.site_packages)) is not None:
            missing.append(f"{show_name(source)}{why}")
    if missing or problems or not count:
        of = f"{len(missing)} of {show_count(count, 'module')} without {tag or 'any'}"
        headline = f"bytecode of {name} is not complete: {of}"
        _fail(headline, [*missing, *problems] or ["nothing with modules is installed"], "")


def assert_bytecode_fresh(
    where: Where, *, pycache_prefix: str | os.PathLike[str] | None = None
) -> None:
    """Assert that there is bytecode, and that all of it is what its sources compile to now.

    Told by the headers (PEP 552): time and size, or the hash, checked by Python or not. What
    another Python compiled cannot be told, and fails. Raises `LinkcheckError` if *where* cannot
    be read.
    """
    place = _place(where, pycache_prefix)
    found = _read(place)
    name = show_name(place.name)
    if not found.files:
        _fail(f"nothing proves that bytecode of {name} is fresh: there is none", found.problems, "")
    wrong = [file for file in found.files if file.state is not State.FRESH]
    if wrong or found.problems:
        states = ", ".join(
            f"{count} {state.value}"
            for state in State
            if (count := sum(file.state is state for file in wrong))
        )
        headline = f"bytecode of {name} is not fresh: {states or 'not all could be looked at'}"
        lines = [*map(str, wrong), *found.problems]
        _fail(f"{headline} of {len(found.files)}", lines, "compile again, or remove it")


def _place(where: Where, pycache_prefix: str | os.PathLike[str] | None) -> _Place:
    prefix = Path(os.path.abspath(pycache_prefix)) if pycache_prefix else None  # noqa: PTH100
    if isinstance(where, Environment):
        site = where.site_packages
        return _Place(
            where.prefix, (site,), (where.prefix, where.cache), prefix or where.pycache_prefix, site
        )
    folder = Path(os.path.abspath(where))  # noqa: PTH100 - resolve() would follow symlinks
    if os.path.lexists(folder / CONFIG):
        site = find_layout(folder).site_packages
        return _Place(folder, (site,), (folder,), prefix, site)
    return _Place(folder, (folder,), (folder,), prefix)


def _read(place: _Place) -> Pycs:
    found = find_bytecode(
        place.folders, (*place.roots, *filter(None, [place.prefix])), place.prefix
    )
    if not found.files:
        return found
    shipped = {path for folder in place.folders for path in _shipped(folder, found)}
    files = tuple(file for file in found.files if file.path not in shipped)
    return Pycs(files, found.problems)


def _shipped(folder: Path, found: Pycs) -> Iterator[Path]:
    """Yield the bytecode that a RECORD lists with a hash: it came in a wheel."""
    above = {parent for file in found.files for parent in file.path.parents}
    for site in sorted(above):
        if not site.is_relative_to(folder):
            continue
        for info in sorted(site.glob("*.dist-info")):
            try:
                record = parse_record(read_regular(info / "RECORD", _MAX))
            except OSError:
                continue
            for row in record.rows:
                if row.path.endswith(".pyc") and row.digest is not None:
                    yield Path(os.path.normpath(site / row.path))


def _sources(place: _Place, problems: list[str]) -> Iterator[Path]:
    """Yield the modules that the installed distributions have, noting what cannot be told."""
    layout = find_layout(place.name)
    for dist in read_distributions(layout):
        problems += dist.problems
        for file in dist.files:
            inside = file.path.is_relative_to(layout.site_packages)
            if file.role is Role.PAYLOAD and file.path.suffix == ".py" and inside:
                yield file.path


def _why_missing(source: Path, site_packages: Path) -> str | None:
    """Return `None` if *source* cannot be compiled, else what is to be said of it."""
    try:
        # realpath: the file itself may be a symlink into the cache.
        text = read_regular(Path(os.path.realpath(source)), _MAX)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # It is not run. Not ast.parse: a `return` outside of a function passes that.
            compile(text, source, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        own = Path(sysconfig.get_path("purelib")).parent.name  # python3.11
        if site_packages.parent.name == own:
            return None
        return ": this Python cannot compile it, and whether that of the environment can is unknown"
    except OSError as error:
        return f": it cannot be read: {error.strerror}"
    return ""


def _fail(headline: str, lines: Iterable[str], remedy: str) -> NoReturn:
    told = list(lines)
    shown = [f"  {line}" for line in told[:_SHOWN]]
    if len(told) > _SHOWN:
        shown.append(f"  and {len(told) - _SHOWN} more")
    if remedy:
        shown.append(f"remedy: {remedy}")
    raise AssertionError("\n".join([headline, *shown]))
