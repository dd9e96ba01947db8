"""The folder that the processes of a run share: what one of them makes there all others use."""

import os
from pathlib import Path

import pytest

from .links.host import digest, host

_FOLDER = pytest.StashKey[Path]()


def run_folder(config: pytest.Config, factory: pytest.TempPathFactory) -> Path:
    """Return the folder of this run on this host, claimed until this process ends.

    A run is one call of pytest, with all its workers; or several that were given one
    `--testrunuid`, if the folders for their temporary files lie beside each other. Nothing else
    makes two runs share: the id of a run that was given none is random.
    """
    if _FOLDER not in config.stash:
        config.stash[_FOLDER] = _find(config, factory)
    return config.stash[_FOLDER]


def shares(config: pytest.Config) -> bool:
    """Return whether there may be other processes that share the folder."""
    return hasattr(config, "workerinput") or bool(_given(config))


def is_remote(config: pytest.Config) -> bool:
    """Return whether this is a worker that xdist did not start beside its controller."""
    return hasattr(config, "workerinput") and config.option.basetemp is None


def _find(config: pytest.Config, factory: pytest.TempPathFactory) -> Path:
    base = factory.getbasetemp()
    worker: dict[str, str] | None = getattr(config, "workerinput", None)
    is_local = worker is not None and not is_remote(config)
    if is_local:  # xdist gives each worker beside its controller a folder below that of the run
        base = base.parent
    # On a filesystem that hosts share each has a folder of its own.
    here = host().id[:8]
    if given := _given(config):
        name = digest(f"{given} {here}")
        return _beside(config, base.parent / f"linkcheck-{name}")
    if worker is None or is_local:
        return base / "linkcheck" / here
    # On another host, a folder of pytest's choice: its workers meet by the id of the run.
    name = digest(f"{worker['testrunuid']} {here}")
    return _beside(config, base.parent / f"linkcheck-{name}")


def _given(config: pytest.Config) -> str:
    """Return the id that the user has given to the run."""
    return config.getoption("testrunuid", None) or ""


def _beside(config: pytest.Config, folder: Path) -> Path:
    """Return a *folder* that pytest does not remove: whoever is the last to use it does."""
    if os.name == "posix":
        from .filesystems.claims import SharedClaim  # noqa: PLC0415 - most runs need none

        config.add_cleanup(SharedClaim(folder).leave)
    return folder
