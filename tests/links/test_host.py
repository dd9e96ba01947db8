import pickle
import subprocess
import sys
from dataclasses import astuple, replace
from pathlib import Path

import pytest
from support.mounting import needs_root

import pytest_linkcheck
from pytest_linkcheck.links import (
    Between,
    Facts,
    Relation,
    Same,
    explain_boundary,
    locate,
    mount_of,
    read_facts,
    read_mounts,
    relate,
)
from pytest_linkcheck.links.content import ChangedError, compare_bytes
from pytest_linkcheck.links.host import Host, boot, host
from pytest_linkcheck.links.sameness import judge_same

SOURCE = Path(pytest_linkcheck.__file__).parents[1]
TELL = "from pytest_linkcheck.links.host import host; print(host().id)"


def _elsewhere(facts: Facts) -> Facts:
    """Return *facts* as another host with equal numbers would send them."""
    sent: Facts = pickle.loads(pickle.dumps(replace(facts, host="another")))  # noqa: S301 - ours
    return sent


def _told(*prefix: str) -> str:
    command = [
        *prefix,
        sys.executable,
        "-c",
        f"import sys; sys.path.insert(0, {str(SOURCE)!r}); {TELL}",
    ]
    return subprocess.check_output(command, text=True).strip()


def test_it_is_one_for_all_processes() -> None:
    assert _told() == host().id
    assert str(host()).startswith(host().name)


@needs_root
def test_a_mount_namespace_makes_no_other_host() -> None:
    assert _told("unshare", "--mount", "--uts", "--net") == host().id


def test_another_kernel_or_another_root_is_another_host() -> None:
    here = host()
    assert replace(here, boot="another").id != here.id
    assert replace(here, tree=(here.tree[0], here.tree[1] + 1)).id != here.id
    assert replace(here, name="renamed").id == here.id
    assert Host(*astuple(here)) == here


def test_facts_carry_it(tmp_path: Path) -> None:
    facts = read_facts(tmp_path)
    assert facts.host == boot()
    assert facts != _elsewhere(facts)


def test_facts_of_two_hosts_are_not_compared(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("x")
    here = read_facts(path)
    there = _elsewhere(here)
    mounts = read_mounts()
    assert judge_same((here, None), (here, None), pinned=True)[0] is Same.YES
    same, reason = judge_same((here, None), (there, None), pinned=True)
    assert (same, reason.partition(":")[0]) == (Same.UNKNOWN, "facts of two hosts")
    assert mount_of(here, mounts) is not None
    assert mount_of(there, mounts) is None
    folder = read_facts(tmp_path)
    assert explain_boundary(folder, folder, mounts)[0] is Between.NOTHING
    between, reason = explain_boundary(folder, _elsewhere(folder), mounts)
    assert (between, reason.partition(":")[0]) == (Between.UNKNOWN, "facts of two hosts")
    relation, reason = relate(locate(here, mounts), replace(locate(here, mounts), facts=there))
    assert (relation, reason.partition(":")[0]) == (Relation.OPEN, "facts of two hosts")


def test_bytes_of_another_host_are_not_read_here(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("x")
    here = read_facts(path)
    compare_bytes(here, here)
    with pytest.raises(ChangedError, match="looked at on another host"):
        compare_bytes(here, _elsewhere(here))
