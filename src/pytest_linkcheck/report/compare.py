"""`pytest-linkcheck compare`: what changed from one report to another, and whether it is worse."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pytest_linkcheck.links.show import show_name, show_size

from .cells import Cells
from .markdown import escape
from .model import FAILED, HAZARD, KNOWN, PASSED, SKIPPED, Report, Result, Row

# How bad it is, of what ran; `known` is a failure that the configuration accepts.
_RANK = {PASSED: 0, HAZARD: 1, KNOWN: 2, FAILED: 3}
_ROW_RANK = {PASSED: 0, SKIPPED: 1, FAILED: 2}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changed: of a check in a cell, or of an audited distribution.

    `kind` is `broken` (worse), `fixed` (better), `gone` (no longer run), `new`, or `changed`.
    """

    kind: str
    worse: bool
    what: str
    where: str
    told: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed, and how much did not."""

    changes: tuple[Change, ...]
    same: int
    warnings: tuple[str, ...]

    @property
    def is_worse(self) -> bool:
        """Whether anything got worse."""
        return any(change.worse for change in self.changes)


def compare_reports(old: Report, new: Report) -> Comparison:
    """Return what changed from *old* to *new*.

    A version, a Python or a system is part of what is compared only where one of the reports has
    several: so reports of two releases of an installer are compared check by check.
    """
    changes, same = _compare(_checks(old, new), _checks(new, old), _judge_checks)
    rows, same_rows = _compare(_rows(old), _rows(new), _judge_rows)
    warnings = tuple(
        f"{which} has a run that was interrupted ({show_name(run.interrupted)}): what is not in it "
        "may just not have run"
        for which, report in (("OLD", old), ("NEW", new))
        for run in report.runs
        if not run.complete
    )
    return Comparison((*changes, *rows), same + same_rows, warnings)


Key = tuple[str, str]  # what, and where


def _compare(
    old: Mapping[Key, list[Result] | list[Row]],
    new: Mapping[Key, list[Result] | list[Row]],
    judge: Callable[..., tuple[str, bool, str] | None],
) -> tuple[list[Change], int]:
    changes, same = [], 0
    for key in sorted(old.keys() | new.keys()):
        judged = judge(old.get(key, []), new.get(key, []))
        if judged is None:
            same += 1
        else:
            kind, worse, told = judged
            changes.append(Change(kind, worse, *key, told))
    return changes, same


def _checks(report: Report, other: Report) -> dict[Key, list[Result]]:
    names = _Names(report, other)
    found: defaultdict[Key, list[Result]] = defaultdict(list)
    for one in report.checks:
        found[names.key(one)].append(one)
    return found


class _Names:
    """Names the checks of *report* so that those of *other* have the same names."""

    def __init__(self, report: Report, other: Report) -> None:
        self._told = Cells(report)
        self._several = _several_installers(report) | _several_installers(other)

    def key(self, one: Result) -> Key:
        name = one.installer.partition("=")[0]
        shown = self._told.installer(one) if name in self._several else name
        what = f"{one.check} ({one.case})" if one.case else one.check
        where = " ".join(filter(None, (shown, one.link_mode)))
        place = ", ".join(filter(None, (self._told.filesystem(one), self._told.variant(one))))
        return what, " on ".join(filter(None, (where, place)))


def _judge_checks(old: list[Result], new: list[Result]) -> tuple[str, bool, str] | None:
    before, after = _worst(old), _worst(new)
    told = f"{before} -> {after}"
    if before == after:
        return None
    if before not in _RANK:  # it did not run before
        return ("new", False, told) if after in _RANK else ("changed", False, told)
    if after not in _RANK:
        # What failed and is not run any more is not fixed, but nothing got worse.
        return ("gone", before in {PASSED, HAZARD}, told)
    worse = _RANK[after] > _RANK[before]
    return ("broken" if worse else "fixed", worse, _with_reason(told, new, after))


def _with_reason(told: str, results: list[Result], outcome: str) -> str:
    reason = next((one.reason for one in results if one.outcome == outcome and one.reason), "")
    return f"{told}: {reason}" if reason else told


def _worst(results: Iterable[Result]) -> str:
    """Return the worst outcome: of what ran; else `skipped`, or `not run`."""
    outcomes = {one.outcome for one in results}
    ran = outcomes & _RANK.keys()
    if ran:
        return max(ran, key=_RANK.__getitem__)
    return SKIPPED if outcomes else "not run"


def _rows(report: Report) -> dict[Key, list[Row]]:
    found: defaultdict[Key, list[Row]] = defaultdict(list)
    for row in report.audits:
        found[row.name or "the environment", row.environment].append(row)
    return found


def _judge_rows(old: list[Row], new: list[Row]) -> tuple[str, bool, str] | None:
    if not old or not new:
        (row,) = (old or new)[:1]
        told = f"{row.version or 'no version'}, {row.outcome}"
        return ("gone", False, told) if old else ("new", False, told)
    before, after = _worst_row(old), _worst_row(new)
    if before.outcome != after.outcome:
        worse = _ROW_RANK[after.outcome] > _ROW_RANK[before.outcome]
        told = f"{before.outcome} -> {after.outcome}"
        told += f": {after.message.partition(chr(10))[0]}" if after.message else ""
        return ("broken" if worse else "fixed", worse, told)
    apart = before.size - before.shared, after.size - after.shared
    if before.shared == after.shared and apart[0] == apart[1]:
        return None
    # A smaller release shares fewer bytes, and is no worse: then no more lie apart.
    worse = after.shared < before.shared and apart[1] > apart[0]
    better = apart[1] < apart[0] and after.shared >= before.shared
    told = f"{_tell_sizes(before)} -> {_tell_sizes(after)}"
    return ("broken" if worse else "fixed" if better else "changed", worse, told)


def _worst_row(rows: Sequence[Row]) -> Row:
    """Return the worst of what several runs say of one distribution, of equals the last."""
    return max(reversed(rows), key=lambda row: _ROW_RANK[row.outcome])


def _tell_sizes(row: Row) -> str:
    return f"{row.version} {show_size(row.shared)} of {show_size(row.size)} shared"


_TITLES = {
    "broken": "worse",
    "gone": "no longer run",
    "new": "new",
    "changed": "changed",
    "fixed": "better",
}


def comparison_lines(found: Comparison) -> Iterator[str]:
    """Yield *found* as text."""
    yield _headline(found)
    yield from (f"warning: {one}" for one in found.warnings)
    for title, changes in _groups(found):
        yield f"{title}:"
        for what, told, where in _folded(changes):
            yield f"  {show_name(what)}: {show_name(told)}"
            yield from (f"    {show_name(place)}" for place in where)


def comparison_markdown(found: Comparison) -> Iterator[str]:
    """Yield *found* as Markdown."""
    yield f"# linkcheck: {escape(_headline(found))}\n"
    yield from (f"**Warning:** {escape(one)}\n" for one in found.warnings)
    for title, changes in _groups(found):
        yield f"## {title.capitalize()}\n"
        for what, told, where in _folded(changes):
            yield f"- **{escape(what)}**: {escape(told)}"
            yield from (f"  - {escape(place)}" for place in where)
        yield ""


def _headline(found: Comparison) -> str:
    worse = sum(change.worse for change in found.changes)
    better = sum(change.kind == "fixed" for change in found.changes)
    other = len(found.changes) - worse - better
    counts = (worse, "worse"), (better, "better"), (other, "changed"), (found.same, "as before")
    return ", ".join(f"{count:,} {word}" for count, word in counts)


def _groups(found: Comparison) -> Iterator[tuple[str, list[Change]]]:
    for kind, title in _TITLES.items():
        changes = [change for change in found.changes if change.kind == kind]
        if changes:
            yield title, changes


def _folded(changes: Sequence[Change]) -> list[tuple[str, str, list[str]]]:
    """Return what happened to each thing, with all places where the same happened to it."""
    found: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for change in changes:
        found[change.what, change.told].append(change.where)
    return [(what, told, where) for (what, told), where in found.items()]


def _several_installers(report: Report) -> set[str]:
    """Return the names of installers of which *report* has several versions or programs."""
    told = Cells(report)
    found: defaultdict[str, set[str]] = defaultdict(set)
    for one in report.checks:
        found[one.installer.partition("=")[0]].add(told.installer(one))
    return {name for name, shown in found.items() if len(shown) > 1}
