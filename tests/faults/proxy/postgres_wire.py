"""Postgres' protocol, version 3, as far as the moments of a transaction can be told by it.

Owns framing, for messages that are split over reads or merged in them, and what is a COMMIT, its
answer and a row of COPY (with its header of five bytes). Knows nothing of faults. Where encryption
was agreed on, nothing is recognised.
"""

from __future__ import annotations

import re
import struct
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

from tests.faults.proxy.faults import Piece

COMMIT = re.compile(rb"\s*(commit|end)(\s+(work|transaction))?\s*;?\s*", re.IGNORECASE)
WANTS_ENCRYPTION = (80877103, 80877104)  # SSLRequest, GSSENCRequest: answered by a single byte
HEADER = 5  # of every later message: its type, its length without the type
UNPACK_HEADER = struct.Struct("!BI").unpack_from


@dataclass
class Conversation:
    """What one direction must know of the other."""

    bytes_awaited: int = 0
    is_encrypted: bool = False
    copied: int = 0


class Messages(ABC):
    """One direction. Messages of the types in `whole` are kept until they are complete."""

    whole = b""
    row = 0  # the type of COPY's rows, where they are counted

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._buffer, self._at = bytearray(), 0
        self._left, self._is_row = 0, False

    def feed(self, data: bytes) -> Iterator[Piece]:
        self._buffer += data
        self._at = 0
        while self._at < len(self._buffer):
            piece = self._next()
            if piece is None:
                break
            yield piece
        del self._buffer[: self._at]

    def _next(self) -> Piece | None:
        """None as long as more bytes are needed to tell what it is."""
        if self._conversation.is_encrypted:
            return Piece(self._take(len(self._buffer)))
        if self._left:
            return self._rest()
        return self._beginning()

    def _rest(self) -> Piece:
        """Of a message whose beginning is known."""
        data = self._take(self._left)
        self._left -= len(data)
        return self._run_of(data, self._is_row)

    def _beginning(self) -> Piece | None:
        if len(self._buffer) - self._at < HEADER:
            return None
        kind, length = UNPACK_HEADER(self._buffer, self._at)
        if kind not in self.whole:
            return self._run(kind == self.row)
        if len(self._buffer) - self._at < 1 + length:
            return None
        message = self._take(1 + length)
        return self._read(message[:1], message[HEADER:], message)

    def _run(self, is_row: bool) -> Piece:
        """All messages that follow each other and are rows, or are of no interest."""
        buffer, row, whole, at, end = (
            self._buffer,
            self.row,
            self.whole,
            self._at,
            len(self._buffer),
        )
        while end - at >= HEADER:
            kind, length = UNPACK_HEADER(buffer, at)
            if kind in whole or (kind == row) is not is_row:
                break
            at += 1 + length
        self._left, self._is_row = max(0, at - end), is_row
        return self._run_of(self._take(at - self._at), is_row)

    def _run_of(self, data: bytes, is_row: bool) -> Piece:
        if not is_row:
            return Piece(data)
        self._conversation.copied += len(data)
        return Piece(data, "copy", "CopyData")

    def _take(self, count: int) -> bytes:
        data = bytes(self._buffer[self._at : self._at + count])
        self._at += len(data)
        return data

    @abstractmethod
    def _read(self, kind: bytes, body: bytes, message: bytes) -> Piece: ...


class FromClient(Messages):
    """COMMIT as a simple query, or as the statement of a portal that is executed."""

    whole = b"QPBE"
    row = ord("d")

    def __init__(self, conversation: Conversation) -> None:
        super().__init__(conversation)
        self._is_starting = True
        self._commits: dict[bytes, bool] = {}  # by statement
        self._portals: dict[bytes, bytes] = {}

    def _beginning(self) -> Piece | None:
        if not self._is_starting:
            return super()._beginning()
        if len(self._buffer) - self._at < 8:
            return None
        length, code = struct.unpack_from("!II", self._buffer, self._at)
        if code in WANTS_ENCRYPTION:
            self._conversation.bytes_awaited += 1
        else:
            self._is_starting = False
        self._left, self._is_row = length - 8, False
        return Piece(self._take(8))

    def _read(self, kind: bytes, body: bytes, message: bytes) -> Piece:
        if kind == b"Q":
            is_commit = COMMIT.fullmatch(body[:-1]) is not None
        else:
            is_commit = self._read_extended(kind, body)
        return self._commit(message) if is_commit else Piece(message)

    def _read_extended(self, kind: bytes, body: bytes) -> bool:
        """Parse, Bind, Execute: whether it executes a COMMIT."""
        first, _, rest = body.partition(b"\0")
        second = rest.partition(b"\0")[0]
        if kind == b"P":
            self._commits[first] = COMMIT.fullmatch(second) is not None
        elif kind == b"B":
            self._portals[first] = second
        return kind == b"E" and self._commits.get(self._portals.get(first, b""), False)

    def _commit(self, message: bytes) -> Piece:
        copied, self._conversation.copied = self._conversation.copied, 0
        return Piece(message, "commit", f"COMMIT after {copied} bytes of COPY", copied)


class FromServer(Messages):
    """The answer to a COMMIT: that it is done, that it was a ROLLBACK, or an error."""

    whole = b"CE"

    def _beginning(self) -> Piece | None:
        if self._conversation.bytes_awaited:
            self._conversation.bytes_awaited -= 1
            answer = self._take(1)
            self._conversation.is_encrypted = answer in (b"S", b"G")
            return Piece(answer)
        return super()._beginning()

    def _read(self, kind: bytes, body: bytes, message: bytes) -> Piece:
        if kind == b"E":
            return Piece(message, "answer", "ErrorResponse")
        tag = body.rstrip(b"\0").decode()
        return Piece(message, "answer" if tag in ("COMMIT", "ROLLBACK") else "", tag)
