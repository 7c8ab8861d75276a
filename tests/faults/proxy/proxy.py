"""A TCP proxy on loopback that breaks connections in the ways networks do.

Owns its listener, its connections, and a thread with an event loop; called from any other thread.
Its faults know no protocol; those that do are in `postgres.py` and `kafka.py`.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Literal, Self, TypeVar

from tests.faults.proxy.faults import Fired, Firings, Raw, Reader, Then, Trigger
from tests.faults.proxy.lane import Conditions
from tests.faults.proxy.link import DIRECTIONS, Direction, Link

On = Literal["all", "present", "new"]
Way = Literal["both", "to_server", "to_client"]
Target = int | Callable[[], int]
Armed = TypeVar("Armed", bound=Trigger)
T = TypeVar("T")


class Proxy:
    """Forwards connections to 127.0.0.1:`target`. Its port is known before it starts."""

    def __init__(self, target: Target) -> None:
        """target: a port, or what tells it for each new connection. May be set anew."""
        self.target = target
        self._socket = _bound(0)
        self.port: int = self._socket.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None
        self._links: dict[int, Link] = {}
        self._count = 0
        self._connecting: set[asyncio.Task[None]] = set()
        self._triggers: list[Trigger] = []
        self._firings = Firings()
        self._for_new: dict[Direction, Conditions] = {way: Conditions() for way in DIRECTIONS}
        self._fate_of_new: Then | None = None

    def start(self) -> Self:
        self._thread.start()
        self._await(self._listen())
        return self

    def close(self) -> None:
        """End every connection and the thread."""
        if self._thread.is_alive():
            self._await(self._close())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._loop.close()
        self._socket.close()

    # what happened

    @property
    def fired(self) -> list[Fired]:
        return list(self._firings.all)

    def wait_fired(self, name: str, seconds: float = 20, count: int = 1) -> Fired:
        """The `count`th firing of that fault. AssertionError after `seconds`."""
        return self._firings.wait(name, seconds, count)

    def on_fire(self, hook: Callable[[Fired], object] | None) -> None:
        """Called in the proxy's thread after a trigger stopped the bytes, before it breaks more."""
        self._firings.hook = hook

    @property
    def connections(self) -> list[int]:
        return self._call(lambda: list(self._links))

    # faults of the network

    def cut(self, on: On = "present") -> None:
        """FIN to both ends."""
        self._lose("cut", on)

    def reset(self, on: On = "present") -> None:
        """RST to both ends."""
        self._lose("reset", on)

    def half_close(self, direction: Direction) -> None:
        """Of present connections: FIN in one direction; what is still sent there is swallowed."""
        self._call(lambda: [self._half_close(link, direction) for link in self._links.values()])

    def blackhole(self, direction: Way = "both", on: On = "all") -> None:
        """Swallow bytes, close nothing. What has lost bytes stays dark also after `heal`."""
        self._change(direction, on, is_dark=True)

    def freeze(self, direction: Way = "both", on: On = "all") -> None:
        """Read nothing; it goes on where it stopped after `heal`, and is counted then."""
        self._change(direction, on, is_frozen=True)

    def delay(self, milliseconds: float, direction: Way = "both", on: On = "all") -> None:
        self._change(direction, on, delay=milliseconds / 1000)

    def throttle(
        self, bytes_per_second: float | None, direction: Way = "both", on: On = "all"
    ) -> None:
        self._change(direction, on, rate=bytes_per_second)

    def refuse(self) -> None:
        """The system refuses new connections; the port stays ours."""
        self._await(self._refuse())

    def heal(self) -> None:
        """End every lasting fault. Triggers stay armed."""
        self._fate_of_new = None
        self._change("both", "all", delay=0.0, rate=None, is_frozen=False, is_dark=False)
        self._await(self._listen())

    # triggers

    def arm(self, trigger: Armed) -> Armed:
        self._call(lambda: self._triggers.append(trigger))
        return trigger

    def disarm(self) -> None:
        """Forget what has not struck yet."""
        self._call(self._triggers.clear)

    def readers(self) -> tuple[Reader, Reader]:
        """For a new connection: of what the client sends, and of what the server sends."""
        return Raw(), Raw()

    # on the loop

    async def _listen(self) -> None:
        if self._server is None:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(self._accept, sock=self._socket, backlog=128)

    async def _refuse(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
            self._socket = _bound(self.port)
            self._firings.add(Fired("refuse", 0, "new connections"))

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._connecting:
            task.cancel()
        for link in list(self._links.values()):
            link.reset()
        await asyncio.sleep(0)  # the sockets are closed in the loop's next turn
        await asyncio.sleep(0)

    def _accept(self) -> asyncio.Protocol:
        self._count += 1
        link = Link(self._count, self.readers(), self._for_new, self._triggers, self._firings,
                    self._lead_on, lambda gone: self._links.pop(gone.number, None))  # fmt: skip
        self._links[link.number] = link
        return link.client

    def _lead_on(self, link: Link) -> None:
        if self._fate_of_new is not None:
            link.note(self._fate_of_new, "new connection")
            link.lose(self._fate_of_new)
            return
        port = self.target if isinstance(self.target, int) else self.target()
        task = asyncio.get_running_loop().create_task(link.connect(port))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    def _lose(self, how: Then, on: On) -> None:
        if on != "present":
            self._fate_of_new = how
        if on != "new":
            self._call(lambda: [self._lose_one(link, how) for link in [*self._links.values()]])

    @staticmethod
    def _lose_one(link: Link, how: Then) -> None:
        link.note(how, "present connection")
        link.lose(how)

    @staticmethod
    def _half_close(link: Link, direction: Direction) -> None:
        link.note("half_close", direction)
        link.lanes[direction].half_close()

    def _change(self, direction: Way, on: On, **conditions: Any) -> None:
        for way in DIRECTIONS if direction == "both" else (direction,):
            if on != "new":
                self._call(partial(self._change_present, way, conditions))
            if on != "present":
                self._for_new[way] = replace(self._for_new[way], **conditions)

    def _change_present(self, way: Direction, conditions: Mapping[str, Any]) -> None:
        for link in self._links.values():
            lane = link.lanes[way]
            lane.change(replace(lane.conditions, **conditions))

    # from other threads

    def _call(self, action: Callable[[], T]) -> T:
        """Run it on the loop, and answer what it answers. Hooks are on the loop already."""
        if threading.current_thread() is self._thread:
            return action()

        async def run() -> T:
            return action()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(20)

    def _await(self, coroutine: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(20)


def _bound(port: int) -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", port))
    return bound
