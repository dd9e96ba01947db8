"""Deliberate faults: run an installer's command, and then do it wrong.

A program of its own: `python -I faults.py FAULT VERB PREFIX CACHE COMMAND...` runs in the place of
the command. Each fault is a generator: what stands before its `yield` is done before the command,
what stands behind it afterwards; the `yield` gives what the command said, to be changed at will.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Said:
    """What the command said, and will be taken to have said."""

    status: int
    out: bytes
    err: bytes


@dataclass
class At:
    """Where a command is run, and what it does; `verb` is `failure` if an install failed."""

    verb: str
    prefix: Path
    cache: Path
    command: list[str]

    @property
    def installs(self) -> bool:
        return self.verb == "install"

    @property
    def site(self) -> Path:
        return next(self.prefix.glob("lib/python*/site-packages"))

    @property
    def sample(self) -> Path:
        return self.site / "sample"

    @property
    def record(self) -> Path:
        return next(self.site.glob("sample-*.dist-info/RECORD"), self.site / "none")

    def payload(self) -> list[Path]:
        return [path for path in self.sample.rglob("*") if path.is_file()]

    def cached(self, name: str) -> list[Path]:
        return [path for path in self.cache.rglob(name) if path.is_file()]

    def into_cache(self, path: Path) -> None:
        """Give *path* a second name in the cache."""
        shelf = self.cache / "shelf"
        shelf.mkdir(parents=True, exist_ok=True)
        target = shelf / f"{self.prefix.name}-{path.name}"
        target.unlink(missing_ok=True)
        os.link(path, target)


Fault = Callable[[At], Generator[None, Said, None]]
FAULTS: dict[str, Fault] = {}


def fault(function: Fault) -> Fault:
    FAULTS[function.__name__.replace("_", "-")] = function
    return function


def replace(path: Path, data: bytes) -> None:
    """Write *data* to a new file in the place of *path*."""
    mode = path.stat().st_mode
    path.unlink()
    path.write_bytes(data)
    path.chmod(mode)


def write_over(path: Path, data: bytes) -> None:
    """Write *data* into the file that *path* is, whoever else has it."""
    with path.open("r+b") as file:
        file.truncate()
        file.write(data)


@fault
def copies_instead_of_links(at: At) -> Generator[None, Said, None]:
    yield
    if at.installs:
        for path in at.payload():
            replace(path, path.read_bytes())


@fault
def links_where_it_should_copy(at: At) -> Generator[None, Said, None]:
    yield
    for path in at.payload() if at.installs else ():
        data = path.read_bytes()
        source = [one for one in at.cached(path.name) if one.read_bytes() == data]
        path.unlink()
        os.link(source[0], path)


@fault
def links_the_record(at: At) -> Generator[None, Said, None]:
    yield
    if at.installs and at.record.exists():
        at.into_cache(at.record)


@fault
def links_scripts(at: At) -> Generator[None, Said, None]:
    yield
    if at.installs and (at.prefix / "bin/sample-console").exists():
        at.into_cache(at.prefix / "bin/sample-console")


@fault
def links_the_configuration(at: At) -> Generator[None, Said, None]:
    yield
    if at.installs:
        at.into_cache(at.prefix / "pyvenv.cfg")


@fault
def shares_a_folder_by_symlink(at: At) -> Generator[None, Said, None]:
    yield
    if at.installs and at.sample.is_dir():
        source = at.cached("table.csv")[0].parent
        shutil.rmtree(at.sample / "data")
        (at.sample / "data").symlink_to(source)


@fault
def takes_python_from_the_cache(at: At) -> Generator[None, Said, None]:
    yield
    if at.verb == "create":
        python = at.prefix / "bin/python"
        at.cache.mkdir(parents=True, exist_ok=True)
        shutil.copy2(os.path.realpath(python), at.cache / "python")
        python.unlink()
        python.symlink_to(at.cache / "python")


@fault
def drops_the_executable_bit(at: At) -> Generator[None, Said, None]:
    yield
    if at.installs and at.sample.is_dir():
        (at.sample / "tool.sh").chmod(0o600)


@fault
def makes_all_executable(at: At) -> Generator[None, Said, None]:
    yield
    for path in at.payload() if at.installs else ():
        path.chmod(path.stat().st_mode | 0o100)


@fault
def ignores_the_umask(at: At) -> Generator[None, Said, None]:
    yield
    for path in at.payload() if at.installs else ():
        path.chmod(path.stat().st_mode | 0o666)


@fault
def changes_times(at: At) -> Generator[None, Said, None]:
    yield
    for path in at.payload() if at.installs else ():
        os.utime(path, (0, 0))


@fault
def loses_a_file(at: At) -> Generator[None, Said, None]:
    yield
    if at.installs:
        (at.sample / "inline.py").unlink(missing_ok=True)


@fault
def loses_empty_files(at: At) -> Generator[None, Said, None]:
    yield
    for path in at.payload() if at.installs else ():
        if not path.stat().st_size:
            path.unlink()


@fault
def mangles_names(at: At) -> Generator[None, Said, None]:
    yield
    for path in at.payload() if at.installs else ():
        if not path.name.isascii():
            path.rename(path.with_name(ascii(path.name).strip("'").replace("\\", "_")))


@fault
def damages_a_file(at: At) -> Generator[None, Said, None]:
    yield
    if at.installs and at.sample.is_dir():
        replace(at.sample / "inline.py", b"damaged = True\n")


@fault
def records_a_wrong_hash(at: At) -> Generator[None, Said, None]:
    yield
    if at.installs and at.record.exists():
        rows = at.record.read_text("utf-8").splitlines()
        wrong = [f"sample/inline.py,sha256={'A' * 43},2048" if row.startswith("sample/inline.py")
                 else row for row in rows]  # fmt: skip
        replace(at.record, "".join(f"{row}\n" for row in wrong).encode())


@fault
def records_no_hashes(at: At) -> Generator[None, Said, None]:
    yield
    if at.installs and at.record.exists():
        rows = at.record.read_text("utf-8").splitlines()
        replace(at.record, "".join(f"{row.split(',')[0]},,\n" for row in rows).encode())


@fault
def leaves_a_temporary_file(at: At) -> Generator[None, Said, None]:
    yield
    if at.installs:
        (at.site / ".tmp-install").write_bytes(b"")


@fault
def leaves_a_file_behind(at: At) -> Generator[None, Said, None]:
    yield
    if at.verb == "uninstall":
        at.sample.mkdir(exist_ok=True)
        (at.sample / "block.py.old").write_bytes(b"")


@fault
def keeps_the_old_on_upgrade(at: At) -> Generator[None, Said, None]:
    upgrade = at.installs and (at.sample / "tiny.py").exists()
    yield
    if upgrade and not (at.sample / "tiny.py").exists():
        (at.sample / "tiny.py").write_bytes(b"x=1\n")


@fault
def writes_through_on_upgrade(at: At) -> Generator[None, Said, None]:
    old = at.sample / "large.py"
    inode = old.stat().st_ino if at.installs and old.exists() else None
    names = [path for path in at.cached("large.py") if path.stat().st_ino == inode]
    yield
    if names and old.stat().st_ino != inode:
        write_over(names[0], old.read_bytes())


@fault
def writes_through_for_a_neighbour(at: At) -> Generator[None, Said, None]:
    yield
    if at.installs and (at.site / "sample_neighbour").is_dir():
        for path in at.cached("shared.py"):
            write_over(path, b"OWNER = 'sample-neighbour'\n")


@fault
def empties_files_before_it_unlinks(at: At) -> Generator[None, Said, None]:
    if at.verb == "uninstall":
        for path in at.payload():
            write_over(path, b"")
    yield


@fault
def clears_the_cache_on_uninstall(at: At) -> Generator[None, Said, None]:
    yield
    if at.verb == "uninstall":
        for path in at.cached("block.py"):
            path.unlink()


@fault
def upgrades_under_a_reader(at: At) -> Generator[None, Said, None]:
    old = at.sample / "large.py"
    reader = old.open("r+b") if at.installs and old.exists() else None
    yield
    if reader and not os.path.samestat(os.fstat(reader.fileno()), old.stat()):
        reader.truncate(0)
        reader.write(old.read_bytes())
        reader.flush()


@fault
def half_installs(at: At) -> Generator[None, Said, None]:
    yield
    if at.verb == "failure":
        (at.site / "half.py").write_bytes(b"")


@fault
def breaks_the_old_when_it_fails(at: At) -> Generator[None, Said, None]:
    yield
    if at.verb == "failure":
        (at.sample / "block.py").unlink(missing_ok=True)


@fault
def says_that_all_is_well(_at: At) -> Generator[None, Said, None]:
    said = yield
    said.status = 0


@fault
def fails_across_devices(at: At) -> Generator[None, Said, None]:
    said = yield
    if at.installs and at.cache.stat().st_dev != at.prefix.stat().st_dev:
        said.status, said.err = 1, b"error: Invalid cross-device link\n"


@fault
def falls_back_silently(_at: At) -> Generator[None, Said, None]:
    said = yield
    said.err = b"".join(
        line for line in said.err.splitlines(keepends=True) if b"falling" not in line
    )


@fault
def warns_for_nothing(at: At) -> Generator[None, Said, None]:
    said = yield
    said.err += b"warning: something may be wrong\n" if at.installs else b""


@fault
def cleans_nothing(at: At) -> Generator[None, Said, None]:
    kept = at.cache.with_name("kept")
    if at.verb == "clean":
        shutil.copytree(at.cache, kept)
    yield
    if at.verb == "clean":
        shutil.rmtree(at.cache, ignore_errors=True)
        kept.rename(at.cache)


@fault
def cleans_too_much(at: At) -> Generator[None, Said, None]:
    yield
    if at.verb == "clean":
        for path in at.prefix.parent.glob("*/lib/python*/site-packages/sample/large.py"):
            path.unlink()


@fault
def prunes_too_much(at: At) -> Generator[None, Said, None]:
    yield
    if at.verb == "prune":
        for path in at.prefix.parent.glob("*/lib/python*/site-packages/sample/large.py"):
            path.unlink()


@fault
def lies_about_what_it_freed(at: At) -> Generator[None, Said, None]:
    said = yield
    if at.verb == "clean":
        said.out, said.err = b"", b"Removed 3 files (1.0GiB)\n"


@fault
def puts_bytecode_into_the_cache(at: At) -> Generator[None, Said, None]:
    yield
    if at.installs:
        for path in at.cached("block.py"):
            (path.parent / "block.cpython-311.pyc").write_bytes(b"bytecode")


@fault
def shares_bytecode(at: At) -> Generator[None, Said, None]:
    yield
    for path in at.site.rglob("__pycache__/large*.pyc") if at.installs else ():
        shelf = at.cache / "bytecode"
        shelf.mkdir(exist_ok=True)
        (shelf / path.stem).unlink(missing_ok=True)
        os.link(path, shelf / path.stem)


@fault
def always_compiles(at: At) -> Generator[None, Said, None]:
    yield
    if at.installs and at.sample.is_dir():
        (at.sample / "__pycache__").mkdir(exist_ok=True)
        (at.sample / "__pycache__/block.cpython-311.pyc").touch()


@fault
def compiles_again(at: At) -> Generator[None, Said, None]:
    yield
    for path in at.site.rglob("__pycache__/*.pyc") if at.installs else ():
        replace(path, path.read_bytes())


@fault
def leaves_stale_bytecode(at: At) -> Generator[None, Said, None]:
    yield
    for path in at.site.rglob("__pycache__/block*.pyc") if at.installs else ():
        data = path.read_bytes()
        replace(path, data[:8] + b"\1\2\3\4" + data[12:])


@fault
def leaves_bytecode_behind(at: At) -> Generator[None, Said, None]:
    yield
    if at.verb == "uninstall":
        (at.sample / "__pycache__").mkdir(parents=True, exist_ok=True)
        (at.sample / "__pycache__/block.cpython-311.pyc").touch()


def main(name: str, verb: str, prefix: str, cache: str, command: list[str]) -> int:
    at = At(verb, Path(prefix), Path(cache), command)
    steps = FAULTS[name](at)
    next(steps)
    done = subprocess.run(command, capture_output=True, check=False)
    said = Said(done.returncode, done.stdout, done.stderr)
    if at.installs and said.status:
        at.verb = "failure"
    with suppress(StopIteration):
        steps.send(said)
    sys.stdout.buffer.write(said.out)
    sys.stderr.buffer.write(said.err)
    return said.status


if __name__ == "__main__":
    name, verb, prefix, cache, *command = sys.argv[1:]
    sys.exit(main(name, verb, prefix, cache, command))
