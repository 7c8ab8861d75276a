"""Ports on which no real broker listens, for what real ones seldom do."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress


class Stranger:
    """Accepts connections on loopback and does the same with each, until it is closed."""

    def __init__(self, serve: Callable[[socket.socket], None]) -> None:
        self._serve = serve
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            with suppress(OSError):
                self._serve(connection)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        for each in (self._listener, *self._open):
            each.close()


def silent(connection: socket.socket) -> None:
    """Never answers."""


def hangs_up(connection: socket.socket) -> None:
    connection.recv(65_536)
    connection.close()


def answers(words: bytes) -> Callable[[socket.socket], None]:
    """Says this and hangs up at once: both arrive together."""

    def serve(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(words)
        connection.close()

    return serve


def speaks_tls(context: object) -> Callable[[socket.socket], None]:
    def serve(connection: socket.socket) -> None:
        context.wrap_socket(connection, server_side=True).close()  # type: ignore[attr-defined]

    return serve


def speaks_no_more(context: object) -> Callable[[socket.socket], None]:
    """After the TLS handshake it never answers."""

    def serve(connection: socket.socket) -> None:
        secure = context.wrap_socket(connection, server_side=True)  # type: ignore[attr-defined]
        while secure.recv(4096):
            pass

    return serve
