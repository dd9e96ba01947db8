"""Installs wheels by the library `installer`; run by the Python that has it, with `-I`.

Called as `--version`, or as `[--compile] PYTHON WHEEL...`: PYTHON is the environment's.
"""

import json
import subprocess
import sys
from pathlib import Path

_ASK = """
import json, sys, sysconfig
paths = sysconfig.get_paths()
# That of sysconfig is the base interpreter's, outside of the environment: pip uses this one.
paths["headers"] = f"{sys.prefix}/include/site/python{sys.version_info[0]}.{sys.version_info[1]}"
print(json.dumps(paths))
"""


def main(args: list[str]) -> None:
    """Install the wheels, or tell the library's version."""
    import installer  # noqa: PLC0415 - of the tool environment, not of ours
    from installer.destinations import SchemeDictionaryDestination  # noqa: PLC0415
    from installer.sources import WheelFile  # noqa: PLC0415
    from installer.utils import get_launcher_kind  # noqa: PLC0415

    if args == ["--version"]:
        print("installer", installer.__version__)  # noqa: T201 - that is what it is asked for
        return
    levels = [0] if args[0] == "--compile" else []
    python, *wheels = args[len(levels) :]
    told = subprocess.run([python, "-I", "-c", _ASK], capture_output=True, check=True)
    paths = json.loads(told.stdout)
    for wheel in wheels:
        with WheelFile.open(Path(wheel)) as source:
            destination = SchemeDictionaryDestination(
                scheme_dict={**paths, "headers": f"{paths['headers']}/{source.distribution}"},
                interpreter=python,
                script_kind=get_launcher_kind(),
                bytecode_optimization_levels=levels,
            )
            installer.install(source, destination, {"INSTALLER": b"installer\n"})


if __name__ == "__main__":
    main(sys.argv[1:])
