"""Reports made by hand, for what reads and shows them."""

from dataclasses import replace

from pytest_linkcheck.report.model import PlainTest, Reason, Report, Result, Row
from pytest_linkcheck.report.runs import Host, InstallerFacts, PlaceFacts, Python, Run, Worker

HOST = Host("builder", "0123456789abcdef", "Linux", "6.18.0", "x86_64")
PYTHON = Python("CPython", "3.11.7")


def run(number: int = 1, **changes: object) -> Run:
    made = Run(
        id=f"{number:032x}",
        host=HOST,
        python=PYTHON,
        plugin="0.1.0",
        pytest="9.0.0",
        started="2026-11-22T12:00:00+00:00",
        finished="2026-11-22T12:01:00+00:00",
        complete=True,
        installers=(InstallerFacts("uv", "0.11.0"),),
        filesystems=(PlaceFacts("ext4", "ext4", reflinks=False),),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def check(outcome: str = "passed", **changes: object) -> Result:
    made = Result(
        check="files_are_shared",
        promise="Every file of the wheel is shared.",
        why="https://example.org/1",
        installer="uv",
        version="0.11.0",
        link_mode="hardlink",
        filesystem="ext4",
        case="",
        outcome=outcome,
        reason="" if outcome == "passed" else "2 files are not",
        level="must",
        filesystem_type="ext4",
        evidence="" if outcome == "passed" else "2 files are not\n  a.py: copy",
        duration=0.25,
        nodeid="test_sharing.py::test_files_are_shared[uv-hardlink-ext4]",
        run=run().id,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def row(**changes: object) -> Row:
    made = Row(
        environment=".venv",
        name="numpy",
        version="2.3.1",
        files=10,
        sharing={"hardlink": 7, "own": 3},
        size=1000,
        shared=900,
        bytecode=2,
        bytecode_size=50,
        reasons=(Reason(3, "written by the installer for this environment"),),
        classes={"payload": {"hardlink": 7}, "generated": {"own": 3}},
        outcome="passed",
        nodeid="linkcheck/.venv::numpy",
        run=run().id,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def report(*checks: Result, **changes: object) -> Report:
    worker = Worker("gw1", replace(HOST, name="other"), Python("CPython", "3.13.0"))
    made = Report(
        runs=(run(workers=(worker,)),),
        checks=checks or (check(), check("failed", link_mode="copy", worker="gw1")),
        audits=(row(),),
        tests=(PlainTest("test_a.py::test_it", "failed", 0.5, {"copy": 1}, "no", run().id),),
    )
    return replace(made, **changes)  # type: ignore[arg-type]
