"""Imports run one way: a lower layer never knows a higher one."""

import ast
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import pytest_linkcheck

PACKAGE = Path(pytest_linkcheck.__file__).parent
NAME = "pytest_linkcheck"

# Where a module stands; it may import its own rank and those below, except that `links` and the
# modules at the top keep to themselves.
RANKS = {
    "errors": 0,
    "links": 0,
    "steps": 0,
    "once": 0,
    "installs": 1,
    "filesystems": 1,
    "assertions": 2,
    "bytecode": 2,
    "evidence": 2,
    "storage": 2,
    "groups": 3,
    "hookspecs": 2,
    "options": 2,
    "linked": 2,
    "audit": 3,
    "conformance": 3,
    "expectation": 3,
    "fixtures": 3,
    "guard": 3,
    "markers": 3,
    "report": 3,
    "run_folder": 3,
    "matrix": 3,
    "shared": 3,
    "snapshot": 3,
    "where": 3,
    "cli": 4,
    "plugin": 4,
    "__main__": 5,
    "__init__": 5,
}
WITHOUT_PYTEST = {"links", "installs", "filesystems"}
MODULES = sorted(PACKAGE.rglob("*.py"))


def _imports(tree: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """Yield the imports of a module that run, those inside functions too."""
    if isinstance(tree, ast.Import | ast.ImportFrom):
        yield tree
        return
    if isinstance(tree, ast.If) and ast.unparse(tree.test).endswith("TYPE_CHECKING"):
        nodes: Iterable[ast.AST] = tree.orelse
    else:
        nodes = ast.iter_child_nodes(tree)
    for node in nodes:
        yield from _imports(node)


def _names(path: Path) -> Iterator[str]:
    """Yield the absolute dotted names that the module at *path* imports."""
    package = [NAME, *path.relative_to(PACKAGE).parent.parts]
    for node in _imports(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        else:
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join([*base, *filter(None, [node.module])])
            yield from (f"{stem}.{alias.name}" for alias in node.names)


def _room(name: str) -> str | None:
    """Return which room of the house the dotted *name* lies in, `None` for other packages."""
    first, _, rest = name.partition(".")
    if first != NAME:
        return None
    room = rest.partition(".")[0]
    return room if room in RANKS else "__init__"


def _room_of_file(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_what_lies_below(path: Path) -> None:
    here = _room_of_file(path)
    assert here in RANKS, f"{here} has no rank: say in RANKS where it stands"
    for name in _names(path):
        first, room = name.partition(".")[0], _room(name)
        if here == "links":
            known = first in sys.stdlib_module_names or room == "links"
            assert known, f"{path.name} imports {name}: links/ takes the standard library alone"
        if here in WITHOUT_PYTEST:
            assert first not in {"pytest", "_pytest", "pluggy", "xdist"}, name
        # The checks are examples too: they import what users do, as users do.
        if room is not None and (here, room) != ("conformance", "__init__"):
            assert RANKS[room] <= RANKS[here], f"{here} imports {name}, which stands above it"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_links_runs_no_process(path: Path) -> None:
    if _room_of_file(path) == "links":
        words = {"subprocess", "multiprocessing", "pty", "os.system", "os.popen", "os.fork"}
        called = {ast.unparse(node) for node in ast.walk(ast.parse(path.read_bytes()))
                  if isinstance(node, ast.Attribute)}  # fmt: skip
        assert not words & (called | {name.partition(".")[0] for name in _names(path)})


def test_the_walk_sees_what_it_must(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "links"
    folder.mkdir()
    path = folder / "module.py"
    path.write_text(
        "import os.path\n"
        "from typing import TYPE_CHECKING\n"
        "from . import facts\n"
        "from .facts import Facts\n"
        "from ..audit import items\n"
        "if TYPE_CHECKING:\n    import pytest\nelse:\n    import pluggy\n"
        "def late():\n    from pytest_linkcheck import plugin\n"
    )
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", tmp_path)
    names = list(_names(path))
    assert names == [
        "os.path",
        "typing.TYPE_CHECKING",
        "pytest_linkcheck.links.facts",
        "pytest_linkcheck.links.facts.Facts",
        "pytest_linkcheck.audit.items",
        "pluggy",
        "pytest_linkcheck.plugin",
    ]
    assert [_room(name) for name in names[2:]] == ["links", "links", "audit", None, "plugin"]
