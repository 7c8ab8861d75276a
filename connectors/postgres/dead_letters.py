"""Dead letters in a table beside the data.

Owns the rows of `errors.deadletterqueue.table`: the records that could not be written, as they were
read, in the transaction that passes their offsets. Must not know what is wrong with them.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.postgres.own_table import make_sure_of
from connectors.postgres.queries import identifier, statement
from connectors.postgres.session import Session
from sinkworker.api import ErrantRecord, Header, TopicPartition

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class LetterTable:
    """The dead letters of one connector, through one session."""

    def __init__(self, session: Session, table: str, connector: str) -> None:
        self._session, self._table, self._connector = session, table, connector
        self._identifier = identifier(table)
        self._is_ready = False

    def make_ready(self) -> None:
        """Create the table unless it is there. Not within a flush."""
        if not self._is_ready:
            with self._session.using(f"creating {self._table}"):
                create = statement("dead_letters", "create", letters=self._identifier)
                make_sure_of(self._session, self._table, create)
            self._is_ready = True

    def add(self, letters: Sequence[ErrantRecord], task: int) -> None:
        """Within the flush's transaction."""
        if letters:
            query = statement("dead_letters", "insert", letters=self._identifier)
            parameters = {"connector": self._connector, "task": task} | _columns(letters)
            self._session.connection.execute(query, parameters)

    def page(self, after: tuple[str, int, int], limit: int) -> list[tuple[Any, ...]]:
        """Letters by topic, partition and offset, from behind this place on."""
        query = statement("dead_letters", "page", letters=self._identifier)
        topic, partition, offset = after
        with self._session.using("reading dead letters"):
            return self._session.connection.execute(
                query, {"connector": self._connector, "topic": topic, "partition": partition,
                        "offset": offset, "limit": limit}
            ).fetchall()  # fmt: skip

    def remove(self, places: Sequence[tuple[TopicPartition, int]]) -> int:
        """How many of them were there."""
        query = statement("dead_letters", "remove", letters=self._identifier)
        parameters = {
            "connector": self._connector,
            "topics": [source.topic for source, _ in places],
            "partitions": [source.partition for source, _ in places],
            "offsets": [offset for _, offset in places],
        }
        return self._session.connection.execute(query, parameters).rowcount


def _columns(letters: Sequence[ErrantRecord]) -> dict[str, list[Any]]:
    """Arrays for unnest(), one a column."""
    return {
        "topics": [letter.source.topic for letter in letters],
        "partitions": [letter.source.partition for letter in letters],
        "offsets": [letter.offset for letter in letters],
        "stages": [letter.stage.value for letter in letters],
        "classes": [letter.executing_class for letter in letters],
        "exceptions": [type(letter.error).__qualname__ for letter in letters],
        "messages": [_storable(str(letter.error)) for letter in letters],
        "timestamps": [_time(letter.timestamp) for letter in letters],
        "keys": [letter.key for letter in letters],
        "values": [letter.value for letter in letters],
        "headers": [_headers(letter.headers) for letter in letters],
    }


def _storable(text: str) -> str:
    """Postgres stores neither NUL nor lone surrogates in text."""
    return text.encode(errors="backslashreplace").decode().replace("\0", "\\x00")


def _time(milliseconds: int | None) -> datetime | None:
    """None, too, for a time that Python cannot name: no letter is lost for its timestamp."""
    try:
        return None if milliseconds is None else EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None


def _headers(headers: Sequence[Header]) -> str:
    listed = [
        {"key": _storable(name), "value": None if data is None else b64encode(data).decode()}
        for name, data in headers
    ]
    return json.dumps(listed)
