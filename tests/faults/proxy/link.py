"""One connection through the proxy: a client's, a server's, and a lane each way.

Owns how the two ends live and die together. Runs on the proxy's loop.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Literal

from tests.faults.proxy.faults import Fired, Firings, Piece, Reader, Then, Trigger
from tests.faults.proxy.lane import Conditions, Lane, reset

Direction = Literal["to_server", "to_client"]
DIRECTIONS: tuple[Direction, Direction] = ("to_server", "to_client")

LINGER = 0.05  # after a FIN: what still comes is swallowed for so long, then answered with RST


class End(asyncio.Protocol):
    """One of the two sockets."""

    def __init__(
        self,
        incoming: Lane,
        outgoing: Lane,
        lost: Callable[[], None],
        made: Callable[[], None] = lambda: None,
    ) -> None:
        self._in, self._out, self._lost, self._made = incoming, outgoing, lost, made

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport.set_write_buffer_limits(high=1024 * 1024)
        self._in.come_from(transport)
        self._out.lead_to(transport)
        self._made()

    def data_received(self, data: bytes) -> None:
        self._in.take(data)

    def eof_received(self) -> bool:
        self._in.end("fin")
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._in.end("reset" if exc else "fin")
        self._lost()

    def pause_writing(self) -> None:
        self._out.fill(True)

    def resume_writing(self) -> None:
        self._out.fill(False)


class Link:
    """`triggers` is the proxy's own list: what is armed later counts here, too."""

    def __init__(
        self,
        number: int,
        readers: tuple[Reader, Reader],
        conditions: dict[Direction, Conditions],
        triggers: list[Trigger],
        firings: Firings,
        made: Callable[[Link], None],
        gone: Callable[[Link], object],
    ) -> None:
        """made: called when the client is there; the server is then `connect`ed, or the link lost."""
        self.number, self._triggers, self._firings, self._gone = number, triggers, firings, gone
        self._alive = 1
        self.lanes: dict[Direction, Lane] = {
            name: Lane(name, reader, conditions[name], self._judge, self._act, self.note, self._end)
            for name, reader in zip(DIRECTIONS, readers, strict=True)
        }
        up, down = self.lanes["to_server"], self.lanes["to_client"]
        self.client = End(up, down, self._lost, lambda: made(self))
        self.server = End(down, up, self._lost)

    async def connect(self, port: int) -> None:
        """Lead on to the server. Where it refuses, the client's connection is reset."""
        loop = asyncio.get_running_loop()
        self._alive += 1
        try:
            await loop.create_connection(lambda: self.server, "127.0.0.1", port)
        except OSError:
            self.reset()
            self._lost()
        if any(transport.is_closing() for transport in self._transports()):
            self.reset()

    def note(self, fault: str, what: str) -> Fired:
        return self._firings.add(Fired(fault, self.number, what))

    def _judge(self, piece: Piece) -> tuple[Trigger, int] | None:
        for trigger in self._triggers:
            passing = trigger.strikes(self.number, piece)
            if passing is not None:
                self._triggers.remove(trigger)
                return trigger, passing
        return None

    def _act(self, lane: Lane, trigger: Trigger, piece: Piece, passed: int) -> None:
        fired = Fired(trigger.name, self.number, trigger.describe(piece), passed)
        loop = asyncio.get_running_loop()
        trigger.strike(fired, lambda then: loop.call_soon_threadsafe(self._go_on, lane, then))
        self._firings.add(fired)
        if trigger.then != "hold":
            self.lose(trigger.then)

    def _go_on(self, lane: Lane, then: Then | None) -> None:
        if then is None:
            lane.release()
        else:
            self.lose(then)

    def lose(self, how: Then) -> None:
        {"cut": self.cut, "reset": self.reset, "blackhole": self.forget}[how]()

    def cut(self) -> None:
        """FIN to both. What is still sent here is refused, as after a process has ended."""
        for lane in self.lanes.values():
            lane.half_close()
        asyncio.get_running_loop().call_later(LINGER, self.close)

    def reset(self) -> None:
        self.forget()
        for transport in self._transports():
            reset(transport)

    def forget(self) -> None:
        """Nothing passes any more, nothing is closed."""
        for lane in self.lanes.values():
            lane.lose()

    def close(self) -> None:
        for transport in self._transports():
            transport.close()

    def _transports(self) -> list[asyncio.Transport]:
        return [lane.source for lane in self.lanes.values() if lane.source is not None]

    def _end(self) -> None:
        if all(lane.has_ended for lane in self.lanes.values()):
            self.close()

    def _lost(self) -> None:
        self._alive -= 1
        if not self._alive:
            self._gone(self)
