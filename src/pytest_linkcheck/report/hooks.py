"""The hooks of the record, registered where there is something to record."""

import pytest

from . import progress
from .collector import Collector, parse_outputs
from .recorder import Recorder


def register(config: pytest.Config) -> None:
    """Set the record up in this process: the only one, a controller of xdist, or a worker.

    Raises `pytest.UsageError` for a report that cannot be written.
    """
    config.pluginmanager.register(Recorder(config), "linkcheck-recorder")
    progress.register(config)
    # Workers run elsewhere, perhaps on another host: their controller writes.
    if config.option.linkcheck_report and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Collector(parse_outputs(config)), "linkcheck-collector")
