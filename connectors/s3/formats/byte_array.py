"""Raw bytes: what the converter gives, each value followed by a separator.

Confluent's `ByteArrayFormat`. Must not know what the bytes mean.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from connectors.s3.formats.format import Encoder, Format
from sinkworker.api import DataError, SinkRecord


class ByteArrayFormat(Format):
    """Bytes as they are, text as UTF-8. A record without a value is an empty piece."""

    writes_nulls = True

    def __init__(self, extension: str, separator: bytes) -> None:
        self.extension = extension
        self._separator = separator

    def encoder(self, schema: Hashable) -> Encoder:
        return _Pieces(self._separator)


class _Pieces(Encoder):
    def __init__(self, separator: bytes) -> None:
        self._separator = separator

    def encode(self, records: Sequence[SinkRecord]) -> bytes:
        pieces = [_bytes(record.value) for record in records]
        pieces.append(b"")  # a separator comes behind each, also behind the last
        return self._separator.join(pieces)


def _bytes(value: object) -> bytes:
    if isinstance(value, bytes):
        return value
    if value is None:
        return b""
    if isinstance(value, str):
        try:
            return value.encode()
        except UnicodeEncodeError:
            raise DataError("its text has characters that UTF-8 cannot write") from None
    raise DataError(
        f"ByteArrayFormat writes bytes and text, and the value is a {type(value).__name__}: set "
        "value.converter=ByteArrayConverter, or choose JsonFormat"
    )
