"""Kafka's framing: which request, and which answer belongs to it.

Owns sizes, headers and correlation. Knows nothing of what is in a request, and nothing of faults.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from tests.faults.proxy.faults import Piece

APIS = {
    "Produce": 0,
    "Fetch": 1,
    "ListOffsets": 2,
    "Metadata": 3,
    "OffsetCommit": 8,
    "OffsetFetch": 9,
    "FindCoordinator": 10,
    "JoinGroup": 11,
    "Heartbeat": 12,
    "LeaveGroup": 13,
    "SyncGroup": 14,
    "ApiVersions": 18,
    "OffsetForLeaderEpoch": 23,
}
NAMES = {number: name for name, number in APIS.items()}


@dataclass(frozen=True)
class Request:
    api: str
    version: int
    correlation: int
    client: str

    def __str__(self) -> str:
        return f"{self.api} v{self.version} of {self.client}"


class Frames:
    """One direction. A frame's header is a piece; what follows is of no interest."""

    def __init__(self, is_request: bool) -> None:
        self._is_request = is_request
        self._buffer, self._left = b"", 0

    def feed(self, data: bytes) -> Iterator[Piece]:
        self._buffer += data
        while self._buffer:
            if self._left:
                body = self._take(self._left)
                self._left -= len(body)
                yield Piece(body)
            elif (piece := self._header()) is not None:
                yield piece
            else:
                return

    def _take(self, count: int) -> bytes:
        data, self._buffer = self._buffer[:count], self._buffer[count:]
        return data

    def _header(self) -> Piece | None:
        piece = self._request() if self._is_request else self._answer()
        if piece is not None:
            (size,) = struct.unpack_from("!i", piece.data)
            self._left = 4 + size - len(piece.data)
        return piece

    def _request(self) -> Piece | None:
        if len(self._buffer) < 14:
            return None
        _, key, version, correlation, length = struct.unpack_from("!ihhih", self._buffer)
        end = 14 + max(0, length)
        if len(self._buffer) < end:
            return None
        client = self._buffer[14:end].decode(errors="replace")
        request = Request(NAMES.get(key, f"api {key}"), version, correlation, client)
        return Piece(self._take(end), "request", str(request), request)

    def _answer(self) -> Piece | None:
        if len(self._buffer) < 8:
            return None
        _, correlation = struct.unpack_from("!ii", self._buffer)
        return Piece(self._take(8), "answer", f"answer {correlation}", correlation)
