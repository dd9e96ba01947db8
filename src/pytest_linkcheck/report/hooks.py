"""The hooks of the record, registered where there is something to record."""

import pytest

from .recorder import Recorder


def register(config: pytest.Config) -> None:
    """Set the record up in this process: the only one, a controller of xdist, or a worker."""
    config.pluginmanager.register(Recorder(config), "linkcheck-recorder")
