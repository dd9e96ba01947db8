import pytest

from pytest_linkcheck import Role
from pytest_linkcheck.installs.roles import role_of

INFO = "demo-1.0.dist-info"
SITE = "lib/python3.11/site-packages"


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("demo/__init__.py", Role.PAYLOAD),
        ("demo.py", Role.PAYLOAD),
        ("demo/shipped.pyc", Role.PAYLOAD),
        ("other-1.0.dist-info/RECORD", Role.PAYLOAD),
        ("demo/demo-1.0.dist-info/RECORD", Role.PAYLOAD),
        (f"{INFO}/METADATA", Role.METADATA),
        (f"{INFO}/WHEEL", Role.METADATA),
        (f"{INFO}/licenses/LICENSE", Role.METADATA),
        (f"{INFO}/licenses/RECORD", Role.METADATA),
        (f"{INFO}/RECORD", Role.GENERATED),
        (f"{INFO}/INSTALLER", Role.GENERATED),
        (f"{INFO}/REQUESTED", Role.GENERATED),
        (f"{INFO}/direct_url.json", Role.GENERATED),
        (f"{INFO}/uv_cache.json", Role.GENERATED),
        ("demo/__pycache__/a.cpython-311.pyc", Role.BYTECODE),
        ("demo/__pycache__/a.cpython-311.opt-1.pyc", Role.BYTECODE),
        ("__pycache__/demo.cpython-311.pyc", Role.BYTECODE),
        ("demo/not__pycache__/a.pyc", Role.PAYLOAD),
        ("demo/__pycache__/notes.txt", Role.PAYLOAD),
        ("demo/__pycache__/deeper/a.pyc", Role.PAYLOAD),
    ],
)
def test_in_site_packages(path: str, role: Role) -> None:
    assert role_of(path, f"{SITE}/{path}", INFO, hashed=False) is role


def test_bytecode_with_a_hash_came_out_of_the_wheel() -> None:
    path = "demo/__pycache__/a.cpython-311.pyc"
    assert role_of(path, f"{SITE}/{path}", INFO, hashed=True) is Role.PAYLOAD


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("bin/demo", Role.SCRIPT),
        ("Scripts/demo.exe", Role.SCRIPT),
        ("share/demo/table.csv", Role.DATA),
        ("include/site/python3.11/demo/demo.h", Role.DATA),
        ("share/bin/demo", Role.DATA),
        ("binary", Role.DATA),
    ],
)
def test_elsewhere_in_the_environment(path: str, role: Role) -> None:
    assert role_of(None, path, INFO, hashed=True) is role
