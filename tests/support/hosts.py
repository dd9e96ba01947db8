"""Other hosts for workers of xdist: a tree of files of its own behind a socket, or behind ssh."""

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest_linkcheck
from support.mounting import run

SOURCE = Path(pytest_linkcheck.__file__).parents[1]
_TOLD = ("PYTEST", "COV", "TMPDIR")
# The kernel of another host has another boot id; the rest is a root folder with other contents.
ENTER = """
set -e
mount --make-rprivate /
mount -t tmpfs other {root}
cd {root}
mkdir tmp proc
for each in {shown}; do
    [ -e "$each" ] || continue
    mkdir -p ".$each"
    mount --rbind "$each" ".$each"
done
for each in bin sbin lib lib64; do
    [ -L "/$each" ] && cp -P "/$each" . || true
done
mount -t proc proc proc
echo {boot_id} > tmp/boot_id
mount --bind tmp/boot_id proc/sys/kernel/random/boot_id
mkdir -p work
exec chroot . sh -c 'cd /work && exec {server}'
"""


@contextmanager
def host_in_chroot(root: Path) -> Iterator[str]:
    """Run execnet's socket server in a tree of files of its own; yield what to give to `--tx`."""
    import execnet.script.socketserver as server  # noqa: PLC0415 - what is run there

    names = ["/usr", "/etc", "/dev", "/root", "/opt", "/home", "/bin", "/sbin", "/lib", "/lib64"]
    shown: list[str | Path] = [*names, sys.prefix, sys.base_prefix, SOURCE]
    wanted = [str(path) for path in map(Path, shown) if not path.is_symlink()]
    # What lies in another that is shown already is seen there.
    apart = [path for path in wanted
             if not any(path.startswith(f"{other}/") for other in wanted)]  # fmt: skip
    script = ENTER.format(
        root=shlex.quote(str(root)),
        shown=shlex.join(dict.fromkeys(apart)),
        boot_id=uuid.uuid4(),
        server=f"{sys.executable} -u {server.__file__} 127.0.0.1:0",
    )
    process = subprocess.Popen(
        ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script],
        stdout=subprocess.PIPE,
        encoding="utf-8",
        # What runs of pytest tell each other by variables does not reach another host.
        env={name: value for name, value in os.environ.items() if not name.startswith(_TOLD)},
    )
    try:
        assert process.stdout is not None
        told = process.stdout.readline()
        port = re.search(r"Accept loop \('127\.0\.0\.1', (\d+)\)", told)
        assert port, told
        yield f"socket=127.0.0.1:{port[1]}//chdir=/work"
    finally:
        process.kill()
        process.communicate()


def find_sshd() -> str | None:
    """Return the program sshd, `None` if it is not installed."""
    return shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")


@contextmanager
def host_behind_ssh(folder: Path) -> Iterator[str]:
    """Run sshd on a free port, with keys made for it; yield what to give to `--tx`."""
    for name in ("host_key", "key"):
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name)
    (folder / "authorized").write_bytes((folder / "key.pub").read_bytes())
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    user = run("id", "-un").strip()
    (folder / "sshd_config").write_text(
        f"ListenAddress 127.0.0.1:{port}\nHostKey {folder}/host_key\nPidFile none\nUsePAM no\n"
        f"AuthorizedKeysFile {folder}/authorized\nStrictModes no\nPermitRootLogin yes\n"
        f"PasswordAuthentication no\nAllowUsers {user}\n"
    )
    (folder / "ssh_config").write_text(
        f"Host other\nHostName 127.0.0.1\nPort {port}\nUser {user}\nIdentityFile {folder}/key\n"
        "IdentitiesOnly yes\nStrictHostKeyChecking no\nUserKnownHostsFile /dev/null\n"
        "LogLevel ERROR\nConnectionAttempts 20\n"
    )
    separation = Path("/run/sshd")  # sshd wants this folder, which its service makes
    is_ours = not separation.exists() and os.geteuid() == 0
    if is_ours:
        separation.mkdir(mode=0o755)
    process = subprocess.Popen(
        [find_sshd() or "sshd", "-D", "-e", "-f", folder / "sshd_config"],
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    try:
        assert process.stderr is not None
        told = process.stderr.readline()
        assert "listening" in told, told
        parts = ("ssh=other", f"ssh_config={folder}/ssh_config", f"python={sys.executable}")
        yield "//".join([*parts, f"chdir={folder}/work"])
    finally:
        process.kill()
        process.communicate()
        if is_ours:
            separation.rmdir()
