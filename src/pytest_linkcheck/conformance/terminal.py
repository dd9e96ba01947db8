"""The block that each installer gets at the end of a run."""

import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from pytest_linkcheck.filesystems.expectations import assumed
from pytest_linkcheck.links.show import show_count, show_name
from pytest_linkcheck.report.columns import width_of

from .results import FAILED, HAZARD, KNOWN, PASSED, SKIPPED, Result


def conformance_lines(results: Sequence[Result], width: int = 0, verbosity: int = 0) -> list[str]:
    """Return what became of the checks as lines, a block for each installer.

    Lines are folded to *width* columns, 0 for any; addresses stay whole, to be clicked on. The
    verbosity is pytest's: below 0 each installer has one line.
    """
    lines: list[str] = []
    for installer in sorted({result.installer for result in results}):
        block = _block(installer, [one for one in results if one.installer == installer])
        lines += islice(block, 1) if verbosity < 0 else block
    return [part for line in lines for part in _fold(line, width if verbosity >= 0 else 0)]


def _fold(line: str, width: int) -> list[str]:
    if not width or width_of(line) <= width:
        return [line]
    indent = " " * (len(line) - len(line.lstrip()))
    return textwrap.wrap(
        line.strip(),
        width,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _block(installer: str, results: Sequence[Result]) -> Iterator[str]:
    counts = Counter(result.outcome for result in results)
    version = next((result.version for result in results if result.version), "")
    shown = installer if not version or version in installer else f"{installer} {version}"
    told = [f"{counts[PASSED]:,} passed", f"{counts[FAILED]:,} failed"]
    told += [show_count(counts[HAZARD], "hazard"), f"{counts[SKIPPED]:,} skipped"]
    told += [f"{counts[KNOWN]:,} known"] if counts[KNOWN] else []
    yield f"{show_name(shown)}: {show_count(len(results), 'check')}, {', '.join(told)}"
    if version and (caution := assumed(installer.partition("=")[0], version)):
        yield f"  {caution}"
    yield from _checks("failed", results, FAILED)
    yield from _checks("known deviations", results, KNOWN)
    yield from _checks("hazards", results, HAZARD)
    skipped = Counter(result.reason for result in results if result.outcome == SKIPPED)
    if skipped:
        yield "  skipped:"
    for reason, count in skipped.most_common():
        yield f"    {count:,} x {show_name(reason)}"


def _checks(title: str, results: Iterable[Result], outcome: str) -> Iterator[str]:
    """Tell each check once: where it came out so, its promise, what was seen, why it matters."""
    by_check: defaultdict[str, list[Result]] = defaultdict(list)
    for result in results:
        if result.outcome == outcome:
            by_check[result.check].append(result)
    if by_check:
        yield f"  {title}:"
    for name, found in sorted(by_check.items()):
        places = dict.fromkeys(one.where for one in found if one.where)
        yield f"    {name}{' (' if places else ''}{', '.join(places)}{')' if places else ''}"
        yield f"      {found[0].promise}"
        if found[0].reason:
            yield f"      seen: {show_name(found[0].reason)}"
        yield f"      why: {found[0].why}"
