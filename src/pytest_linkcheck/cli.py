"""The console script `pytest-linkcheck`: what is no test."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from .errors import LinkcheckError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `pytest-linkcheck` with *arguments*; returns its exit status: 0, or 2 for an error."""
    options = _parser().parse_args(arguments)
    try:
        told: str = options.run(options)
    except (LinkcheckError, OSError) as error:
        sys.stderr.write(f"pytest-linkcheck: {error}\n")
        return 2
    sys.stdout.write(f"{told}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pytest-linkcheck", description="What the links (inodes) of files are."
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    explain = commands.add_parser(
        "explain",
        help="say all there is to say of a path, or how two share storage",
        description="One path: identity, links and where they are, extents, mount, owner. "
        "Two: the verdict and its evidence. Nothing is written, unless --probe is given.",
    )
    explain.add_argument("a", metavar="A")
    explain.add_argument("b", metavar="B", nargs="?")
    explain.add_argument("--json", action="store_true", help="write JSON")
    explain.add_argument(
        "--root",
        action="append",
        default=[],
        type=Path,
        metavar="DIR",
        help="look for other names of A in DIR; default: its environment and uv's cache",
    )
    explain.add_argument(
        "--probe", action="store_true", help="really try a link between the folders of A and B"
    )
    explain.set_defaults(run=_explain)
    doctor = commands.add_parser(
        "doctor",
        help="show what this machine can test, and what would unlock the rest",
        description="Makes each filesystem for a moment, tries what can be done on it and in the "
        "folders PATH, and removes all of it.",
    )
    doctor.add_argument("paths", nargs="*", metavar="PATH")
    doctor.add_argument("--json", action="store_true", help="write JSON")
    doctor.set_defaults(run=_doctor)
    return parser


def _explain(options: argparse.Namespace) -> str:
    # Each command imports its own: starting up should cost no more than is used.
    from .report.explain import explain_pair, explain_path  # noqa: PLC0415

    if options.b is None:
        path = explain_path(options.a, options.root)
        if options.json:
            return json.dumps(path.to_json(), indent=2)
        return "\n".join(path.lines())
    pair = explain_pair(options.a, options.b, probe=options.probe)
    if options.json:
        paths = [explain_path(each, options.root).to_json() for each in (options.a, options.b)]
        return json.dumps(pair.to_json() | {"paths": paths}, indent=2)
    return "\n".join(pair.lines())


def _doctor(options: argparse.Namespace) -> str:
    from .filesystems.doctor import doctor  # noqa: PLC0415

    return doctor(options.paths, as_json=options.json)
