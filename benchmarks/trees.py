"""Trees for the benchmarks, made on the spot.

    python benchmarks/trees.py FOLDER [FILES]

makes FOLDER/a with 100,000 files (or as many as said) in folders of 50, and FOLDER/b, which has
hard links to all of them but one in fifty, which is a copy.
"""

import os
import sys
from pathlib import Path

FILES, IN_A_FOLDER, A_COPY_IN = 100_000, 50, 50


def make_pair(base: Path, files: int = FILES) -> tuple[Path, Path]:
    """Make two trees in *base*."""
    first, second = base / "a", base / "b"
    for number in range(files // IN_A_FOLDER):
        inside = f"part_{number // 100:03}/folder_{number:05}"
        one, two = first / inside, second / inside
        one.mkdir(parents=True)
        two.mkdir(parents=True)
        for at in range(IN_A_FOLDER):
            name = f"module_{at:02}.py"
            data = b"x" * (at * 37)
            _write(one / name, data)
            if at % A_COPY_IN == A_COPY_IN // 2:
                _write(two / name, data)
            else:
                os.link(one / name, two / name)
    return first, second


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)


if __name__ == "__main__":
    make_pair(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else FILES)
