"""The program `pytest-linkcheck`, for what is no test."""

import argparse
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return its exit status."""
    parser = argparse.ArgumentParser(prog="pytest-linkcheck", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    doctor = commands.add_parser(
        "doctor", help="show what this machine can test, and what would unlock the rest"
    )
    doctor.add_argument("path", nargs="*", metavar="PATH", help="a folder to look at as well")
    doctor.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(argv)
    return _doctor(options.path, as_json=options.json)


def _doctor(paths: Sequence[str], *, as_json: bool) -> int:
    from .filesystems.doctor import doctor  # noqa: PLC0415 - the other commands need none of it

    sys.stdout.write(doctor(paths, as_json=as_json) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
