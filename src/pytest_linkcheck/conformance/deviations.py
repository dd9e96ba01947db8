"""Known deviations: what a project's configuration accepts of an installer, and why.

Each line of the ini key is `CHECK INSTALLER [LINK_MODE [FILESYSTEM]]: REASON`; the words before the
colon may be patterns, as `uv==0.10.*`, and those left out stand for all.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from pytest_linkcheck.errors import LinkcheckError
from pytest_linkcheck.links.show import show_name

from .results import PASSED, SKIPPED, Result

INI = "linkcheck_known_deviations"
_SHAPE = "write CHECK INSTALLER [LINK_MODE [FILESYSTEM]]: REASON"


@dataclass(frozen=True, slots=True)
class Deviation:
    """One accepted deviation: patterns, and the reason."""

    check: str
    installer: str
    link_mode: str
    filesystem: str
    reason: str

    def __str__(self) -> str:
        words = [self.check, self.installer, self.link_mode, self.filesystem]
        while words[-1] == "*":
            words.pop()
        return f"{' '.join(words)}: {self.reason}"

    def fits(self, result: Result) -> bool:
        """Return whether it speaks of the check, installer, mode and place of *result*."""
        name = result.installer.partition("=")[0]
        called = {result.installer, name, f"{name}=={result.version}"}
        return (
            fnmatchcase(result.check, self.check)
            and any(fnmatchcase(one, self.installer) for one in called)
            and fnmatchcase(result.link_mode, self.link_mode)
            and fnmatchcase(result.filesystem, self.filesystem)
        )


def parse_deviations(lines: Iterable[str]) -> list[Deviation]:
    """Return what the configuration accepts; raises `LinkcheckError` for any other line."""
    found = []
    for line in filter(str.strip, lines):
        patterns, colon, reason = line.partition(": ")
        words = patterns.split()
        if not colon or not reason.strip() or not 2 <= len(words) <= 4:
            raise LinkcheckError(f"{INI}: {show_name(line.strip())!r}: {_SHAPE}")
        check, installer, link_mode, filesystem = [*words, "*", "*"][:4]
        found.append(Deviation(check, installer, link_mode, filesystem, reason.strip()))
    return found


def gone(deviations: Iterable[Deviation], results: Iterable[Result]) -> list[Deviation]:
    """Return the accepted deviations that were looked for, and not found anywhere.

    A check that ended before it looked, by a skip or an error around it, has not looked.
    """
    found = list(results)
    return [
        one
        for one in deviations
        if {result.outcome for result in found if one.fits(result)} - {SKIPPED} == {PASSED}
    ]
