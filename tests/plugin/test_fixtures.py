import os
from pathlib import Path

import pytest
from plugin.conftest import Run
from support.oracle import device_of

from pytest_linkcheck import (
    UnavailableError,
    Venvs,
    Wheelhouse,
    assert_link_count,
    assert_same_inode,
    fixtures,
)
from pytest_linkcheck.fixtures import make_other_device, places


def test_environments_are_made_apart_with_one_cache(venvs: Venvs, tmp_path: Path) -> None:
    made = [venvs.uv(), venvs.uv(), venvs.pip()]
    assert [one.prefix.name for one in made] == ["uv-1", "uv-2", "pip-1"]
    assert all(one.prefix.is_relative_to(tmp_path) for one in made)
    assert made[0].cache == made[1].cache != made[2].cache
    assert venvs.made == made


def test_other_device_is_one(tmp_path: Path, other_device: Path) -> None:
    assert other_device.is_dir()
    assert not list(other_device.iterdir())
    assert device_of(other_device) != device_of(tmp_path)


def test_other_device_is_removed(tmp_path: Path) -> None:
    with make_other_device(tmp_path) as folder:
        (folder / "file").touch()
    assert not folder.exists()


def test_no_other_device_is_a_skip_with_a_remedy(
    pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile("def test_it(other_device): pass")
    monkeypatch.setattr(fixtures, "places", lambda: [Path("/nonexistent"), pytester.path])
    result = run("-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(
        ["SKIPPED * no other device: */dev/shm and * mount a tmpfs on /dev/shm, or choose *"]
    )
    result = run("--linkcheck-strict")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["no other device: * (a failure by --linkcheck-strict)"])


def test_a_place_that_can_be_linked_into_is_no_other_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "place"
    place.mkdir()
    monkeypatch.setattr(fixtures, "other_devices", lambda _: [place])
    with pytest.raises(UnavailableError, match="no other device"), make_other_device(tmp_path):
        pass
    assert not list(place.iterdir())


def test_a_user_without_a_home_has_places_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOME")
    users: dict[int, str] = {}
    monkeypatch.setattr("pwd.getpwuid", users.__getitem__)
    assert Path("/dev/shm") in places()  # noqa: S108


SHARED = """
    import os, pytest

    def test_first(shared_venvs, wheelhouse):
        one = shared_venvs.uv(wheelhouse.sample, link_mode="hardlink")
        assert one is shared_venvs.uv(wheelhouse.sample, link_mode="hardlink")
        {change}

    def test_second(shared_venvs, wheelhouse, _seen=[]):
        one = shared_venvs.uv(wheelhouse.sample, link_mode="hardlink")
        assert (one / "sample/tiny.py").read_text() == "x=1\\n"
        assert not (one / "new").exists()
        print("made in", one.prefix.parent.name)
"""
CHANGES = {
    "edited": ["path = one / 'sample/large.py'", "path.write_bytes(path.read_bytes()[::-1])"],
    "added": ["(one / 'new').touch()"],
    "removed": ["(one / 'sample/tiny.py').unlink()"],
    "renamed": ["(one / 'sample/tiny.py').rename(one / 'sample/moved.py')"],
    "mode changed": ["(one / 'sample/tiny.py').chmod(0o600)"],
    "mode of a folder changed": ["(one / 'sample').chmod(0o700)"],
    "replaced by an equal file": [
        "path = one / 'sample/tiny.py'",
        "data = path.read_bytes(); path.unlink(); path.write_bytes(data)",
    ],
    "edited and its time set back": [
        "path = one / 'sample/tiny.py'",
        "old = path.stat()",
        "path.write_text('y=2\\\\n')",
        "os.utime(path, ns=(old.st_atime_ns, old.st_mtime_ns))",
    ],
    "edited before a twin was asked for": [
        "(one / 'sample/tiny.py').write_text('y=2\\\\n')",
        "shared_venvs.uv(wheelhouse.sample, link_mode='hardlink', label='twin')",
    ],
    "removed as a whole": ["import shutil; shutil.rmtree(one.prefix)"],
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_who_changes_a_shared_environment_is_told_and_the_next_gets_a_new_one(
    pytester: pytest.Pytester, run: Run, change: list[str]
) -> None:
    pytester.makepyfile(SHARED.format(change="\n        ".join(change)))
    result = run("-rP")
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at teardown of test_first*",
            "this test changed what other tests share: * change*",
            "  */uv-1*",
            "remedy: use the fixture venvs for what is changed; *",
        ]
    )
    result.stdout.no_fnmatch_line("made in request-*-1")


def test_who_only_reads_gets_the_same_environment_again(
    pytester: pytest.Pytester, run: Run
) -> None:
    pytester.makepyfile(SHARED.format(change="list(one.prefix.rglob('*'))"))
    result = run("-rP")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["made in request-*-1"])


def test_many_changes_are_cut_at_ten(pytester: pytest.Pytester, run: Run) -> None:
    change = "[(one / f'new-{n}').touch() for n in range(12)]"
    pytester.makepyfile(SHARED.format(change=change))
    result = run()
    result.stdout.fnmatch_lines(["*share: 12 changes", "  */new-0 is new", "  and 2 more"])


def test_a_label_makes_a_twin_with_the_same_cache(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(
        """
        from pytest_linkcheck import assert_link_count, assert_same_inode

        def test_twins(shared_venvs, wheelhouse):
            one, two = (
                shared_venvs.uv(wheelhouse.sample, link_mode="hardlink", label=label)
                for label in ("one", "two")
            )
            assert one.prefix != two.prefix
            assert_same_inode(one / "sample/tiny.py", two / "sample/tiny.py")
            assert_link_count(one / "sample/tiny.py", 3)

        def test_another_request_has_another_cache(shared_venvs, wheelhouse):
            three = shared_venvs.uv(wheelhouse.sample, wheelhouse.neighbour, link_mode="hardlink")
            assert_link_count(three / "sample/tiny.py", 2)

        def test_pip(shared_venvs, wheelhouse):
            assert shared_venvs.pip(wheelhouse.sample)["sample"].installer == "pip"
        """
    )
    run().assert_outcomes(passed=3)


def test_requests_after_one_was_made_again_have_caches_of_their_own(
    pytester: pytest.Pytester, run: Run
) -> None:
    pytester.makepyfile(
        """
        from pytest_linkcheck import assert_link_count

        def ask(shared_venvs, *wheels):
            return shared_venvs.uv(*wheels, link_mode="hardlink")

        def test_change(shared_venvs, wheelhouse):
            (ask(shared_venvs, wheelhouse.sample) / "new").touch()

        def test_again(shared_venvs, wheelhouse):
            again = ask(shared_venvs, wheelhouse.sample)
            other = ask(shared_venvs, wheelhouse.sample, wheelhouse.neighbour)
            assert again.cache != other.cache
            assert_link_count(again / "sample/tiny.py", 2)
        """
    )
    run().assert_outcomes(passed=2, errors=1)


def test_wheels_of_one_name_and_version_are_two_requests(
    pytester: pytest.Pytester, run: Run
) -> None:
    pytester.makepyfile(
        """
        def test_it(shared_venvs, wheelhouse):
            one, two = (
                shared_venvs.uv(wheelhouse.build("twin", "1.0", {"twin.py": data}))
                for data in (b"A=1", b"B=2")
            )
            assert (one / "twin.py").read_bytes() != (two / "twin.py").read_bytes()
        """
    )
    run().assert_outcomes(passed=1)


def test_the_folder_of_the_run_is_one_for_all_workers(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(
        """
        import pathlib, pytest

        @pytest.mark.parametrize("number", range(4))
        def test_it(_linkcheck_toolbox, number, request, tmp_path_factory):
            home = _linkcheck_toolbox.home
            workers = hasattr(request.config, "workerinput")
            base = tmp_path_factory.getbasetemp()
            assert home.parents[2] == (base.parent if workers else base)
        """
    )
    for workers in ("-n0", "-n2"):
        run(workers).assert_outcomes(passed=4)


def test_a_run_started_by_a_worker_of_xdist_has_a_folder_of_its_own(
    pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    pytester.makepyfile(
        """
        def test_it(_linkcheck_toolbox, tmp_path_factory):
            assert _linkcheck_toolbox.home.is_relative_to(tmp_path_factory.getbasetemp())
        """
    )
    run().assert_outcomes(passed=1)


def test_assertions_know_the_environments_of_the_test(venvs: Venvs, wheelhouse: Wheelhouse) -> None:
    one, two = (venvs.uv(wheelhouse.sample, link_mode="hardlink") for _ in range(2))
    assert_same_inode(one / "sample/tiny.py", two / "sample/tiny.py")
    os.link(one / "sample/tiny.py", one.prefix.parent / "outside")
    with pytest.raises(AssertionError, match="3 in this test's environments and caches, 1 else"):
        assert_link_count(one / "sample/tiny.py", 3)
