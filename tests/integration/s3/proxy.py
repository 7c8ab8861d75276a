"""An HTTP proxy before an S3 server that loses, delays, changes or refuses requests on cue."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit


class Fate(Enum):
    """What happens to a request and to its answer."""

    LOST = "it never reaches the store"
    UNANSWERED = "it reaches the store, and its answer is lost"
    LATE = "the client hears nothing; the store gets it when `release` is called"
    DAMAGED = "a byte of it is another one"
    TOLD_IT_WON = "whatever the store answers, the client is told 200"


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def is_entry(self) -> bool:
        return self.method == "PUT" and "If-None-Match" in self.headers

    @property
    def is_data(self) -> bool:
        return self.method in ("PUT", "POST") and not self.is_entry


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Who comes when the usual 5 wait already is dropped by the system, and waits for seconds.
    request_queue_size = 128


@dataclass
class Proxy:
    """Forwards to `url`. `script` says what becomes of a request: a fate, a status, or nothing."""

    url: str
    script: Callable[[Request], Fate | int | None] = lambda _: None
    seen: list[Request] = field(default_factory=list)
    late: list[Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def once(self, fate: Fate | int, which: Callable[[Request], bool], times: int = 1) -> None:
        """Do this to the next requests of a kind."""
        left = [fate] * times
        self.script = lambda request: left.pop() if which(request) and left else None

    def release(self) -> list[int]:
        """Let the store have what was held back. Its answers, which nobody waits for."""
        held, self.late = self.late, []
        return [self.forward(request)[0] for request in held]

    def forward(self, request: Request) -> tuple[int, list[tuple[str, str]], bytes]:
        target = urlsplit(self.url)
        connection = HTTPConnection(target.hostname or "", target.port, timeout=20)
        try:
            connection.putrequest(
                request.method, request.path, skip_host=True, skip_accept_encoding=True
            )
            for name, value in request.headers.items():
                connection.putheader(name, value)
            connection.endheaders(request.body)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                with suppress(ConnectionError):
                    super().handle_one_request()

            def log_message(self, *_: Any) -> None:
                pass

            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {n: v for n, v in self.headers.items() if n.lower() != "expect"}
                proxy._decide(self, Request(self.command, self.path, headers, body))

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _serve

        return Handler

    def _decide(self, client: BaseHTTPRequestHandler, request: Request) -> None:
        self.seen.append(request)
        fate = self.script(request)
        if isinstance(fate, int):
            _answer(client, fate, [], b"")
            return
        if fate is Fate.DAMAGED:
            request = Request(
                request.method, request.path, request.headers, b"\x00" + request.body[1:]
            )
        if fate is Fate.LATE:
            self.late.append(request)
        if fate not in (Fate.LATE, Fate.LOST):
            answer = self.forward(request)
            if fate is not Fate.UNANSWERED:
                _answer(client, *((200, [], b"") if fate is Fate.TOLD_IT_WON else answer))
                return
        client.close_connection = True  # without a word


def _answer(
    client: BaseHTTPRequestHandler, status: int, headers: list[tuple[str, str]], body: bytes
) -> None:
    client.send_response_only(status)
    for name, value in headers:
        if name.lower() not in ("content-length", "connection", "transfer-encoding"):
            client.send_header(name, value)
    client.send_header("Content-Length", str(len(body)))
    client.end_headers()
    client.wfile.write(body)
