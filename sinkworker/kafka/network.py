"""kafka-python's connections, mended where they lose what a broker says.

Owns sockets that are read to their end and closed when TLS fails, a limit on TLS handshakes, and the
note of why brokers refused us. Must not know consumers.
"""

from __future__ import annotations

import socket
import ssl
from typing import Any

from kafka import errors
from kafka.net.connection import KafkaConnection
from kafka.net.inet import create_connection
from kafka.net.manager import KafkaConnectionManager
from kafka.net.selector import NetworkSelector
from kafka.net.transport import KafkaSSLTransport, KafkaTCPTransport

from sinkworker.kafka.refusals import Refusal, cause, explained
from sinkworker.kafka.security import Security, Tls

READ_BYTES = 4096
TIME_IS_UP = (errors.KafkaTimeoutError, errors.RequestTimedOutError)
NOTHING_YET = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Manager(KafkaConnectionManager):  # type: ignore[misc]
    """Knows why it was refused. Its methods run on the client's I/O thread; `refusal` on any."""

    def __init__(self, net: NetworkSelector, security: Security, **configs: Any) -> None:
        super().__init__(net, **configs)
        self._security = security
        self._refusals: dict[Any, Refusal] = {}

    def refusal(self) -> Refusal | None:
        """Why some broker does not let us in; what is certain comes first."""
        found = [refusal for node_id, refusal in list(self._refusals.items())
                 if not (self.bootstrapped and self.cluster.is_bootstrap(node_id))]  # fmt: skip
        return min(found, key=lambda refusal: not refusal.is_certain, default=None)

    async def _connect(self, node: Any, conn: KafkaConnection, **options: Any) -> None:
        conn.close_future.add_errback(lambda error: self._lost(node, conn, error))
        await super()._connect(node, conn, **options)
        if conn.connected and self.bootstrapped:
            self._refusals.pop(node.node_id, None)
        elif not self.bootstrapped and self._is_refused_by_all():
            # Else kafka-python would try again until time is up, and then say no more than that.
            self._auth_failures[node.node_id] = conn.init_future.exception

    def _lost(self, node: Any, conn: KafkaConnection, error: Exception) -> None:
        if not self.bootstrapped and isinstance(cause(error), TIME_IS_UP):
            return  # the time for all attempts is over: that says nothing about this broker
        knew_us = conn.init_future.succeeded()
        refusal = explained(error, f"{node.host}:{node.port}", self._security, knew_us=knew_us)
        is_certain = refusal is not None and refusal.is_certain
        known = self._refusals.get(node.node_id)
        if is_certain or known is None or not known.is_certain:
            self._note(node.node_id, refusal)

    def _note(self, node_id: Any, refusal: Refusal | None) -> None:
        if refusal is None:
            self._refusals.pop(node_id, None)
        else:
            self._refusals[node_id] = refusal

    def _is_refused_by_all(self) -> bool:
        refusals = [self._refusals.get(each.node_id) for each in self.cluster.bootstrap_brokers()]
        return all(refusal is not None and refusal.is_certain for refusal in refusals)

    async def _build_transport(self, node: Any, timeout_at: float | None = None) -> Any:
        options = self.config["socket_options"]
        sock = await create_connection(
            self._net, node.host, node.port, options, timeout_at=timeout_at
        )
        tls = self._security.tls
        if tls is None:
            return PlainTransport(self._net, sock, host=node.host)
        try:
            return await self._over_tls(tls, sock, node.host, timeout_at)
        except Exception as error:
            sock.close()
            raise errors.KafkaConnectionError(f"TLS: {error}") from error

    async def _over_tls(
        self, tls: Tls, sock: socket.socket, host: str, timeout_at: float | None
    ) -> TlsTransport:
        transport = TlsTransport(self._net, sock, host=host, ssl_context=tls.context())
        try:
            await transport.shake_hands(timeout_at)
        except Exception:
            transport.close()
            raise
        return transport


class _ReadToTheEnd:
    """kafka-python 3.0.12 drops what came with the end of a connection: a broker's last words, such as
    why it refuses a login. And it logs a trace when it is closed while it reads."""

    _sock: Any

    async def _read_from_sock(self) -> None:
        """A socket may be closed in the very turn that begins to wait for it."""
        try:
            await super()._read_from_sock()  # type: ignore[misc]
        except ValueError:  # of the selector
            if self._sock is not None and self._sock.fileno() >= 0:
                raise

    def _sock_recv(self) -> tuple[bytes, Exception | None]:
        sock, received = self._sock, []
        end: Exception | None = errors.KafkaConnectionError("socket disconnected")
        try:
            while sock is not None and (data := sock.recv(READ_BYTES)):
                received.append(data)
        except NOTHING_YET:
            end = None
        except OSError as error:
            end = errors.KafkaConnectionError(error)
        return b"".join(received), None if received else end


class PlainTransport(_ReadToTheEnd, KafkaTCPTransport):  # type: ignore[misc]
    """Without TLS."""


class TlsTransport(_ReadToTheEnd, KafkaSSLTransport):  # type: ignore[misc]
    """With TLS."""

    async def shake_hands(self, timeout_at: float | None) -> None:
        """Without a limit, a port that never answers would hold up a worker for ever."""
        while True:
            try:
                self._sock.do_handshake()
                return
            except ssl.SSLWantReadError:
                await self._net.wait_read(self._sock, timeout_at)
            except ssl.SSLWantWriteError:
                await self._net.wait_write(self._sock, timeout_at)
