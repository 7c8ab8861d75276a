"""A TCP proxy before Postgres that loses the connection at a named moment of a flush."""

from __future__ import annotations

import selectors
import socket
import threading
from contextlib import suppress
from enum import Enum


class Break(Enum):
    """IN_COPY: rows are being sent. BEFORE_COMMIT: the COMMIT never reaches the server.
    AFTER_COMMIT: its answer never reaches the client."""

    IN_COPY = "in the middle of a COPY"
    BEFORE_COMMIT = "before the COMMIT"
    AFTER_COMMIT = "after the COMMIT"

    def has_come(self, data: bytes) -> bool:
        """Whether the client sends it now. `d` begins a message of COPY's rows."""
        return data.startswith(b"d") if self is Break.IN_COPY else data.endswith(b"COMMIT\x00")


class BreakingProxy:
    """Forwards to `port`. The moment for which it is armed ends its connection, once."""

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._armed: Break | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.broken = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def arm(self, moment: Break) -> None:
        self._armed = moment

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError), client, socket.create_connection(self._target) as server:
            selector = selectors.DefaultSelector()
            for side in (client, server):
                side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                selector.register(side, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    data = key.fileobj.recv(65_536)  # type: ignore[union-attr]
                    if not data:
                        return
                    if key.fileobj is client and self._armed and self._armed.has_come(data):
                        self._lose(server, data)
                        return
                    (server if key.fileobj is client else client).sendall(data)

    def _lose(self, server: socket.socket, data: bytes) -> None:
        moment, self._armed = self._armed, None
        if moment is Break.AFTER_COMMIT:
            server.sendall(data)
            server.recv(65_536)
        self.broken += 1
