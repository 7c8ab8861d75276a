"""One client's connection: how long its requests may take to come, and what is no request at all.

Owns these limits, on uvicorn's protocol. Must not know what is asked for.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import STATUS_PHRASES, H11Protocol

from sinkworker.rest.message import Answer, refused

log = logging.getLogger(__name__)
# uvicorn warns of every client that sends nonsense; that is told here, in one line.
errors = logging.getLogger(f"{__name__}.uvicorn")
errors.addFilter(lambda record: record.levelno >= logging.ERROR)

HEAD_WITHIN_SECONDS = 10.0
HEAD_BYTES = 16 * 1024
# Sockets that wait for slow clients are sockets that tasks do not get.
MOST_CONNECTIONS = 256

NO_REQUEST = "This is no HTTP request"
BROKEN_OFF = "The body of the request breaks off"
LATE = "The head of the request did not come in time"
LARGE = f"The head of the request is larger than {HEAD_BYTES} bytes"


class ClientConnection(H11Protocol):
    """A limit runs from its start, and from each answer, until the head of a request is there."""

    _limit: asyncio.TimerHandle | None = None

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.logger = errors

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._start_limit()
        if len(self.connections) > MOST_CONNECTIONS:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._end_limit()

    def handle_events(self) -> None:
        """Who does not read answers has no next request, however many were sent."""
        before = self.cycle
        super().handle_events()
        if self.cycle is not before and not self.flow.write_paused:
            self._end_limit()

    def on_response_complete(self) -> None:
        self._start_limit()
        super().on_response_complete()

    def _start_limit(self) -> None:
        self._end_limit()
        self._limit = self.loop.call_later(HEAD_WITHIN_SECONDS, self._late)

    def _end_limit(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

    def _late(self) -> None:
        """Only who has sent a part of a request, and read its answers, is told."""
        self._limit = None
        has_begun = bool(self.conn.trailing_data[0])
        if has_begun and self.conn.our_state is h11.IDLE:
            self._refuse(refused(408, LATE))
        else:
            self.transport.abort()

    def _make_room(self) -> None:
        """The one that has waited longest for its request goes."""
        waiting = [each for each in self.connections if getattr(each, "_limit", None) is not None]
        oldest = min(waiting, key=lambda each: each._limit.when())  # type: ignore[union-attr]
        oldest.transport.abort()

    def _should_upgrade(self) -> bool:
        """Nothing is: who asks for it gets an answer in HTTP."""
        return False

    def send_400_response(self, msg: str) -> None:
        """Called where h11 finds that what came is no HTTP."""
        error = sys.exception()
        if self.conn.our_state is h11.SEND_RESPONSE:
            self._answer(refused(400, BROKEN_OFF))  # and the request itself tells the log
        elif self.conn.our_state is not h11.IDLE:
            self.transport.abort()  # it has its answer
        elif getattr(error, "error_status_hint", 400) == 431:
            self._refuse(refused(431, LARGE))
        else:
            self._refuse(refused(400, NO_REQUEST))

    def _refuse(self, answer: Answer) -> None:
        log.info("A client was refused: %d %s", answer.status, answer.content["message"])
        self._answer(answer)

    def _answer(self, answer: Answer) -> None:
        body = answer.body()
        headers = [
            ("Content-Type", answer.media_type),
            ("Content-Length", str(len(body))),
            ("Connection", "close"),
        ]
        reason = STATUS_PHRASES[answer.status]
        head = h11.Response(status_code=answer.status, headers=headers, reason=reason)
        for event in (head, h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
