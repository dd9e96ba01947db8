"""The sample wheel's files: one of every class that some installer treats in a way of its own."""

import importlib.util
import marshal
import struct
from typing import TypedDict

SHARED_PATH = "sample/shared.py"  # `sample-neighbour` ships it too
LONG_NAME = f"{'n' * 197}.py"  # 200 characters
SPACED_NAME = "name with spaces.txt"
FOREIGN_NAME = "naïve-文件-ß.txt"
# btrfs keeps a file of up to 2,048 bytes in its metadata: then there are no blocks to share.
INLINE_LIMIT = 2048
_UNCHECKED_HASH = 0b01  # PEP 552: valid whatever its source, so that it has none to go stale by


class Contents(TypedDict):
    """What `Wheelhouse.build` takes."""

    files: dict[str, bytes]
    executable: tuple[str, ...]
    console_scripts: dict[str, str]


NEIGHBOUR = {
    "sample_neighbour/__init__.py": b"NAME = 'neighbour'\n",
    SHARED_PATH: b"OWNER = 'sample-neighbour'\n",
}


def contents(version: str) -> Contents:
    """Return the files of `sample` *version*, 1.0 or 2.0."""
    data = f"sample-{version}.data"
    files = {
        "sample/__init__.py": f"VERSION = {version!r}\n".encode(),
        "sample/__main__.py": b"def main():\n    print('hello from sample')\n",
        "sample/tiny.py": b"x=1\n",
        "sample/inline.py": _comment(INLINE_LIMIT),
        "sample/block.py": _comment(INLINE_LIMIT + 1),
        "sample/large.py": _comment(100 * 1024),
        "sample/empty.py": b"",
        "sample/py.typed": b"",
        "sample/tool.sh": b"#!/bin/sh\necho tool\n",
        "sample/shipped.pyc": _bytecode(),
        SHARED_PATH: b"OWNER = 'sample'\n",
        "sample/data/table.csv": b"a,b\n1,2\n",
        f"sample/data/{SPACED_NAME}": b"spaces\n",
        f"sample/data/{FOREIGN_NAME}": "ünï\n".encode(),
        f"sample/data/{LONG_NAME}": b"LONG = True\n",
        f"{data}/scripts/sample-python": b"#!python\nprint('script')\n",
        f"{data}/scripts/sample-executable": b"#!/bin/sh\necho executable\n",
        f"{data}/scripts/sample-plain": b"#!/bin/sh\necho plain\n",
        f"{data}/data/share/sample/shared.txt": b"shared data\n",
        f"{data}/headers/sample.h": b"#define SAMPLE 1\n",
    }
    if version == "2.0":
        del files["sample/tiny.py"]
        files["sample/added.py"] = b"ADDED = True\n"
        files["sample/large.py"] = _comment(100 * 1024, "two")
    return Contents(
        files=files,
        executable=("sample/tool.sh", f"{data}/scripts/sample-executable"),
        console_scripts={"sample-console": "sample.__main__:main"},
    )


def _comment(size: int, text: str = "one") -> bytes:
    """Return a module of exactly *size* bytes that does nothing."""
    line = f"# {text} {'.' * 58}\n".encode()
    body = (line * (size // len(line) + 1))[: size - 1]
    return body + b"\n"


def _bytecode() -> bytes:
    """Return a `.pyc` of this Python's own, as a wheel without sources ships it."""
    code = compile("SHIPPED = True\n", "shipped.py", "exec", dont_inherit=True)
    header = importlib.util.MAGIC_NUMBER + struct.pack("<I", _UNCHECKED_HASH) + bytes(8)
    return header + marshal.dumps(code)
