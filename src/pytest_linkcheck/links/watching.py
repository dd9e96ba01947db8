"""What became of files between two moments: kept, replaced, rewritten in place.

How the same file is told from another one that got its inode number, by experiment on Linux 6.18
(unlink and create under one name, again and again; "told" is what differed between the two files):

==========  =============  =========================  ====================================
filesystem  number reused  told by the file handle    in-place write and `os.utime` back
==========  =============  =========================  ====================================
ext4        each time      always                     change time moved, bytes differ
xfs         in a while     always                     the same
btrfs       none           always                     the same
tmpfs       none           always (no GETVERSION)     the same
overlay     as layer does  always (no GETVERSION)     the same
==========  =============  =========================  ====================================

- Identity, birth time and *file handle* must all agree for "the same file". The handle holds the
  generation of the inode number, works without opening or privilege on all five (on overlay by
  AT_HANDLE_FID, from Linux 6.6 on), for symlinks and FIFOs too, and holds nothing open. That is
  why descriptors are held only where there is no handle (macOS, some network filesystems, a
  sandbox): they pin the inode, so its number cannot be given to another file, but each one also
  keeps the room of a deleted file on disk, and there are few: a quarter of the process's limit
  is used, the rest is unknown. On Windows, where an open file cannot be replaced, none is.
- The change time is no proof of a write: `link()`, `chmod` and `rename` move it. Nor is its rest
  a proof of none: a store through a mapping whose page was dirty before moved it nowhere, on all
  five. So bytes are hashed at both looks, each inode once. Times are never believed to say that
  nothing happened, except with `content=False`, where the reader has asked for just that.
- On overlay a write, chmod or link of a lower file gives the name another inode, with the handle
  it had: "copied up by overlay", neither the same inode nor a replacement.
- A rewrite with the bytes it had cannot be told from a `touch`: both are "times changed", or
  "touched" where the times were set back.
"""

import errno
import os
from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from .change import Aspect, Change, judge
from .pins import Pins
from .sameness import Same
from .scanning import scan
from .show import show_count, show_name
from .spelling import respell
from .state import ABSENT, Digests, State, look

MAX_SHOWN = 10
AnyPath = str | os.PathLike[str]


class Snapshot:
    """Paths as they were when they were watched, ready to be held against what they are now.

    Made by `watch`. A context manager; closing it, or losing it, closes the descriptors it may
    hold, and a closed snapshot raises `ValueError` when it is asked.
    """

    def __init__(self, roots: Collection[Path], *, content: bool) -> None:
        self._roots = tuple(roots)
        self._content = content
        self._before = self._look()
        for root in self._roots:
            if self._before[root] == ABSENT:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(root))
        self._pins = Pins(self._before)
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Snapshot of {show_count(len(self._before), 'path')}>"

    def close(self) -> None:
        """Close what is held open; the snapshot cannot be asked any more."""
        self._pins.close()
        self._closed = True

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every watched path: those given and all that lay under them, absolute."""
        return tuple(self._before)

    def changes(self) -> tuple[Change, ...]:
        """Look again and return what changed, path by path; what was kept is left out.

        Never raises `OSError`: what cannot be read is a change whose aspect is unknown.
        """
        self._require_open()
        after = self._look()
        for path in self._before:
            if path not in after:  # gone, or in a folder that can no longer be listed
                after[path] = look(path, content=self._content, digests={})
        judged = (self._judge(path, after[path]) for path in dict.fromkeys((*self._before, *after)))
        return tuple(change for change in judged if not change.is_kept)

    def change_of(self, path: AnyPath) -> Change:
        """Look again at the one *path* and return what became of it, kept included.

        Raises `ValueError` if it was not watched.
        """
        self._require_open()
        watched = self._watched(path)
        return self._judge(watched, look(watched, content=self._content, digests={}))

    def assert_unchanged(self, *, allow: Iterable[Aspect] = ()) -> None:
        """Fail unless every watched path is what it was, and none appeared.

        *allow* names aspects that may have changed: `{Aspect.LINKS_GAINED}` where others may
        link to the files. What cannot be told always fails. Raises `ValueError` for an *allow*
        that holds something else.
        """
        __tracebackhide__ = True
        allowed = set(allow)
        if wrong := [one for one in allowed if one is Aspect.UNKNOWN or one not in set(Aspect)]:
            raise ValueError(f"no aspect that can be allowed: {wrong[0]}")
        offenders = [change for change in self.changes() if not change.is_within(allowed)]
        if offenders:
            raise AssertionError(_tell_changed(offenders, len(self._before)))

    def assert_replaced(self, path: AnyPath) -> None:
        """Fail unless another file now stands under the watched *path*.

        Its inode number may be the old one, used again. What cannot be told fails. Raises
        `ValueError` if *path* was not watched.
        """
        __tracebackhide__ = True
        change = self.change_of(path)
        if Aspect.REPLACED not in change.aspects:
            raise AssertionError(_tell(change, "was not replaced", "whether it was replaced"))

    def assert_same_inode(self, path: AnyPath) -> None:
        """Fail unless the very same file still stands under the watched *path*.

        Its bytes, mode, times and links may have changed. What cannot be told fails, as does a
        lower file that overlay copied up. Raises `ValueError` if *path* was not watched.
        """
        __tracebackhide__ = True
        change = self.change_of(path)
        if change.same is not Same.YES:
            raise AssertionError(
                _tell(change, "is not the inode it was", "whether it is the inode it was")
            )

    def _require_open(self) -> None:
        if self._closed:
            raise ValueError("this snapshot is closed")

    def _watched(self, path: AnyPath) -> Path:
        absolute = Path(path).absolute()
        watched = respell(absolute, self._roots, self._before)
        if watched is not None:
            return watched
        raise ValueError(f"{show_name(path)} was not watched")

    def _look(self) -> dict[Path, State]:
        digests: Digests = {}
        states: dict[Path, State] = {}
        for root in self._roots:
            states[root] = look(root, content=self._content, digests=digests)
            if not os.path.isdir(root):  # noqa: PTH112 - never raises, unlike Path.is_dir
                continue
            try:
                found = scan(root)
            except OSError as error:
                states[root] = State(None, problem=error.strerror or str(error))
                continue
            for entry in found.entries[1:]:
                path = entry.facts.path
                state = look(path, content=self._content, digests=digests)
                if state != ABSENT:  # gone since it was listed
                    states[path] = state
            for problem in found.problems:
                states[problem.path] = State(None, problem=problem.reason)
        return states

    def _judge(self, path: Path, after: State) -> Change:
        before = self._before.get(path) or self._unseen(path)
        pinned = after.facts is not None and self._pins.hold(path, after.facts.identity)
        return judge(path, before, after, content=self._content, pinned=pinned)

    def _unseen(self, path: Path) -> State:
        """Return what is known of a path that was not seen: nothing, if its folder was not."""
        problems = (
            state.problem
            for folder in path.parents
            if (state := self._before.get(folder)) is not None and state.facts is None
        )
        return State(None, problem=next(problems, ""))


def watch(paths: AnyPath | Iterable[AnyPath], *, content: bool = True) -> Snapshot:
    """Take down what *paths* are now: files, symlinks, and folders with all that lies in them.

    Symlinks are watched themselves and in what they lead to; a folder behind one is entered only
    if the symlink was given. With `content=False` bytes are not read: faster, but a write is
    then known by size and times alone, and where these leave it open the answer is "cannot be
    told". Raises `FileNotFoundError` for a path where nothing is, and `ValueError` for no path.
    """
    given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    if not given:
        raise ValueError("no path to watch")
    return Snapshot([Path(path).absolute() for path in given], content=content)


def _tell(change: Change, verdict: str, question: str) -> str:
    name = show_name(change.path)
    if Aspect.UNKNOWN in change.aspects and change.same is Same.UNKNOWN:
        first = f"{name}: {question} cannot be told: {change.reason}"
    else:
        first = f"{name} {verdict}: {change.describe()}"
    return "\n".join([first, *change.explain()])


def _tell_changed(offenders: list[Change], total: int) -> str:
    counts = Counter(aspect.value for change in offenders for aspect in change.aspects)
    summary = ", ".join(f"{count:,} {word}" for word, count in counts.items())
    verb = "is" if len(offenders) == 1 else "are"
    first = (
        f"{show_count(len(offenders), 'path')} {verb} not as when {total:,} were watched: {summary}"
    )
    lines = [first]
    for change in offenders[:MAX_SHOWN]:
        lines.extend(change.explain())
    if len(offenders) > MAX_SHOWN:
        lines.append(f"  … and {len(offenders) - MAX_SHOWN:,} more, {len(offenders):,} in all")
    return "\n".join(lines)
