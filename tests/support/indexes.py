"""Package indexes of this machine's own: none of the tests' packages come from elsewhere."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pytest_linkcheck import Wheel

NOBODY_LISTENS = "http://127.0.0.1:9/simple"  # the port `discard`


def fill_index(folder: Path, *wheels: Wheel) -> Path:
    """Make *folder* a simple index (PEP 503) of *wheels*."""
    for wheel in wheels:
        project = folder / wheel.name
        project.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(wheel.path, project / wheel.path.name)
        names = [path.name for path in sorted(project.glob("*.whl"))]
        links = "\n".join(f'<a href="{name}">{name}</a><br>' for name in names)
        (project / "index.html").write_text(f"<!DOCTYPE html><html><body>{links}</body></html>")
    return folder


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None: ...


class _Broken(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(HTTPStatus.FORBIDDEN)

    def do_HEAD(self) -> None:
        self.send_error(HTTPStatus.FORBIDDEN)

    def log_message(self, *_: object) -> None: ...


@contextmanager
def served(folder: Path | None) -> Iterator[str]:
    """Serve *folder* by HTTP on this machine; `None` is an index that refuses everybody."""
    handler = partial(_Quiet, directory=folder) if folder else _Broken
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def use_index(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Let both installers look at *url* and nowhere else."""
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "UV_INDEX", "UV_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX"):
        monkeypatch.setenv(name, url)
    for name in ("PIP_RETRIES", "UV_HTTP_RETRIES"):
        monkeypatch.setenv(name, "0")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
