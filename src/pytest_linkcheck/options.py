"""What pytest is told of us at every start: options, keys of its configuration file, markers."""

import pytest

MARKERS = """\
linkcheck: runs only with --linkcheck or the ini key linkcheck = true
linkcheck_requires(*needs): skips where the place the test runs at lacks one of them, and says \
what: hardlink, symlink, reflink, extents, true-inodes, birth-time, case-sensitive; or where this \
machine lacks second-device, root, or an installer such as 'uv>=0.10.5'
linkcheck_expect(sharing, link_count=, device=): checks every environment the test made: its \
files are hardlink, symlink, reflink, copy or linked; have so many links; its cache lies on the \
same or a different device
linkcheck_matrix(installers=, link_modes=, filesystems=, cache_filesystems=): runs the test once \
for each, which the fixtures installer, link_mode, filesystem and cache_filesystem hand to it
linkcheck_check(level, why=, hazard_if=): a check of the conformance suite; set by its decorator \
pytest_linkcheck.conformance.check
"""


def add_options(parser: pytest.Parser) -> None:
    """Add the options, and the keys of the configuration file."""
    group = parser.getgroup("linkcheck", "links of installed files (inodes, not URLs)")
    group.addoption(
        "--linkcheck",
        action="store_true",
        help="run the tests marked linkcheck, and audit an environment: that of --linkcheck-env, "
        "else .venv, else the running one",
    )
    group.addoption(
        "--linkcheck-env",
        action="append",
        default=[],
        metavar="PATH",
        help="audit the environment at PATH, all below the folder PATH, or those that match the "
        "pattern PATH ('~/projects/**/.venv'); may be given several times",
    )
    group.addoption(
        "--linkcheck-expect",
        metavar="SHARING",
        help="fail the audit of files not shared so: auto (what installer, cache and devices "
        "allow; the default), linked, hardlink, symlink, copy",
    )
    group.addoption(
        "--linkcheck-timeout",
        metavar="SECONDS",
        help="fail the audit of an environment that does not answer for so long, as on a network "
        "mount whose server is gone; 60 unless told, 0 for no limit",
    )
    group.addoption(
        "--linkcheck-installer",
        action="append",
        default=[],
        metavar="INSTALLER",
        help="use this installer: NAME (uv, pip, pdm, installer, virtualenv, ...), NAME==VERSION "
        "from the package index, or NAME=PATH; may be given several times",
    )
    group.addoption(
        "--linkcheck-link-mode",
        action="append",
        default=[],
        metavar="MODE[,...]",
        help="run the conformance suite in these link modes only: clone, hardlink, ..., or default "
        "for the installer's own choice",
    )
    group.addoption(
        "--linkcheck-strict",
        action="store_true",
        help="fail where linkcheck skips for want of something on this machine",
    )
    group.addoption(
        "--linkcheck-filesystem",
        action="append",
        default=[],
        metavar="NAME[=PATH][,...]",
        help="run the tests that use the fixture filesystem on each of these: ext4, xfs, btrfs, "
        "tmpfs, overlay(btrfs), all, ..., or NAME=PATH for a folder of yours",
    )
    group.addoption(
        "--linkcheck-require",
        action="append",
        default=[],
        metavar="NEED[,...]",
        help="end at once unless all of these can be tested here: reflink, second-device, root, "
        "a filesystem, ... (see the marker linkcheck_requires)",
    )
    group.addoption(
        "--linkcheck-report",
        action="append",
        default=[],
        metavar="PATH",
        help="write what the run found to PATH, by its suffix as .json, .md or .html; may be given "
        "several times",
    )
    group.addoption(
        "--linkcheck-guard",
        action="append",
        nargs="?",
        const="",
        default=[],
        metavar="PATH",
        help="fail if installed files are changed in the course of the run: those of the running "
        "environment and of uv's cache, or with =PATH those of an environment, cache or folder; "
        "may be given several times; with -v it names the test",
    )
    group.addoption(
        "--linkcheck-update",
        action="store_true",
        help="write what the fixture linkcheck_snapshot sees, and remove what no test uses",
    )
    parser.addini(
        "linkcheck_filesystem", "as --linkcheck-filesystem, which goes first", "args", default=[]
    )
    parser.addini("linkcheck_require", "as --linkcheck-require", "args", default=[])
    parser.addini("linkcheck", "run the tests marked linkcheck", "bool", default=False)
    parser.addini(
        "linkcheck_known_deviations",
        "what the conformance suite accepts, as CHECK INSTALLER [LINK_MODE [FILESYSTEM]]: REASON",
        "linelist",
        default=[],
    )
    parser.addini("linkcheck_env", "the environments that --linkcheck audits", "args", default=[])
