"""A schema registry within the test's own process: its read and write requests, and how they fail.

Real registries are in apicurio.py. This one does on request what a real one cannot be made to do: answer
401, 429 or 500, or not at all, or be gone for a while; and it counts what it is asked. It compares no
versions and checks no schemas: whatever is registered is handed out.
"""

from __future__ import annotations

import base64
import json
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reference = Mapping[str, Any]


class RegistryServer:
    """status: answered to everything, if not 0. user_info: who may read; anyone, if empty.

    body: in the place of every answer, if not empty.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.status, self.user_info, self.body = 0, "", b""
        self.asked: list[str] = []
        self.may_answer = threading.Event()
        self.may_answer.set()
        self._schemas: list[dict[str, Any]] = []
        self._subjects: dict[str, list[int]] = {}
        self._tls, self._address = tls, ("127.0.0.1", 0)
        self._listen()

    @property
    def url(self) -> str:
        scheme = "http" if self._tls is None else "https"
        return f"{scheme}://127.0.0.1:{self._address[1]}"

    def _listen(self) -> None:
        self._server = ThreadingHTTPServer(self._address, _handler(self))
        self._address = "127.0.0.1", self._server.server_port
        if self._tls is not None:
            self._server.socket = self._tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def start(self) -> RegistryServer:
        self._thread.start()
        return self

    def stop(self) -> None:
        self.may_answer.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @contextmanager
    def gone(self) -> Iterator[None]:
        """Meanwhile its port is kept, and connections to it are refused."""
        self.stop()
        with socket.socket() as port:
            port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            port.bind(self._address)
            try:
                yield
            finally:
                self._listen()
                self.start()

    def register(
        self, schema: Any, kind: str = "AVRO", references: Sequence[Reference] = (),
        subject: str = "alerts-value",
    ) -> int:  # fmt: skip
        """The id of a schema. A Protobuf one is a text, others are objects."""
        text = schema if kind == "PROTOBUF" else json.dumps(schema)
        return self.store(text, kind, references, subject)

    def store(self, text: str, kind: str, references: Sequence[Reference], subject: str) -> int:
        stored = {"schema": text, "schemaType": kind, "references": list(references)}
        if stored not in self._schemas:
            self._schemas.append(stored)
        number = self._schemas.index(stored) + 1
        self._subjects.setdefault(subject, []).append(number)
        return number

    def answer(self, path: str, authorization: str) -> tuple[int, Any]:
        self.asked.append(path)
        self.may_answer.wait(30)
        if self.body:
            return 200, None
        if self.status:
            return self.status, {"error_code": self.status, "message": "as the test wants it"}
        expected = "Basic " + base64.b64encode(self.user_info.encode()).decode()
        if self.user_info and authorization != expected:
            return 401, {"error_code": 401, "message": "Unauthorized"}
        return self._found(path.partition("?")[0].strip("/").split("/"))

    def _found(self, parts: list[str]) -> tuple[int, Any]:
        match parts:
            case ["schemas", "ids", number]:
                if not 0 < int(number) <= len(self._schemas):
                    return 404, {"error_code": 40403, "message": "Schema not found"}
                return 200, self._schemas[int(number) - 1]
            case ["subjects", subject, "versions", version]:
                return self._version(subject, int(version))
        return 404, {"error_code": 404, "message": "HTTP 404 Not Found"}

    def _version(self, subject: str, version: int) -> tuple[int, Any]:
        numbers = self._subjects.get(subject, [])
        if not numbers:
            return 404, {"error_code": 40401, "message": "Subject not found"}
        if not 0 < version <= len(numbers):
            return 404, {"error_code": 40402, "message": "Version not found"}
        number = numbers[version - 1]
        return 200, self._schemas[number - 1] | {
            "subject": subject, "version": version, "id": number,
        }  # fmt: skip


def _handler(server: RegistryServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = server.answer(self.path, self.headers.get("Authorization", ""))
            self._send(status, body)

        def do_POST(self) -> None:
            given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            kind, references = given.get("schemaType", "AVRO"), given.get("references", ())
            subject = self.path.strip("/").split("/")[1]
            number = server.store(given["schema"], kind, references, subject)
            self._send(200, {"id": number})

        def _send(self, status: int, body: Any) -> None:
            data = server.body or json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/vnd.schemaregistry.v1+json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    return Handler


@contextmanager
def running(tls: ssl.SSLContext | None = None) -> Iterator[RegistryServer]:
    server = RegistryServer(tls).start()
    try:
        yield server
    finally:
        server.stop()
