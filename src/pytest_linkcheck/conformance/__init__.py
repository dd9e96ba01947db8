"""The suite that any installer can be pointed at.

    pytest --linkcheck --pyargs pytest_linkcheck.conformance --linkcheck-installer uv=./uv

Each check is an ordinary test, made of the plugin's public fixtures and assertions: `check` says
of which level it is, and why; its docstring says what is promised.
"""

from .checks import Level, check

__all__ = ["Level", "check"]
