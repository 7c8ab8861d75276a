"""Faults at the moments of a Postgres transaction."""

from __future__ import annotations

from tests.faults.proxy.faults import AtByte, Piece, Reader, Then, Trigger, Where
from tests.faults.proxy.postgres_wire import Conversation, FromClient, FromServer
from tests.faults.proxy.proxy import Proxy


class PostgresProxy(Proxy):
    """Each fault strikes once, at the n-th match since it was armed, on any connection.

    after_copy: only COMMITs of transactions with rows of COPY count.
    """

    def readers(self) -> tuple[Reader, Reader]:
        conversation = Conversation()
        return FromClient(conversation), FromServer(conversation)

    def drop_commit(self, nth: int = 1, then: Then = "cut", after_copy: bool = False) -> Trigger:
        """The COMMIT never reaches the server."""
        return self._at_commit("drop_commit", then, "request", nth, after_copy)

    def swallow_commit_answer(
        self, nth: int = 1, then: Then = "cut", after_copy: bool = False
    ) -> Trigger:
        """The server has answered the COMMIT; the client never learns what."""
        return self._at_commit("swallow_commit_answer", then, "answer", nth, after_copy)

    def hold_commit(
        self, nth: int = 1, where: Where = "request", after_copy: bool = False
    ) -> Trigger:
        """The COMMIT, or its answer, waits here until `release()`."""
        return self._at_commit("hold_commit", "hold", where, nth, after_copy)

    def cut_copy_at(self, byte: int, then: Then = "cut") -> Trigger:
        """So many bytes of rows (with their headers) still pass, counted on all connections."""
        return self.arm(AtByte("cut_copy_at", then, "copy", byte))

    def _at_commit(
        self, name: str, then: Then, where: Where, nth: int, after_copy: bool
    ) -> Trigger:
        def matches(piece: Piece) -> bool:
            return piece.kind == "commit" and (bool(piece.key) or not after_copy)

        return self.arm(Trigger(name, then, matches, where, nth, _is_answer))


def _is_answer(commit: Piece, piece: Piece) -> bool:
    return piece.kind == "answer"
