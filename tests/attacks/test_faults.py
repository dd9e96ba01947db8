"""Every call that reads or links files fails once, in turn: each ends in a true verdict, or none.

A shim around the C library makes it fail (`faults/shim.c`), a program runs the task again and again
(`faults/driver.py`).
"""

import errno
import functools
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from attacks.conftest import FILES, SOURCES, require
from support.clones import clone
from support.handmade import SITE, install
from support.mounting import run
from support.places import Place

HERE = Path(__file__).parent / "faults"
ERRORS = ("EIO", "EACCES", "ENOSPC", "EMLINK", "EXDEV", "ENOENT", "EINTR")
TASKS = ("compare", "pairs", "scan", "trees", "stock", "measure", "probe", "audit")
LONG = {"audit": 3}  # times as many calls as the others make: so many steps are taken at once
WHOLE = bool(os.environ.get("LINKCHECK_WHOLE_SUITE"))  # each call with each error: some minutes
Fault = dict[str, Any]


@pytest.fixture(scope="session")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if sys.platform != "linux":
        pytest.skip("LD_PRELOAD as it is used here needs Linux")
    target = tmp_path_factory.mktemp("shim") / "shim.so"
    run(require("cc"), "-shared", "-fPIC", "-O1", "-o", target, HERE / "shim.c", "-ldl")
    return target


def _furnish(folder: Path) -> Path:
    """Make pairs of every sort, and an environment that uv has filled from a cache."""
    pairs = folder / "pairs"
    (pairs / "inner").mkdir(parents=True)
    (pairs / "way").symlink_to("inner")
    (pairs / "inner/a").write_bytes(b"x" * 10_000)
    (pairs / "b").hardlink_to(pairs / "inner/a")
    (pairs / "link").symlink_to("inner/a")
    (pairs / "copy").write_bytes(b"x" * 10_000)
    (pairs / "other").write_bytes(b"y" * 10_000)
    named = {
        "hardlink": ("pairs/inner/a", "pairs/b"),
        "symlink": ("pairs/link", "pairs/inner/a"),
        "one name": ("pairs/way/a", "pairs/inner/a"),  # with two links, for it has another name
        "copy": ("pairs/inner/a", "pairs/copy"),
        "different": ("pairs/copy", "pairs/other"),
    }
    try:
        clone(pairs / "copy", pairs / "clone")
    except OSError:
        (pairs / "clone").unlink(missing_ok=True)
    else:
        named["reflink"] = ("pairs/copy", "pairs/clone")
    (folder / "pairs.json").write_text(json.dumps(named))
    twin = folder / "twin"
    (twin / "inner").mkdir(parents=True)
    (twin / "inner/a").hardlink_to(pairs / "inner/a")
    (twin / "copy").hardlink_to(pairs / "copy")
    (twin / "other").write_bytes(b"y" * 10_000)
    (twin / "more").touch()
    _fill(folder / "env", folder / "cache/archive-v0/abc")
    return folder


def _fill(prefix: Path, archive: Path) -> None:
    files = {**FILES, "demo/own.py": b"own = 1\n", "demo/copied.py": b"copied = 1\n"}
    install(prefix, {**files, "demo-1.0.dist-info/INSTALLER": b"uv"})
    (archive / "demo").mkdir(parents=True)
    for name in ("demo/a.py", "demo/b.py"):
        (archive / name).hardlink_to(prefix / SITE / name)
    (archive / "demo/copied.py").write_bytes(files["demo/copied.py"])
    (archive / "demo-1.0.dist-info").mkdir()
    # Two names, both in the environment: nothing is shared with anybody.
    (prefix / "twin").hardlink_to(prefix / SITE / "demo/own.py")


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _furnish(tmp_path_factory.mktemp("faults"))


def _run(  # noqa: PLR0913, PLR0917 - as the program has them
    shim: Path, task: str, folder: Path, errors: tuple[str, ...], step: int, first: int = 0
) -> list[Fault]:
    numbers = ",".join(str(getattr(errno, name)) for name in errors)
    done = subprocess.run(
        [sys.executable, HERE / "driver.py", task, folder, numbers, str(step), str(first)],
        env={
            "LD_PRELOAD": str(shim),
            "PYTHONPATH": str(SOURCES),
            "UV_CACHE_DIR": str(folder / "cache"),
            "UV_NO_CONFIG": "1",
            "HOME": str(folder),
            "PATH": os.environ["PATH"],
        },
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def _lies(task: str, truth: Mapping[str, Any], fault: Fault) -> Iterator[str]:
    """Yield what was told that is neither true nor unknown."""
    told = fault["told"]
    if "traceback" in told:
        yield told["traceback"]
    elif "error" in told:
        if task in {"compare", "pairs"}:
            yield told["error"]
    else:
        yield from _JUDGES[task](truth, told, fault)


def _judge_compare(truth: Mapping[str, Any], told: Mapping[str, Any], _: Fault) -> Iterator[str]:
    for name, verdict in told.items():
        if verdict not in {truth[name], "unknown"}:
            yield f"{name} is told to be {verdict}"


def _judge_scan(truth: Mapping[str, Any], told: Mapping[str, Any], _: Fault) -> Iterator[str]:
    for path, facts in told["entries"].items():
        if truth["entries"].get(path) != facts:
            yield f"{path}: {facts}"
    if told["entries"] != truth["entries"] and not told["problems"]:
        yield "entries are missing, and no problem tells of it"


def _judge_trees(truth: Mapping[str, Any], told: Mapping[str, Any], _: Fault) -> Iterator[str]:
    for key in ("different", "first", "second"):
        if not set(told[key]) <= set(truth[key]):
            yield f"{key}: {told[key]}"
    if told["same"] > truth["same"] or (told != truth and not told["problems"]):
        yield str(told)


def _judge_stock(truth: Mapping[str, Any], told: Mapping[str, Any], _: Fault) -> Iterator[str]:
    for root, share in told["shares"].items():
        true = truth["shares"][root]
        if any(share[key] > true[key] for key in ("own", "shared", "on_disk", "files", "names")):
            yield f"{root}: {share}, and not {true}"
    if told != truth and not told["problems"]:
        yield str(told)


def _judge_measure(truth: Mapping[str, Any], told: Mapping[str, Any], _: Fault) -> Iterator[str]:
    for group in told["linked"]:
        if not any(set(group) <= set(true) for true in truth["linked"]):
            yield f"linked: {group}"
    if told != truth and not told["problems"] and not told["notes"]:
        yield f"{told} without a problem"


def _judge_probe(truth: Mapping[str, Any], told: Mapping[str, Any], fault: Fault) -> Iterator[str]:
    for key, answer in told.items():
        # A link that the kernel refuses is refused, whoever made it say so.
        allowed = {truth[key], "unknown"} | (
            {"no"} if fault["call"] in {"link", "linkat", "ioctl"} else set()
        )
        if answer not in allowed:
            yield f"{key}: {answer}"


def _judge_audit(truth: Mapping[str, Any], told: Mapping[str, Any], fault: Fault) -> Iterator[str]:
    if told["found"].keys() != truth["found"].keys():
        yield f"distributions: {list(told['found'])}"
    for name, seen in told["found"].items():
        true = truth["found"][name]
        if seen == "skipped":  # for it has no RECORD
            if fault["error"] != errno.ENOENT:
                yield f"{name} is skipped"
            continue
        for file, sharing in seen["files"].items():
            if sharing not in {true["files"][file], "unknown"}:
                yield f"{file} is told to be {sharing}"
            elif sharing != "unknown" and not _is_fair(seen["why"][file], true["why"][file], fault):
                yield f"{file}: {seen['why'][file]!r}, and not {true['why'][file]!r}"
        if seen["files"].keys() != true["files"].keys() and not seen["problems"]:
            yield "files are missing, and no problem tells of it"


def _is_fair(why: str, true: str, fault: Fault) -> bool:
    """Return whether a reason is the true one, or an admission; what is not there is gone."""
    return why == true or "cannot be" in why or fault["error"] == errno.ENOENT


_JUDGES = {
    "compare": _judge_compare,
    "pairs": _judge_compare,
    "trees": _judge_trees,
    "stock": _judge_stock,
    "scan": _judge_scan,
    "measure": _judge_measure,
    "probe": _judge_probe,
    "audit": _judge_audit,
}


def _check(  # noqa: PLR0913, PLR0917 - as `_run`
    shim: Path, task: str, folder: Path, errors: tuple[str, ...], step: int, first: int = 0
) -> None:
    undisturbed, *faults = _run(shim, task, folder, errors, step, first)
    truth = undisturbed["told"]
    assert "error" not in truth
    assert faults, "nothing has failed: is the shim loaded?"
    lies = [
        f"{fault['call']} number {fault['number']} fails with {errno.errorcode[fault['error']]}: "
        f"{lie}"
        for fault in faults
        for lie in _lies(task, truth, fault)
    ]
    assert not lies, "\n".join([f"{len(lies)} in {len(faults)} faults", *lies[:10]])


@pytest.mark.parametrize("task", TASKS)
def test_some_calls_fail(shim: Path, subject: Path, task: str) -> None:
    """Of each error every seventh call, each error beginning at another."""
    _check(shim, task, subject, ERRORS, step=len(ERRORS) * LONG.get(task, 1))


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("error", ERRORS)
def test_each_call_fails(shim: Path, subject: Path, task: str, error: str) -> None:
    """With three of the errors or more, in the audit with one or more."""
    step = 1 if WHOLE else 2 * LONG.get(task, 1)
    _check(shim, task, subject, (error,), step, first=ERRORS.index(error) % step)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["btrfs", "xfs"])
@pytest.mark.parametrize("task", TASKS)
def test_some_calls_fail_where_there_are_reflinks(
    shim: Path, places: dict[str, Place], kind: str, task: str
) -> None:
    _check(
        shim,
        task,
        _furnished(places[kind].root / "faults"),
        ERRORS,
        step=1 if WHOLE else 7 * LONG.get(task, 1),
    )


@functools.cache
def _furnished(folder: Path) -> Path:
    folder.mkdir()
    return _furnish(folder)


def test_the_truth_is_true(shim: Path, subject: Path) -> None:
    """What the undisturbed runs say is what was made."""
    (compared, *_), (audited, *_) = (
        _run(shim, task, subject, (), 1) for task in ("compare", "audit")
    )
    expected = {"one name": "symlink"}
    assert compared["told"] == {name: expected.get(name, name) for name in compared["told"]}
    files = audited["told"]["found"]["demo"]["files"]
    assert (files["demo/a.py"], files["demo/own.py"], files["demo/copied.py"]) == (
        "hardlink", "own", "own",
    )  # fmt: skip
