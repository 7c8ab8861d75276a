"""HTTP on a thread of its own: Starlette's requests and answers around the routes, on uvicorn.

Owns reading bodies within bounds, which requests wait on other threads, and the server's life. Must not
know what is asked for. Its libraries are imported on that thread, when somebody asks for the first time.
"""

from __future__ import annotations

import asyncio
import logging
import selectors
import socket
import ssl
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from sinkworker.rest.guard import MOST_BYTES, Guard, too_large
from sinkworker.rest.listening import Bound
from sinkworker.rest.message import Answer, Request, refused
from sinkworker.rest.port import Administration

if TYPE_CHECKING:
    from starlette.requests import Request as HttpRequest

    from sinkworker.rest.quiet_server import QuietServer

log = logging.getLogger(__name__)

BODY_WITHIN_SECONDS = 10.0
STOP_WITHIN_SECONDS = 2.0


class RestServer:
    """Answers until `stop`. keys: for https, the private key with its certificates."""

    def __init__(
        self,
        worker: Administration,
        guard: Guard,
        bound: Sequence[Bound],
        keys: tuple[str, str | None] | None = None,
    ) -> None:
        self._worker, self._guard, self._bound, self._keys = worker, guard, bound, keys
        self._servers: Future[list[QuietServer]] = Future()
        self._told, self._tells = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="rest", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Let what is being answered end, shortly."""
        self._tells.close()
        try:
            for server in self._servers.result(STOP_WITHIN_SECONDS):
                server.end()
        except Exception as error:  # cancelled, too
            log.debug("REST never ran: %r", error)
        self._thread.join(STOP_WITHIN_SECONDS)

    def _run(self) -> None:
        try:
            if self._somebody_asks():
                asyncio.run(self._serve())
            else:
                self._servers.cancel()
        except Exception as error:
            log.exception("REST ended")
            if not self._servers.done():
                self._servers.set_exception(error)

    def _somebody_asks(self) -> bool:
        """Wait for the first client, or for `stop`. What answers is not loaded before: that takes the
        tasks a third of a second and 15 MB. Who asks is connected, and waits that long."""
        with self._told, selectors.DefaultSelector() as selector:
            for each in (self._told, *(bound.socket for bound in self._bound)):
                selector.register(each, selectors.EVENT_READ)
            return all(ready.fileobj is not self._told for ready, _ in selector.select())

    async def _serve(self) -> None:
        servers = [self._server(each) for each in self._bound]
        self._servers.set_result(servers)
        pairs = zip(servers, self._bound, strict=True)
        await asyncio.gather(*(server.serve(sockets=[bound.socket]) for server, bound in pairs))

    def _server(self, bound: Bound) -> QuietServer:
        import uvicorn

        from sinkworker.rest.connection import HEAD_BYTES, ClientConnection
        from sinkworker.rest.quiet_server import QuietServer

        config = uvicorn.Config(
            self._app, http=ClientConnection, ws="none", loop="asyncio", lifespan="off",
            interface="asgi3", log_config=None, access_log=False, server_header=False,
            proxy_headers=False, h11_max_incomplete_event_size=HEAD_BYTES, timeout_graceful_shutdown=1,
        )  # fmt: skip
        config.load()
        if bound.listener.scheme == "https":
            config.ssl = self._tls()
        return QuietServer(config)

    def _tls(self) -> ssl.SSLContext:
        assert self._keys is not None, "https needs a key"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self._keys[0], password=self._keys[1])
        return context

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        from starlette.requests import Request as HttpRequest
        from starlette.responses import Response

        if scope["type"] != "http":
            return
        answer = await self._answered(HttpRequest(scope, receive))
        body = b"" if scope["method"] == "HEAD" else answer.body()
        headers = {
            **answer.headers,
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }
        kind = answer.media_type if answer.body() else None
        response = Response(body, answer.status, headers, kind)
        await response(scope, receive, send)

    async def _answered(self, http: HttpRequest) -> Answer:
        # A name that is there twice has both values, as HTTP has it; none of them counts alone.
        headers = {name: ", ".join(http.headers.getlist(name)) for name in http.headers}
        path = http.scope.get("raw_path", b"/").decode("latin-1")
        answer = self._guard.refusal(http.method, path, headers)
        if answer is None:
            body = await _body(http)
            answer = body if isinstance(body, Answer) else await self._routed(http, path, body)
        if answer.status >= 400:
            _tell(http.method, path, answer)
        return answer

    async def _routed(self, http: HttpRequest, path: str, body: bytes) -> Answer:
        from starlette.concurrency import run_in_threadpool

        from sinkworker.rest import routes

        query = {key: http.query_params.getlist(key) for key in http.query_params}
        request = Request(http.method, path, query, body, str(http.base_url).rstrip("/"))
        found = routes.find(request)
        if isinstance(found, Answer):
            return found
        if found[0].waits:
            return await run_in_threadpool(routes.answer, self._worker, request)
        return routes.answer(self._worker, request)


def _tell(method: str, path: str, answer: Answer) -> None:
    """One line, whatever the client put into its request."""
    words = (method, path, str((answer.content or {}).get("message", "")))
    method, path, why = (ascii(word)[1:-1] for word in words)
    log.info("%s %s: %d %s", method, path, answer.status, why)


async def _body(http: HttpRequest) -> bytes | Answer:
    from starlette.requests import ClientDisconnect

    parts, size = [], 0
    try:
        async with asyncio.timeout(BODY_WITHIN_SECONDS):
            async for part in http.stream():
                parts.append(part)
                size += len(part)
                if size > MOST_BYTES:
                    return too_large()
    except TimeoutError:
        return refused(408, "The body did not come in time")
    except ClientDisconnect:
        return refused(400, "The body of the request breaks off")
    return b"".join(parts)
