"""One direction of a connection: what was read on one side is written to the other, or is not.

Owns the order and the pace of bytes. Knows no protocol: its reader does.
"""

from __future__ import annotations

import asyncio
import fcntl
import socket
import struct
import termios
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from tests.faults.proxy.faults import Fired, Piece, Reader, Trigger

SLICES = 50  # a second, in which a throttled direction writes
AT_ONCE = 64 * 1024  # the largest of them
MOST_WAITING = 16 * 1024 * 1024  # on their way through a delay; then no more is read


@dataclass(frozen=True)
class Conditions:
    """What lasts in a direction until it is changed."""

    delay: float = 0.0
    rate: float | None = None
    is_frozen: bool = False
    is_dark: bool = False


class Lane:
    """Bytes come in by `take`, and pass triggers, delay and throttle before they are written."""

    def __init__(
        self,
        name: str,
        reader: Reader,
        conditions: Conditions,
        judge: Callable[[Piece], tuple[Trigger, int] | None],
        act: Callable[[Lane, Trigger, Piece, int], None],
        note: Callable[[str, str], Fired],
        ended: Callable[[], None],
    ) -> None:
        self.name, self._reader, self.conditions = name, reader, conditions
        self._judge, self._act, self._note, self._on_end = judge, act, note, ended
        self._loop = asyncio.get_running_loop()
        self.source: asyncio.Transport | None = None
        self._target: asyncio.Transport | None = None
        self._pieces: deque[Piece] = deque()
        self._queue: deque[tuple[float, bytes]] = deque()
        self._queued, self._free_at = 0, 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._noted: dict[str, Fired] = {}
        self._end: str | None = None
        self.has_ended = self._is_held = self._is_full = self._is_lost = False

    def come_from(self, source: asyncio.Transport) -> None:
        self.source = source
        self._regulate()

    def lead_to(self, target: asyncio.Transport) -> None:
        self._target = target
        if self.has_ended:
            target.write_eof()
        self._pump()

    # what comes in

    def take(self, data: bytes) -> None:
        if self.conditions.is_dark:
            self._count("blackhole", len(data))
        elif not self._is_lost:
            self._pieces.extend(self._reader.feed(data))
            self._inspect()

    def end(self, how: str) -> None:
        """The source has ended (`fin`) or broken (`reset`)."""
        if self.conditions.is_dark:
            self._is_lost = True
        if not self._is_lost:
            self._end = self._end or how
            self._pump()

    def _inspect(self) -> None:
        passing: list[bytes] = []
        while self._pieces and not self._is_held:
            piece = self._pieces.popleft()
            verdict = self._judge(piece) if piece.kind else None
            if verdict is None:
                passing.append(piece.data)
                continue
            trigger, count = verdict
            self._send(b"".join([*passing, piece.data[:count]]))
            passing = []
            self._pieces.appendleft(Piece(piece.data[count:]))
            self._is_held = True
            self._regulate()
            self._act(self, trigger, piece, count)
        self._send(b"".join(passing))

    def release(self) -> None:
        """Go on with what was held back."""
        self._is_held = False
        self._inspect()
        self._regulate()
        self._pump()

    # what goes out

    def _send(self, data: bytes) -> None:
        if not data:
            return
        if self.conditions.delay:
            self._count("delay", len(data))
        self._queue.append((self._loop.time() + self.conditions.delay, data))
        self._queued += len(data)
        self._pump()

    def _pump(self) -> None:
        if self._timer is not None or self._target is None:
            return
        now = self._loop.time()
        while self._queue:
            due = max(self._queue[0][0], self._free_at)
            if due > now:
                self._timer = self._loop.call_at(due, self._wake)
                break
            self._write(self._next(now))
        self._regulate()
        if self._end and not self._queue and not self._is_held and not self.has_ended:
            self._pass_end_on(self._end)

    def _next(self, now: float) -> bytes:
        """What may be written now: of a throttled direction, a slice."""
        due, data = self._queue.popleft()
        if rate := self.conditions.rate:
            size = max(1, min(AT_ONCE, int(rate / SLICES)))
            if len(data) > size:
                self._queue.appendleft((due, data[size:]))
                data = data[:size]
            self._free_at = now + len(data) / rate
            self._count("throttle", len(data))
        self._queued -= len(data)
        return data

    def _wake(self) -> None:
        self._timer = None
        self._pump()

    def _write(self, data: bytes) -> None:
        assert self._target is not None
        if not self._target.is_closing():
            self._target.write(data)

    def _pass_end_on(self, how: str) -> None:
        self.has_ended = True
        if self._target is not None and how == "reset":
            reset(self._target)
        elif self._target is not None and not self._target.is_closing():
            self._target.write_eof()
        self._on_end()

    def _regulate(self) -> None:
        """Read on only while there is somewhere to put it. What is lost is read and forgotten."""
        if self.source is None or self.source.is_closing():
            return
        most = AT_ONCE if self.conditions.rate else MOST_WAITING
        stops = self._is_held or self._is_full or self._queued > most
        if (stops and not self._is_lost) or self.conditions.is_frozen:
            self.source.pause_reading()
        else:
            self.source.resume_reading()

    # faults

    def change(self, conditions: Conditions) -> None:
        """A direction that has lost bytes in the dark stays lost: it could only go on with garbage."""
        before, self.conditions = self.conditions, conditions
        if before.is_dark and not conditions.is_dark and "blackhole" in self._noted:
            self._is_lost = True
        if before.is_frozen and not conditions.is_frozen:
            self._count("freeze", self._unread())
        self._hasten()
        self._pump()
        self._regulate()

    def _hasten(self) -> None:
        """What waits need wait no longer than what comes now."""
        latest = self._loop.time() + self.conditions.delay
        self._queue = deque((min(due, latest), data) for due, data in self._queue)
        self._free_at = 0.0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def lose(self) -> None:
        """Nothing more passes."""
        self._pieces.clear()
        self._queue.clear()
        self._is_held, self._is_lost, self._queued = False, True, 0
        self._regulate()

    def half_close(self) -> None:
        """The target is told that nothing more comes, while the source goes on."""
        self.lose()
        if not self.has_ended:
            self._pass_end_on("fin")

    def fill(self, is_full: bool) -> None:
        self._is_full = is_full
        self._regulate()

    def _count(self, fault: str, size: int) -> None:
        if size and fault not in self._noted:
            self._noted[fault] = self._note(fault, self.name)
        if size:
            self._noted[fault].bytes += size

    def _unread(self) -> int:
        """Bytes that wait in the kernel."""
        if self.source is None or self.source.is_closing():
            return 0
        waiting = bytearray(4)
        fcntl.ioctl(self.source.get_extra_info("socket").fileno(), termios.FIONREAD, waiting)
        return int.from_bytes(waiting, "little")


def reset(transport: asyncio.Transport) -> None:
    """End with RST instead of FIN."""
    if not transport.is_closing():
        endpoint = transport.get_extra_info("socket")
        endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
