"""Whether whole distributions are shared as they should be, file by file and role by role."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from packaging.utils import canonicalize_name

from .errors import LinkcheckError, hides_traceback
from .evidence import noted
from .installs import Distribution, InstalledFile, Role
from .links import Kind, Mount, Sharing, Verdict, compare, read_mounts
from .links.show import show_count, show_name

__tracebackhide__ = hides_traceback

_SHOWN = 10
# What an installer takes from its cache; the rest it writes for each environment.
FROM_WHEEL = (Role.PAYLOAD, Role.METADATA, Role.DATA)


# What one installer may write and another not, or what is there only after an import.
_VARYING = {Role.GENERATED, Role.BYTECODE}


class Expected(Enum):
    """What a file's sharing may be expected to be."""

    HARDLINK = "hardlink"
    SYMLINK = "symlink"
    REFLINK = "reflink"
    COPY = "copy"
    LINKED = "linked"  # hard link, symlink or reflink
    OWN = "own"  # an inode of its own, whatever the bytes or blocks

    @classmethod
    def parse(cls, value: "str | Sharing | Expected") -> "Expected":
        """Return *value* as one of these; raises `LinkcheckError` for what nobody can expect."""
        text = value.value if isinstance(value, Enum) else value
        try:
            return cls(text)
        except ValueError:
            known = ", ".join(member.value for member in cls)
            raise LinkcheckError(
                f"no file can be expected to be {text!r}: say one of {known}"
            ) from None


class Outcome(Enum):
    """Whether a verdict meets an expectation."""

    MET = "met"
    BROKEN = "not met"
    UNDECIDED = "cannot be told"


_MEETS = {
    Expected.HARDLINK: {Sharing.HARDLINK},
    Expected.SYMLINK: {Sharing.SYMLINK},
    Expected.REFLINK: {Sharing.REFLINK},
    Expected.COPY: {Sharing.COPY},
    Expected.LINKED: {Sharing.HARDLINK, Sharing.SYMLINK, Sharing.REFLINK},
}
_LINKS = _MEETS.keys() - {Expected.COPY}


def judge(verdict: Verdict, expected: Expected) -> Outcome:
    """Return whether *verdict* is what was *expected*. What is unknown meets nothing."""
    if expected is Expected.OWN:
        return _judge_own(verdict)
    if verdict.sharing in _MEETS[expected]:
        return Outcome.MET
    if verdict.sharing is Sharing.UNKNOWN:
        # Two inodes are no hard link, whatever else cannot be told of them.
        decided = expected in {Expected.HARDLINK, Expected.SYMLINK} and _are_two_inodes(verdict)
        return Outcome.BROKEN if decided else Outcome.UNDECIDED
    return Outcome.BROKEN


def _judge_own(verdict: Verdict) -> Outcome:
    if verdict.sharing in {Sharing.HARDLINK, Sharing.SYMLINK}:
        return Outcome.BROKEN
    ends = (verdict.a.facts, verdict.b.facts)
    if not all(facts is not None and facts.kind is Kind.FILE for facts in ends):
        return Outcome.UNDECIDED  # RECORD may list a folder
    return Outcome.MET if _are_two_inodes(verdict) else Outcome.UNDECIDED


def _are_two_inodes(verdict: Verdict) -> bool:
    a, b = verdict.a.facts, verdict.b.facts
    return a is not None and b is not None and a.identity != b.identity


@dataclass(frozen=True, slots=True)
class Finding:
    """One file's outcome. `verdict` is `None` where only one of the two has the file."""

    file: InstalledFile
    outcome: Outcome
    expected: Expected
    verdict: Verdict | None
    note: str = ""

    def __str__(self) -> str:
        told = self.note or str(self.verdict)
        return f"{show_name(self.file.name)} ({self.file.role.value}): {told}"


@dataclass(frozen=True, slots=True)
class Tally:
    """How many files are as expected, and of how many it cannot be told, by reason."""

    met: int
    undecided: Counter[str]

    def __str__(self) -> str:
        told = f"{show_count(self.met, 'file')} as expected"
        open_ = (f"{count} cannot be told ({why})" for why, count in self.undecided.most_common())
        return ", ".join((told, *open_))


def _why_open(finding: Finding) -> str:
    return finding.verdict.reason if finding.verdict else finding.note


def compare_distributions(
    one: Distribution, two: Distribution, expected: Mapping[Role, Expected]
) -> list[Finding]:
    """Return a finding for each file of *one* and *two* whose role is among the *expected*.

    Raises `LinkcheckError` for two that cannot be compared: one environment, two packages.
    """
    if _is_one_folder(one, two):
        raise LinkcheckError(f"{one} is given twice: it says nothing of links")
    if canonicalize_name(one.name) != canonicalize_name(two.name):
        raise LinkcheckError(f"{one} and {two} are two packages: give two installs of one")
    for dist in (one, two):
        if dist.problems:
            where = show_name(dist.layout.prefix)
            raise AssertionError(f"{dist} in {where}: {dist.problems[0]}")
    mounts = read_mounts()  # once, not for each of a thousand files
    others = {file.name: file for file in two.files}
    findings: list[Finding] = []
    for file in one.files:
        other = others.pop(file.name, None)
        if _is_judged(file, expected):
            findings.append(_find(file, other, expected[file.role], two, mounts))
    findings += [
        _find(file, None, expected[file.role], one, mounts)
        for file in others.values()
        if _is_judged(file, expected)
    ]
    return findings


def _is_judged(file: InstalledFile, expected: Mapping[Role, Expected]) -> bool:
    """Whether anything is expected of *file*: some installers link a packed RECORD, some do not."""
    wanted = expected.get(file.role)
    return wanted is not None and not (wanted in _LINKS and file.is_packed_record)


def _is_one_folder(one: Distribution, two: Distribution) -> bool:
    """Whether both lie in one site-packages, however its path is spelled."""
    try:
        return one.layout.site_packages.samefile(two.layout.site_packages)
    except OSError:
        return False


def _find(
    file: InstalledFile,
    other: InstalledFile | None,
    expected: Expected,
    absent_from: Distribution,
    mounts: Sequence[Mount],
) -> Finding:
    if other is not None:
        verdict = noted(compare(file.path, other.path, mounts=mounts))
        return Finding(file, judge(verdict, expected), expected, verdict)
    if expected is Expected.OWN and file.role in _VARYING:
        return Finding(file, Outcome.MET, expected, None)
    note = f"missing in {show_name(absent_from.layout.prefix)}"
    return Finding(file, Outcome.BROKEN, expected, None, note)


def assert_linked(
    one: Distribution,
    two: Distribution,
    expected: "str | Sharing | Expected | Mapping[Role | str, str | Sharing | Expected]",
    *,
    undecided: str = "report",
) -> "Tally":
    """Assert that the files of *one* and *two*, two installs of a package, are shared as expected.

    Args:
        one: a distribution, as `environment["numpy"]` gives it.
        two: the same in another environment.
        expected: `hardlink`, `symlink`, `reflink`, `copy` or `linked` (any of the first three) for
            all that came out of the wheel into site-packages, or as data; then files that
            installers write anew and bytecode are expected to be inodes of their own; scripts are
            not judged, nor is the RECORD of what is packed within. Or the same by role, for the
            roles to judge.
        undecided: files of which it cannot be told are counted, and let the rest decide, unless
            this is `fail`.

    Passes only if nothing contradicts, and at least one file proves it; the `Tally` that it
    returns says how many did, and of how many it could not be told. Raises `LinkcheckError` for
    what cannot be compared.
    """
    if undecided not in {"report", "fail"}:
        raise LinkcheckError(f"undecided={undecided!r} is neither 'report' nor 'fail'")
    by_role = _by_role(expected)
    findings = compare_distributions(one, two, by_role)
    judged = [finding for finding in findings if finding.expected is not Expected.OWN]
    broken = [finding for finding in findings if finding.outcome is Outcome.BROKEN]
    open_ = [finding for finding in findings if finding.outcome is Outcome.UNDECIDED]
    proved = any(
        finding.outcome is Outcome.MET and finding.verdict for finding in judged or findings
    )
    if broken:
        headline = f"{show_count(len(broken), 'file')} of {len(findings)} not shared as expected"
    elif open_ and undecided == "fail":
        headline = f"{show_count(len(open_), 'file')} of {len(findings)} cannot be told"
    elif not proved:
        headline = f"nothing proves it: none of {show_count(len(findings), 'file')} can be told"
    else:
        return Tally(len(findings) - len(open_), Counter(_why_open(one) for one in open_))
    evidence = _tell(one, two, by_role, findings, broken or open_)
    raise AssertionError(f"{one}: {headline}\n{evidence}")


def _tell(
    one: Distribution,
    two: Distribution,
    expected: Mapping[Role, Expected],
    findings: list[Finding],
    offenders: list[Finding],
) -> str:
    lines = [f"  {dist} in {show_name(dist.layout.prefix)}" for dist in (one, two)]
    for role, wanted in expected.items():
        counts = Counter(finding.outcome for finding in findings if finding.file.role is role)
        told = ", ".join(f"{count} {outcome.value}" for outcome, count in counts.items())
        if told:
            lines.append(f"  {role.value}, expected {wanted.value}: {told}")
    if offenders:
        lines.append("offenders:")
    lines += [f"  {finding}" for finding in offenders[:_SHOWN]]
    if len(offenders) > _SHOWN:
        lines.append(f"  and {len(offenders) - _SHOWN} more")
    verdict = next((finding.verdict for finding in offenders if finding.verdict), None)
    if verdict is not None:
        lines += ["the first of them:", *(f"  {line}" for line in verdict.explain().split("\n"))]
    return "\n".join(lines)


def _by_role(
    expected: "str | Sharing | Expected | Mapping[Role | str, str | Sharing | Expected]",
) -> dict[Role, Expected]:
    if isinstance(expected, Mapping):
        return {parse_role(role): Expected.parse(value) for role, value in expected.items()}
    wanted = Expected.parse(expected)
    by_role = dict.fromkeys(FROM_WHEEL, wanted)
    return by_role | {Role.GENERATED: Expected.OWN, Role.BYTECODE: Expected.OWN}


def parse_role(role: Role | str) -> Role:
    """Return the role that *role* names; raises `LinkcheckError` for none."""
    try:
        return Role(role)
    except ValueError:
        known = ", ".join(member.value for member in Role)
        raise LinkcheckError(f"{role!r} is no role: say one of {known}") from None
