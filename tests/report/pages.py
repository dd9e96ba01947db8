"""Reports for the tests of the page: one of each outcome, a large one, a hostile one."""

from dataclasses import replace

from report.samples import PYTHON, check, row, run

from pytest_linkcheck.report.model import PlainTest, Reason, Report, Result, Row

RUNS = (
    run(1),
    run(2, python=replace(PYTHON, version="3.13.0")),
)
EVIDENCE = "2 files are not\n  a.py: device 254:0 inode 5, 1 link\n  cause: two filesystems"
HOSTILE = (
    "<script>alert(1)</script>",
    "\x1b[31mred",
    "two\nlines",
    b"\xff\xfe".decode("utf-8", "surrogateescape"),
    '"><img src=x onerror=alert(2)>',
    "'-alert(3)-'",
    "{{ 7 * 7 }}{% raw %}",
    "</script><script>alert(4)</script>",
    "<!--<script>",
    "\u202egnp.exe",
    "\u2028\u2029\x00",
    "&lt;b&gt;",
)


def every_outcome() -> Report:
    """Return a report with each outcome, two runs, two environments, and a missing cell."""
    at = {"link_mode": "hardlink", "run": RUNS[0].id}
    checks = [
        check(evidence=EVIDENCE, outcome="failed", **at),
        check(check="a_second", outcome="passed", **at),
        check("hazard", link_mode="copy"),
        check("known", link_mode="clone", reason="accepted: it is slow"),
        check(
            "skipped", link_mode="symlink", reason="no reflinks", remedy="choose btrfs", evidence=""
        ),
        check(installer="pip", version="26.1", link_mode="copy"),
        check(installer="pip", version="26.1", link_mode="copy", check="a_second"),
        check(installer="pip", version="26.1", link_mode="copy", run=RUNS[1].id),
        check(link_mode="hardlink", filesystem="btrfs", filesystem_type="btrfs", duration=2.5),
    ]
    audits = [
        row(),
        row(name="rich", size=400, shared=0, bytecode_size=300, unknown_size=100),
        row(name="torn", outcome="failed", message="torn 1: 1 problem\n  torn/a.py is gone"),
        *(row(name=f"small-{number}", size=10, shared=5) for number in range(30)),
        row(environment="other", size=600, shared=300, bytecode_size=0),
        Row.unexamined("broken", ""),
    ]
    audits[-1] = replace(audits[-1], outcome="failed", message="no environment", run=RUNS[0].id)
    tests = (
        PlainTest("test_a.py::test_it", "failed", 0.5, {"copy": 1}, "not one inode", RUNS[0].id),
    )
    return Report(RUNS, tuple(checks), tuple(audits), tests)


def large() -> Report:
    """Return 5,000 checks of which 5 % have something to tell, in 1,000 to 2,600 characters."""
    places = ("ext4", "xfs", "btrfs", "tmpfs", "overlay")
    modes = ("default", "clone", "hardlink", "symlink", "copy")
    versions = ("0.10.4", "0.11.0", "0.12.2", "0.13.9")
    outcomes = {0: "failed", 1: "hazard", 2: "skipped"}
    checks: list[Result] = []
    for number in range(5000):
        name, cell = f"what_is_promised_of_files_{number // 100:02}", number % 100
        place, mode, version = places[cell % 5], modes[cell // 5 % 5], versions[cell // 25]
        outcome = outcomes.get(number * 7919 % 40, "passed")
        lines = number % 40
        where = f"/home/me/pytest-{number}/venvs/uv-1/lib/python3.11/site-packages/sample"
        evidence = "".join(
            f"{where}/module_{line}.py: device 254:0 inode {number}{line}, 2 links\n"
            for line in range(10 + lines // 2)
        )
        checks.append(
            check(
                outcome,
                check=name,
                promise=f"Files of the class {number // 100} are shared as the installer promises.",
                why=f"https://github.com/astral-sh/uv/issues/{number // 100}",
                version=version,
                link_mode=mode,
                filesystem=place,
                filesystem_type=place,
                case=f"case-{number // 100 % 3}" if number // 100 % 2 else "",
                reason=""
                if outcome == "passed"
                else f"2 paths are not as when {lines} were watched",
                remedy="choose btrfs by --linkcheck-filesystem" if outcome == "skipped" else "",
                evidence=evidence if outcome in {"failed", "hazard"} else "",
                duration=number % 977 / 100,
                nodeid=f"src/test_sharing.py::test_{name}[uv=={version}-{mode}-{place}]",
            )
        )
    return Report((run(),), tuple(checks), (), ())


def hostile(*texts: str) -> Report:
    """Return a report in which everything that a name could be put into holds one of *texts*."""
    runs, checks, audits, tests = [], [], [], []
    for number, text in enumerate(texts, 1):
        one = run(number, started=text, plugin=text, pytest=text, complete=False, interrupted=text)
        host, python = replace(one.host, name=text, kernel=text), replace(PYTHON, version=text)
        runs.append(replace(one, host=host, python=python))
        fields = ("check", "promise", "why", "installer", "version", "link_mode", "filesystem")
        words = dict.fromkeys((*fields, "case", "reason", "remedy", "evidence", "nodeid"), text)
        words |= {"evidence": f"evidence: {text}"}
        outcomes = ("failed", "hazard", "skipped", "known")
        checks += [check(outcome, **words, run=one.id) for outcome in outcomes]
        reasons = (Reason(1, text, text),)
        told = {"environment": text, "name": text, "version": text, "message": text}
        audits.append(row(**told, reasons=reasons, outcome="failed", run=one.id))
        tests.append(PlainTest(text, "failed", 0.0, {}, text, one.id))
    return Report(tuple(runs), tuple(checks), tuple(audits), tuple(tests))
