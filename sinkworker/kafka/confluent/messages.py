"""librdkafka's messages as the records of a batch.

Owns that nothing is made of a record that nobody asks for: a message has methods, and the pipeline
takes whole columns.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, Self, TypeVar, overload

from confluent_kafka import Message

from sinkworker.api import Header
from sinkworker.runtime.ports import Columns, RawRecord

T_co = TypeVar("T_co", covariant=True)


class MessageRecord:
    """One of them, for whoever looks at it alone. Implements `runtime.ports.RawRecord`."""

    __slots__ = ("_message",)

    def __init__(self, message: Message[Any, Any]) -> None:
        self._message = message

    @property
    def offset(self) -> int:
        return self._message.offset() or 0

    @property
    def timestamp(self) -> int:
        return self._message.timestamp()[1]

    @property
    def key(self) -> bytes | None:
        return self._message.key()

    @property
    def value(self) -> bytes | None:
        return self._message.value()

    @property
    def headers(self) -> Sequence[Header]:
        return self._message.headers() or ()  # type: ignore[return-value]

    @property
    def leader_epoch(self) -> int | None:
        return self._message.leader_epoch()


class OfMessages(Sequence[T_co]):
    """Something of each message, made when somebody looks at it."""

    def __init__(self, messages: list[Message[Any, Any]]) -> None:
        self._messages = messages

    def __len__(self) -> int:
        return len(self._messages)

    @overload
    def __getitem__(self, at: int) -> T_co: ...
    @overload
    def __getitem__(self, at: slice) -> Self: ...
    def __getitem__(self, at: int | slice) -> T_co | Self:
        if isinstance(at, slice):
            return type(self)(self._messages[at])
        return self._of(self._messages[at])

    @staticmethod
    @abstractmethod
    def _of(message: Message[Any, Any]) -> T_co: ...


class Timestamps(OfMessages[int]):
    """Most sinks look at none."""

    def __iter__(self) -> Iterator[int]:
        return (timestamp for _, timestamp in map(Message.timestamp, self._messages))

    @staticmethod
    def _of(message: Message[Any, Any]) -> int:
        return message.timestamp()[1]


class Messages(OfMessages[RawRecord]):
    """The records of one partition."""

    @staticmethod
    def _of(message: Message[Any, Any]) -> RawRecord:
        return MessageRecord(message)

    def columns(self) -> Columns:
        """`map` over the class's methods: half of what a loop costs that calls them one by one."""
        of = self._messages
        return Columns(
            list(map(Message.offset, of)),  # type: ignore[arg-type]
            Timestamps(of),
            list(map(Message.key, of)),
            list(map(Message.value, of)),
            [headers or () for headers in map(Message.headers, of)],  # type: ignore[misc]
        )
