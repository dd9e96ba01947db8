"""What is no edit of an installed file raises no alarm."""

import pytest
from guard.conftest import Bench

from pytest_linkcheck import Wheelhouse

pytestmark = pytest.mark.slow  # the plantings run on every Python

PROGRAM = "subprocess.run([PREFIX / 'bin/python', '-c', 'import sample.large'], check=True)"
ENVIRONMENT = """
subprocess.run([UV, "venv", "-q", "--cache-dir", CACHE, tmp_path / "three"], check=True)
subprocess.run(
    [UV, "pip", "install", "-q", "--no-index", "--link-mode=hardlink", "--cache-dir", CACHE,
     "-p", tmp_path / "three", "--find-links", {folder!r}, "sample==1.0"],
    check=True,
)
assert FILE.stat().st_nlink == 4
{after}
"""
REMOVE = "import shutil; shutil.rmtree(tmp_path / 'three')"
COMPILE = """
import py_compile
made = FILE.parent / "__pycache__"
for _ in range(2):
    compiled = py_compile.compile(FILE, made / "large.cpython-311.pyc")
"""
RENAME = """
FILE.rename(FILE.with_name("away"))
FILE.with_name("away").rename(FILE)
"""
RENEW = """
for path in (CACHED, CACHED.parent / "tiny.py"):
    path.with_name("new").write_bytes(path.read_bytes())
    path.with_name("new").replace(path)
"""
CLEAN = {
    "nothing": "pass",
    "reading": "FILE.read_bytes(); CACHED.read_bytes()",
    "an import that leaves bytecode": PROGRAM,
    "bytecode compiled again": COMPILE,
    "bytecode removed": COMPILE + "os.unlink(compiled)",
    "a link made and removed": "os.link(FILE, tmp_path / 'x'); os.unlink(tmp_path / 'x')",
    "renamed there and back": RENAME,
    "a new file": "(FILE.parent / 'new.py').write_text('')",
    "the lock of uv": "(PREFIX / '.lock').touch(); (CACHE / '.lock').touch()",
    "an entry of the cache removed": "import shutil; shutil.rmtree(CACHED.parent)",
    "an entry of the cache made again": RENEW,
    "an index of the cache": "(CACHE / 'simple').write_text('')",
}


@pytest.mark.parametrize("harmless", CLEAN)
def test_it_is_no_edit(bench: Bench, harmless: str) -> None:
    (bench.one.prefix / ".lock").touch()
    (bench.one.cache / "simple").touch()
    bench.write(CLEAN[harmless])
    result = bench.run("-v")
    assert result.ret == pytest.ExitCode.OK
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["*= linkcheck guard =*", "nothing was changed: * watched files"])


@pytest.mark.parametrize("after", ["", REMOVE], ids=["kept", "removed"])
def test_another_environment_from_the_same_cache_is_no_edit(
    bench: Bench, wheelhouse: Wheelhouse, after: str
) -> None:
    bench.write(ENVIRONMENT.format(folder=str(wheelhouse.sample.path.parent), after=after))
    result = bench.run("-v")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["nothing was changed: * watched files"])


def test_an_edit_from_before_is_no_edit_of_this_run(bench: Bench) -> None:
    with bench.file.open("a") as file:
        file.write("#")
    bench.write("FILE.read_bytes()")
    assert bench.run().ret == pytest.ExitCode.OK
