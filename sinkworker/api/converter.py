"""Bytes → value.

Owns the contract of converters. They are named in `key.converter`, `value.converter` and
`header.converter`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from sinkworker.api.config import ConfigModel
from sinkworker.api.record import Header, Schema


class Converter(ABC):
    """Turns the bytes of a key, a value or a header into Python values.

    One instance per task and use, called from the task's thread for every record.
    config_class: its keys, without the `key.converter.` or the like before them.
    never_fails: whether any bytes at all can be converted. A header is then converted when somebody
    reads it; otherwise at once, so that a bad one is told as a bad record is.
    """

    config_class: ClassVar[type[ConfigModel]] = ConfigModel
    never_fails: ClassVar[bool] = False

    def __init__(self, config: ConfigModel, *, is_key: bool) -> None:
        self.config, self.is_key = config, is_key

    @abstractmethod
    def decode(
        self, topic: str, data: bytes | None, headers: Sequence[Header]
    ) -> tuple[Schema | None, Any]:
        """The schema (None for schemaless data) and the value of one key, value or header.

        headers: the record's own, as bytes.

        Raises DataError, or any other exception, when these bytes can never be converted; its
        message must not contain them. RetriableError when an outside service is needed and down;
        ConnectError itself when it does not let the worker in: that is never tolerated.
        """

    def decode_all(
        self, topic: str, data: Sequence[bytes | None], headers: Sequence[Sequence[Header]]
    ) -> tuple[Sequence[Schema | None], Sequence[Any]]:
        """The schemas and the values of many records. Overridden where there is a faster way.

        When it raises DataError, or what is no ConnectError, the records are decoded one by one: it
        need not say which of them is bad.
        """
        both = [self.decode(topic, each, of_it) for each, of_it in zip(data, headers, strict=True)]
        return [schema for schema, _ in both], [value for _, value in both]
