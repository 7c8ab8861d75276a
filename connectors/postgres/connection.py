"""A connection that does not wait for an answer for ever.

Owns the patience with a server that says nothing while its machine, or something on the way, still
acknowledges what it is sent: then neither keepalives nor tcp_user_timeout end the connection.
"""

from __future__ import annotations

import time
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.rows import TupleRow

T = TypeVar("T")


class PatientConnection(psycopg.Connection[TupleRow]):
    """Breaks after `patience_s` of silence. The server's own time limits should end before that."""

    patience_s = float("inf")

    def wait(self, gen: PQGen[T], *args: Any, **kwargs: Any) -> T:
        """Whatever psycopg waits for on an open connection, it waits for here."""
        return super().wait(self._until_silence(gen), *args, **kwargs)

    def _until_silence(self, gen: PQGen[T]) -> PQGen[T]:
        try:
            wanted = next(gen)
            began = time.monotonic()
            while True:
                ready = yield wanted
                now = time.monotonic()
                if ready:
                    began = now
                elif now - began > self.patience_s:
                    self.pgconn.finish()
                    raise psycopg.OperationalError(f"no answer for {self.patience_s:g} s")
                wanted = gen.send(ready)
        except StopIteration as end:
            result: T = end.value
            return result
