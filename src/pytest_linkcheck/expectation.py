"""The marker `linkcheck_expect`: what every environment of a test should look like afterwards."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from .errors import hides_traceback
from .fixtures import MADE
from .installs import Distribution, Environment, InstalledFile
from .linked import FROM_WHEEL, Expected, Outcome, compare_distributions, judge
from .links import Kind, Sharing, Verdict, compare, read_facts, read_mounts
from .links.show import show_count, show_device, show_name

__tracebackhide__ = hides_traceback

_SHOWN = 10


def check_expectation(marker: pytest.Mark, item: pytest.Item) -> str:
    """Return what is not as *marker* says in the environments of *item*; empty if all is."""
    environments = item.stash.get(MADE, [])
    told = list(_offences(marker, environments)) if environments else ["it made no environment"]
    if not told:
        return ""
    lines = [f"  {line}" for line in told[:_SHOWN]]
    if len(told) > _SHOWN:
        lines.append(f"  and {len(told) - _SHOWN} more")
    headline = f"linkcheck_expect is not met: {show_count(len(told), 'offence')}"
    return "\n".join([headline, *lines])


def _offences(marker: pytest.Mark, environments: list[Environment]) -> Iterator[str]:
    sharing = marker.args[0] if marker.args else marker.kwargs.get("sharing")
    installed = [environment.distributions() for environment in environments]
    for environment, dists in zip(environments, installed, strict=True):
        name = show_name(environment.prefix.name)
        if device := marker.kwargs.get("device"):
            yield from _wrong_device(environment, device)
        if sharing is not None:
            expected = Expected.parse(sharing)
            others = [dist for other in installed if other is not dists for dist in other]
            for dist in dists:
                told = list(_wrong_sharing(dist, environment.cache, others, expected))
                yield from (f"{name}: {line}" for line in told)
        if count := marker.kwargs.get("link_count"):
            for dist in dists:
                told = list(_wrong_counts(dist, count))
                yield from (f"{name}: {line}" for line in told)
        if not dists:
            yield f"{name}: nothing is installed in it"


def _wrong_device(environment: Environment, device: str) -> Iterator[str]:
    if not environment.cache.exists():
        yield f"{environment!r} has no cache, so there is no device to compare"
        return
    here = read_facts(environment.prefix).identity.device
    cache = read_facts(environment.cache).identity.device
    if (here == cache) is not (device == "same"):
        told = f"{show_device(here)}, its cache on {show_device(cache)}"
        yield f"{show_name(environment.prefix)} is on device {told}: expected {device}"


def _wrong_counts(dist: Distribution, count: int) -> Iterator[str]:
    files = _from_wheel(dist)
    for file in files:
        try:
            facts = read_facts(file.path)
        except OSError as error:
            yield f"{show_name(file.name)} cannot be looked at: {error.strerror}"
            continue
        if facts.kind is Kind.SYMLINK:
            told = "is a symlink: the links are those of its target"
            yield f"{show_name(file.name)} {told}, expected {count}"
        elif facts.links != count:
            told = show_count(facts.links, "link")
            yield f"{show_name(file.name)} has {told}, expected {count}"
    if not files:
        yield f"nothing proves link counts of {count}: {_no_files(dist)}"


def _from_wheel(dist: Distribution) -> list[InstalledFile]:
    return [file for file in dist.files if file.role in FROM_WHEEL]


def _no_files(dist: Distribution) -> str:
    reason = dist.problems[0] if dist.problems else "RECORD lists no file that came out of a wheel"
    return f"{show_name(str(dist))}: {reason}"


def _wrong_sharing(
    dist: Distribution, cache: Path, others: list[Distribution], expected: Expected
) -> Iterator[str]:
    """Compare with the same in every other environment, or else with the cache."""
    peers = [one for one in others if (one.name, one.version) == (dist.name, dist.version)]
    by_role = dict.fromkeys(FROM_WHEEL, expected)
    for peer in peers:
        findings = compare_distributions(dist, peer, by_role)
        yield from (str(found) for found in findings if found.outcome is Outcome.BROKEN)
        if not any(found.outcome is Outcome.MET for found in findings):
            told = findings[0] if findings else "no file of it came out of a wheel"
            yield f"nothing proves that {dist} is {expected.value}: {told}"
    if not peers:
        yield from _wrong_against_cache(dist, cache, expected)


def _wrong_against_cache(dist: Distribution, cache: Path, expected: Expected) -> Iterator[str]:
    """Compare each file with the files of its name in the cache."""
    mounts = read_mounts()  # once, not for each of a thousand files
    candidates: dict[str, list[Path]] = {}
    for folder, _, names in os.walk(cache):
        for name in names:
            candidates.setdefault(name, []).append(Path(folder, name))
    files = _from_wheel(dist)
    for file in files:
        try:
            facts = read_facts(file.path)
        except OSError as error:
            yield f"{show_name(file.name)} cannot be looked at: {error.strerror}"
            continue
        found = candidates.get(file.path.name, ())
        verdicts = [compare(file.path, path, mounts=mounts) for path in found]
        # The file is as much shared as with the one it shares most with; the others are files
        # of other packages that happen to have its name and bytes.
        closest = min(verdicts, key=_distance, default=None)
        if closest is None or closest.sharing is Sharing.DIFFERENT:
            alone = facts.kind is Kind.FILE and facts.links == 1
            if expected is not Expected.OWN or not alone:
                told = "no such file in the cache"
                yield f"{show_name(file.name)}: {told}, expected {expected.value}"
        elif judge(closest, expected) is not Outcome.MET:
            yield f"{show_name(file.name)}: {closest}, expected {expected.value}"
    if not files:
        yield f"nothing proves that it is {expected.value}: {_no_files(dist)}"


_CLOSEST_FIRST = (
    Sharing.HARDLINK,
    Sharing.SYMLINK,
    Sharing.REFLINK,
    Sharing.PARTIAL,
    Sharing.UNKNOWN,
    Sharing.COPY,
    Sharing.DIFFERENT,
)


def _distance(verdict: Verdict) -> int:
    return _CLOSEST_FIRST.index(verdict.sharing)
