"""The environment variables an installer is run with: nothing of the user's changes the result."""

import os
from collections.abc import Mapping
from pathlib import Path

# Variables of these families decide how installers link, compile, cache or choose a Python.
_CLEARED_PREFIXES = ("UV_", "PIP_", "PYTHON", "CONDA_", "VIRTUALENV_", "PDM_", "POETRY_", "XDG_")
_CLEARED = {
    "VIRTUAL_ENV",
    "PYC_INVALIDATION_MODE",
    "SOURCE_DATE_EPOCH",
    "__PYVENV_LAUNCHER__",
    # Escape sequences in what an installer prints would hide its warnings from us.
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "FORCE_COLOR",
    "PY_COLORS",
    "RUST_LOG",
}
# Where packages come from and how the index is reached changes nothing in how they are linked,
# and without it a machine behind a proxy or a mirror could install nothing by name.
_INDEX = {
    "PIP_CERT",
    "PIP_CLIENT_CERT",
    "PIP_DEFAULT_TIMEOUT",
    "PIP_EXTRA_INDEX_URL",
    "PIP_FIND_LINKS",
    "PIP_INDEX_URL",
    "PIP_PROXY",
    "PIP_RETRIES",
    "PIP_TIMEOUT",
    "PIP_TRUSTED_HOST",
    "UV_DEFAULT_INDEX",
    "UV_EXTRA_INDEX_URL",
    "UV_FIND_LINKS",
    "UV_HTTP_RETRIES",
    "UV_HTTP_TIMEOUT",
    "UV_INDEX",
    "UV_INDEX_URL",
    "UV_INSECURE_HOST",
    "UV_NATIVE_TLS",
    "UV_SYSTEM_CERTS",
}


def hermetic_environ(
    home: Path, *, online: bool, base: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the variables to run an installer with, made from *base* (default: our own).

    *home* is a folder of the run: the user's home, configuration, caches and temporary folder
    are replaced by folders in it. *online* keeps what tells how to reach a package index.
    """
    base = os.environ if base is None else base
    environ = {
        name: value
        for name, value in base.items()
        if not (name in _CLEARED or name.startswith(_CLEARED_PREFIXES))
        or (online and name in _INDEX)
    }
    if environ.get("PIP_RETRIES") == "0":
        environ["PIP_RETRIES"] = "1"  # pip speaks of a missing network only where it tries again
    temporary = home / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    environ |= {
        "HOME": str(home),
        "NO_COLOR": "1",
        "USERPROFILE": str(home),
        "TMPDIR": str(temporary),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_CONFIG_DIRS": str(home / "config"),
    }
    return environ
