"""The console script `pytest-linkcheck`: what is no test."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from .errors import LinkcheckError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `pytest-linkcheck` with *arguments*; returns its exit status.

    It is 0, 2 for an error, and 1 if `merge` found a conflict or `compare` something worse.
    """
    options = _parser().parse_args(arguments)
    try:
        told, status = options.run(options)
    except (LinkcheckError, OSError) as error:
        sys.stderr.write(f"pytest-linkcheck: {error}\n")
        return 2
    if told:
        # Other encodings than UTF-8 take what they can.
        encoding = sys.stdout.encoding or "utf-8"
        sys.stdout.write(f"{told}\n".encode(encoding, "backslashreplace").decode(encoding))
    return int(status)


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
    merge = commands.add_parser(
        "merge",
        help="make one report of several",
        description="Reports of a CI matrix as one. What is missing, was run twice, or came out "
        "differently is said. Exit status: 0, 1 if runs contradict each other, 2 for an error.",
    )
    merge.add_argument("reports", nargs="+", type=Path, metavar="REPORT.json")
    merge.add_argument(
        "--output",
        action="append",
        default=[],
        type=Path,
        metavar="PATH",
        help="write to PATH, by its suffix as .json, .md or .html; may be given several times; "
        "default: Markdown to standard output",
    )
    merge.set_defaults(run=_merge)
    compare = commands.add_parser(
        "compare",
        help="show what changed between two reports",
        description="Exit status: 0, 1 if something got worse, 2 for an error.",
    )
    compare.add_argument("old", type=Path, metavar="OLD.json")
    compare.add_argument("new", type=Path, metavar="NEW.json")
    compare.add_argument("--format", choices=["text", "markdown"], default="text")
    compare.set_defaults(run=_compare)
    return parser


def _explain(options: argparse.Namespace) -> tuple[str, int]:
    # Each command imports its own: starting up should cost no more than is used.
    from .report.explain import explain_pair, explain_path  # noqa: PLC0415

    if options.b is None:
        if options.probe:
            message = "--probe tries a link between the folders of two paths: name the second one"
            raise LinkcheckError(message)
        path = explain_path(options.a, options.root)
        if options.json:
            return json.dumps(path.to_json(), indent=2), 0
        return "\n".join(path.lines()), 0
    pair = explain_pair(options.a, options.b, probe=options.probe)
    if options.json:
        paths = [explain_path(each, options.root).to_json() for each in (options.a, options.b)]
        return json.dumps(pair.to_json() | {"paths": paths}, indent=2), 0
    return "\n".join(pair.lines()), 0


def _doctor(options: argparse.Namespace) -> tuple[str, int]:
    from .filesystems.doctor import doctor  # noqa: PLC0415

    return doctor(options.paths, as_json=options.json), 0


def _merge(options: argparse.Namespace) -> tuple[str, int]:
    from .report.files import check_output, render, write_report  # noqa: PLC0415
    from .report.merge import merge_files, tell_merged  # noqa: PLC0415

    for path in options.output:
        check_output(path)
    report, notes = merge_files(options.reports)
    lines, contradicts = tell_merged(report)
    sys.stderr.writelines(f"pytest-linkcheck: {line}\n" for line in (*notes, *lines))
    for path in options.output:
        write_report(report, path)
    told = "" if options.output else render(report, ".md").rstrip("\n")
    return told, 1 if contradicts else 0


def _compare(options: argparse.Namespace) -> tuple[str, int]:
    from .report.compare import (  # noqa: PLC0415
        compare_reports,
        comparison_lines,
        comparison_markdown,
    )
    from .report.files import read_report  # noqa: PLC0415

    found = compare_reports(read_report(options.old), read_report(options.new))
    show = comparison_markdown if options.format == "markdown" else comparison_lines
    return "\n".join(show(found)), 1 if found.is_worse else 0
