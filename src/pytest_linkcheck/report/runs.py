"""The runs of a report: who ran, where, by what, and how it ended."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Host:
    """A machine. `boot` is equal for all that ran since one start of it."""

    name: str
    boot: str
    system: str
    kernel: str
    machine: str


@dataclass(frozen=True, slots=True)
class Python:
    """A Python: `CPython`, `3.13.0`."""

    implementation: str
    version: str

    @property
    def minor(self) -> str:
        """The version without its last part: `3.13`."""
        return ".".join(self.version.split(".")[:2])


@dataclass(frozen=True, slots=True)
class Worker:
    """A process of xdist that ran tests on another host, or by another Python, than its run's."""

    id: str
    host: Host
    python: Python


@dataclass(frozen=True, slots=True)
class InstallerFacts:
    """An installer that was used. `assumed`: a sentence if this version was never measured."""

    name: str
    version: str
    assumed: str = ""


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """A filesystem that was used: the name it was chosen by, what the kernel calls it.

    `reflinks` is `None` where it was not tried, or cannot be told.
    """

    name: str
    type: str
    reflinks: bool | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One run of pytest.

    Attributes:
        id: random; results name their run by it.
        host: where it ran.
        python: what ran pytest.
        plugin: the version of pytest-linkcheck.
        pytest: the version of pytest.
        started: when, in UTC, as ISO 8601 writes it.
        finished: the same; empty if it never got there.
        complete: whether every test that was chosen ran.
        interrupted: why not, in a few words; empty if `complete`.
        exit_status: pytest's: 0 if all passed, 1 if something failed, 2 if it was interrupted, ...
        workers: those of xdist that do not share host and Python with the run.
        installers: those that results of this run are about.
        filesystems: those that tests asked for.
    """

    id: str
    host: Host
    python: Python
    plugin: str
    pytest: str
    started: str
    finished: str
    complete: bool
    interrupted: str = ""
    exit_status: int = 0
    workers: tuple[Worker, ...] = ()
    installers: tuple[InstallerFacts, ...] = ()
    filesystems: tuple[PlaceFacts, ...] = ()
