"""A server on a plain socket, whose connections a test speaks on itself."""

from __future__ import annotations

import socket
from contextlib import ExitStack

from tests.faults.proxy import Proxy


class Ends:
    """Connects through a proxy, and gives the two ends of it."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._listener = self._open.enter_context(socket.create_server(("127.0.0.1", 0)))
        self.port: int = self._listener.getsockname()[1]

    def connect(self, proxy: Proxy) -> tuple[socket.socket, socket.socket]:
        """Client and server; each gives up after twenty seconds."""
        client = self.client(proxy)
        server, _ = self._listener.accept()
        self._open.enter_context(server).settimeout(20)
        return client, server

    def client(self, proxy: Proxy) -> socket.socket:
        """Only the client's end, for a connection that reaches nobody."""
        address = ("127.0.0.1", proxy.port)
        return self._open.enter_context(socket.create_connection(address, 20))

    def stop_listening(self) -> None:
        self._listener.close()

    def close(self) -> None:
        self._open.close()


def read(end: socket.socket, count: int) -> bytes:
    """So many bytes, or fewer at the end of the stream."""
    data = b""
    while len(data) < count and (more := end.recv(count - len(data))):
        data += more
    return data


def is_silent(end: socket.socket) -> bool:
    """Nothing has come, not even an end. For what was certainly dealt with before."""
    end.settimeout(0.1)
    try:
        end.recv(1)
    except TimeoutError:
        return True
    finally:
        end.settimeout(20)
    return False
