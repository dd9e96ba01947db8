"""Installers that are run by another program: what cannot be done is said before."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from support.mounting import needs_root

from pytest_linkcheck.conformance import wrapped
from pytest_linkcheck.errors import UnavailableError

if TYPE_CHECKING:
    from pytest_linkcheck.installs.installers import Installer


@needs_root
def test_a_folder_that_cannot_be_sealed_is_no_installer_that_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "unshare"
    program.write_text("#!/bin/sh\necho 'unshare: Operation not permitted' >&2; exit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(UnavailableError, match=r"no folder can be made read-only .*not permitted"):
        wrapped.read_only(cast("Installer", object()), tmp_path)
