"""A plugin for runs that are watched: notes what their Python opens, lists, starts and changes.

One line of JSON each, in the file that LINKCHECK_WATCHED names: the event, and its paths.
"""

import json
import os
import sys

_EVENTS = {
    "open", "os.listdir", "os.scandir", "os.walk", "os.fwalk", "glob.glob", "os.listxattr",
    "os.getxattr", "os.exec", "os.posix_spawn", "os.spawn", "os.system", "os.fork", "os.forkpty",
    "subprocess.Popen", "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink",
    "os.chmod", "os.chown", "os.truncate", "os.utime", "os.setxattr", "os.removexattr",
    "shutil.rmtree", "socket.connect", "ctypes.dlopen",
}  # fmt: skip
_FILE = os.open(os.environ["LINKCHECK_WATCHED"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)


def _name(path: str | bytes | os.PathLike[str]) -> str:
    """Return *path*; what is opened by its descriptor has that here alone, and a name elsewhere."""
    name = os.fsdecode(path)
    return os.readlink(name) if name.startswith("/proc/self/fd/") else name  # noqa: PTH115


def _see(event: str, arguments: tuple[object, ...]) -> None:
    if event not in _EVENTS:
        return
    if event == "open":
        arguments, flags = arguments[:1], arguments[2]
    else:
        flags = 0
    paths = [_name(one) for one in arguments if isinstance(one, str | bytes | os.PathLike)]
    line = json.dumps([event, flags if isinstance(flags, int) else 0, paths])
    os.write(_FILE, f"{line}\n".encode())


sys.addaudithook(_see)
