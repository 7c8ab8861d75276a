"""Bytes → text.

Kafka's `org.apache.kafka.connect.storage.StringConverter`.
"""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from typing import Any

from pydantic import field_validator

from sinkworker.api import ConfigModel, Converter, DataError, Header, Schema


class StringConverterConfig(ConfigModel):
    converter_encoding: str = "UTF-8"
    """The name of an encoding, as Java or Python spell it."""

    @field_validator("converter_encoding")
    @classmethod
    def _is_known(cls, name: str) -> str:
        try:
            "".encode(name)  # without bytes, decode() would not even look the codec up
            return codecs.lookup(name).name
        except (LookupError, UnicodeError):  # binary codecs such as base64 are no encodings
            raise ValueError("Unknown encoding of text") from None


class StringConverter(Converter):
    """Decodes strictly: bytes that are no text in the encoding are a data error."""

    config_class = StringConverterConfig

    def __init__(self, config: StringConverterConfig, *, is_key: bool) -> None:
        super().__init__(config, is_key=is_key)
        self._encoding = config.converter_encoding

    def decode(
        self, topic: str, data: bytes | None, headers: Sequence[Header]
    ) -> tuple[Schema | None, Any]:
        if data is None:
            return None, None
        try:
            return None, data.decode(self._encoding)
        except UnicodeDecodeError as error:
            raise DataError(f"not {self._encoding}: {error.reason} at byte {error.start}") from None

    def decode_all(
        self, topic: str, data: Sequence[bytes | None], headers: Sequence[Sequence[Header]]
    ) -> tuple[Sequence[Schema | None], Sequence[Any]]:
        encoding = self._encoding
        texts = [None if each is None else each.decode(encoding) for each in data]
        return [None] * len(texts), texts
