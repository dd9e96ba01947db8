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
WHOLE = 5_000  # files of the wheel that is large


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
def adds_a_program(at: At) -> Generator[None, Said, None]:
    yield
    if at.installs and at.sample.is_dir():
        (at.prefix / "bin/sample-extra").write_bytes(b"")


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


@fault
def loses_the_record(at: At) -> Generator[None, Said, None]:
    yield
    if at.installs:
        at.record.unlink(missing_ok=True)


@fault
def records_sizes_of_nought(at: At) -> Generator[None, Said, None]:
    yield
    if at.installs and at.record.exists():
        rows = [row.split(",") for row in at.record.read_text("utf-8").splitlines()]
        wrong = [f"{name},{digest},{size and 0}\n" for name, digest, size in rows]
        replace(at.record, "".join(wrong).encode())


@fault
def says_nothing_of_what_it_freed(at: At) -> Generator[None, Said, None]:
    said = yield
    if at.verb == "clean":
        said.out, said.err = b"", b""


@fault
def has_names_elsewhere(at: At) -> Generator[None, Said, None]:
    yield
    if at.installs and at.sample.is_dir():
        shelf = at.prefix.with_name(f"shelf-of-{at.prefix.name}")
        shelf.mkdir(exist_ok=True)
        os.link(at.sample / "block.py", shelf / "block.py")


@fault
def caches_a_file_twice(at: At) -> Generator[None, Said, None]:
    yield
    if at.installs and at.sample.is_dir():
        at.into_cache(at.sample / "block.py")


@fault
def copies_one_file_of_thousands(at: At) -> Generator[None, Said, None]:
    yield
    for path in at.site.glob("large/*/module_4999.py") if at.installs else ():
        replace(path, path.read_bytes())


@fault
def leads_into_the_cache(at: At) -> Generator[None, Said, None]:
    yield
    if at.installs and at.sample.is_dir():
        (at.sample / "inline.py").unlink()
        (at.sample / "inline.py").symlink_to(at.cached("inline.py")[0])


@fault
def links_the_given_wheel(at: At) -> Generator[None, Said, None]:
    yield
    for word in at.command if at.installs else ():
        if word.endswith(".whl"):
            at.into_cache(Path(word))


@fault
def links_the_source_of_an_editable(at: At) -> Generator[None, Said, None]:
    yield
    if "--editable" in at.command:
        os.link(Path(at.command[-1], "src/here.py"), at.site / "linked.py")


@fault
def loses_a_file_after_an_uninstall(at: At) -> Generator[None, Said, None]:
    removed = at.prefix.with_name(f"removed-from-{at.prefix.name}")
    if at.verb == "uninstall":
        removed.touch()
    yield
    if at.installs and removed.exists():
        (at.sample / "inline.py").unlink()


@fault
def loses_a_file_after_a_clean(at: At) -> Generator[None, Said, None]:
    cleaned = at.cache.with_name("cleaned")
    if at.verb == "clean":
        cleaned.touch()
    yield
    if at.installs and cleaned.exists():
        (at.sample / "inline.py").unlink()


@fault
def compiles_over_what_was_shipped(at: At) -> Generator[None, Said, None]:
    yield
    if "--compile-bytecode" in at.command and at.sample.is_dir():
        shipped = at.sample / "shipped.pyc"
        write_over(shipped, shipped.read_bytes() + b"more")


@fault
def fails_across_mounts(at: At) -> Generator[None, Said, None]:
    said = yield
    if at.installs and at.cache.stat().st_dev == at.prefix.stat().st_dev:
        trial = at.cache / "trial"
        trial.touch()
        try:
            os.link(trial, at.prefix / "trial")
            (at.prefix / "trial").unlink()
        except OSError:
            said.status, said.err = 1, b"error: Invalid cross-device link\n"


@fault
def fails_at_the_link_limit(at: At) -> Generator[None, Said, None]:
    said = yield
    if at.installs and len({path.stat().st_nlink for path in at.payload()}) > 1:
        said.status, said.err = 1, b"error: Too many links\n"


@fault
def damages_when_not_alone(at: At) -> Generator[None, Said, None]:
    busy = at.cache.with_name(f"busy-{os.getpid()}")
    others = list(at.cache.parent.glob("busy-*"))
    busy.touch()
    yield
    busy.unlink()
    if others and at.installs:
        replace(at.sample / "inline.py", b"damaged = True\n")


@fault
def damages_what_a_kill_left_in_the_cache(at: At) -> Generator[None, Said, None]:
    half = 0 < len(at.cached("module_*.py")) < WHOLE
    yield
    for path in at.site.glob("large/*/module_1.py") if at.installs and half else ():
        replace(path, b"damaged = True\n")


@fault
def leaves_the_cache_locked_when_killed(at: At) -> Generator[None, Said, None]:
    locked = at.cache.with_name("locked")
    stays = locked.exists()
    locked.touch()
    said = yield
    locked.unlink()
    if stays:
        said.status, said.err = 1, b"error: the cache is locked\n"


@fault
def takes_half_for_whole(at: At) -> Generator[None, Said, None]:
    half = set(at.site.glob("large/*/*")) if at.installs else set()
    yield
    for path in set(at.site.glob("large/*/*")) - half if half else ():
        path.unlink()


@fault
def spoils_the_cache_when_the_disk_is_full(at: At) -> Generator[None, Said, None]:
    yield
    if at.verb == "failure":
        for path in at.cached("module_1.py"):
            write_over(path, b"damaged = True\n")


@fault
def counts_what_a_full_disk_cut_off(at: At) -> Generator[None, Said, None]:
    yield
    if at.verb == "failure" and (at.site / "large").is_dir():
        shutil.rmtree(at.site / "large")  # so that there is room
        folder = at.site / "large-1.0.dist-info"
        folder.mkdir(exist_ok=True)
        (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: large\nVersion: 1.0\n")


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
