"""Programs on this machine that are not the server: pages to look at, strangers on a port, somebody who listens."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Heard:
    method: str
    path: str
    headers: str
    body: bytes


@dataclass
class Site:
    """Answers every request, and remembers what it was told."""

    bound: str
    heard: list[Heard] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://{self.bound}"


@contextmanager
def site(
    says: str | Callable[[str], str] = "", kind: str = "text/html; charset=utf-8", port: int = 0
) -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        # HTTP/1.0, its default: a connection kept open would outlive this site.
        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                return
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            here.heard.append(Heard(self.command, self.path, str(self.headers), body))
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Access-Control-Allow-Headers", "*, Authorization, X-Correlation-ID, Content-Type")
            self.send_header("Access-Control-Allow-Methods", "*")
            said = (says if isinstance(says, str) else says(self.path)).encode()
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its parent's name for it
            pass

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as listening:
        listening.daemon_threads = True
        here = Site(f"127.0.0.1:{listening.server_port}")
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield here
        finally:
            listening.shutdown()
            thread.join()
