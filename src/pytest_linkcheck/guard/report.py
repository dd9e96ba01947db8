"""The section at the end of a guarded run."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from shlex import quote

from pytest_linkcheck.links.show import show_count, show_home, show_name

from .judge import Finding, Way

_SHOWN = 10
_TESTS_SHOWN = 5
_MEANING = {
    Way.THROUGH: "whatever shares the file has the change too",
    Way.ALONE: "the file has no other name",
    Way.REPLACED: "what shared the old file still has that",
    Way.REMOVED: "",
    Way.UNKNOWN: "no pass either",
}
_WRITES = {Way.THROUGH, Way.ALONE, Way.UNKNOWN}


def guard_lines(
    findings: Sequence[Finding],
    tests: Mapping[str, Sequence[str]] | None,
    unended: Sequence[str] = (),
) -> Iterator[str]:
    """Yield what is written of *findings*.

    *tests* are those that ran while a path, as `show_name` has it, was changed; `None` if that was
    not asked for. *unended* began and told nothing: their process died, or the run was ended.
    """
    counts = Counter(finding.way for finding in findings)
    told = ", ".join(f"{counts[way]:,} {way.value}" for way in Way if counts[way])
    verb = "was" if len(findings) == 1 else "were"
    yield f"{show_count(len(findings), 'installed file')} {verb} changed by this run: {told}"
    for way in Way:
        some = [finding for finding in findings if finding.way is way]
        if some:
            meaning = f" ({_MEANING[way]})" if _MEANING[way] else ""
            yield f"{way.value}{meaning}:"
        for finding in some[:_SHOWN]:
            yield from _tell(finding, tests)
            if tests is not None and unended:
                yield f"    or while this ran, which did not end: {_list(unended)}"
        if len(some) > _SHOWN:
            yield f"  ... and {len(some) - _SHOWN:,} more"
    if tests is None:
        yield "which test: run again with -v"
    yield from _remedies(findings)


def _tell(finding: Finding, tests: Mapping[str, Sequence[str]] | None) -> Iterator[str]:
    yield f"  {show_home(finding.paths[0])}: {', '.join(finding.what)}"
    others = [show_home(path) for path in finding.paths[1:]]
    if finding.link:
        others.append(f"symlink {show_home(finding.link)}")
    if finding.elsewhere and finding.way in _WRITES:
        others.append(f"{finding.elsewhere:,} elsewhere")
    if others:
        yield f"    other names: {', '.join(others)}"
    yield f"    before: {finding.before}"
    if finding.after is not None:
        yield f"    after:  {finding.after}"
    if tests is not None:
        shown = [show_name(path) for path in finding.paths]
        ran = list(dict.fromkeys(test for path in shown for test in tests.get(path, ())))
        yield f"    {_tell_tests(ran)}"


def _tell_tests(ran: Sequence[str]) -> str:
    if not ran:
        return (
            "which test cannot be told: outside of any, by a name that is not watched, or by "
            "another process"
        )
    return f"{'while this ran' if len(ran) == 1 else 'while these ran'}: {_list(ran)}"


def _list(tests: Sequence[str]) -> str:
    told = ", ".join(show_name(test) for test in tests[:_TESTS_SHOWN])
    more = f" and {len(tests) - _TESTS_SHOWN:,} more" if len(tests) > _TESTS_SHOWN else ""
    return f"{told}{more}"


def _remedies(findings: Sequence[Finding]) -> Iterator[str]:
    if any(finding.way in _WRITES for finding in findings):
        yield (
            "remedy: let tests write to a copy: to a temporary file that is renamed over the "
            "first, or in an environment of their own, installed with --link-mode=copy"
        )
    owners = sorted({finding.owner for finding in findings if finding.owner})
    if owners:
        names = " ".join(quote(show_name(owner)) for owner in owners[:_SHOWN])
        yield f"to mend: uv cache clean {names}; uv pip install --reinstall {names}"
