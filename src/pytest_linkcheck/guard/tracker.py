"""Which watched files were changed since the last question: asked after each test."""

import errno
import os
from collections.abc import Iterable

from pytest_linkcheck.links.inotify import Inotify

from .looks import Look, Survey, take_look

# ctime is taken from a clock that stands still between two ticks of the kernel: 10 ms at most.
_TICK = 10_000_000


class Tracker:
    """Hears of changes by inotify, or looks at every file where that is not to be had."""

    def __init__(self, survey: Survey) -> None:
        self._looks: dict[str, Look] = dict(survey.looks)
        self._inotify: Inotify | None = None
        self.problem = ""
        folders = {os.path.dirname(path) for path in self._looks}  # noqa: PTH120
        try:
            self._inotify = Inotify()
            for folder in sorted(folders):
                self._inotify.add(folder)
        except OSError as error:
            self.close()
            self.problem = f"no inotify: {error.strerror}"
            if error.errno == errno.ENOSPC:
                self.problem += f" for {len(folders):,} folders: raise fs.inotify.max_user_watches"
            elif error.errno == errno.EMFILE:
                self.problem += ": raise fs.inotify.max_user_instances"

    def changed(self, since_ns: int = 0) -> list[str]:
        """Return what was changed since the last call; of that, what was not before *since_ns*.

        A file that only got or lost a link is left out.
        """
        return sorted(path for path in self._heard() if self._is_changed(path, since_ns))

    def close(self) -> None:
        """Listen no longer."""
        if self._inotify is not None:
            self._inotify.close()
            self._inotify = None

    def _heard(self) -> Iterable[str]:
        if self._inotify is None:
            return list(self._looks)
        heard = self._inotify.read()
        return list(self._looks) if heard.is_short else heard.paths

    def _is_changed(self, path: str, since_ns: int) -> bool:
        before = self._looks.get(path)
        if before is None:
            return False
        after = take_look(path)
        if after is None:
            del self._looks[path]
            return True
        self._looks[path] = after
        # A mapping may be written to long before it is closed, which is when inotify tells.
        if after == before or after.ctime_ns < since_ns - _TICK:
            return False
        only_time = after._replace(ctime_ns=before.ctime_ns)
        return only_time == before or only_time._replace(links=before.links) != before
