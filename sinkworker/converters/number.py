"""Numbers of a fixed length, big endian.

Kafka's Short-, Integer-, Long-, Float- and DoubleConverter (`org.apache.kafka.connect.converters`).
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import Any, ClassVar

from sinkworker.api import Converter, DataError, Header, Schema


class NumberConverter(Converter):
    """What the five have in common: so many bytes, neither more nor fewer. Nothing at all is null.

    noun: Kafka's word for such a number. layout: how it is written. schema: what it is.
    """

    noun: ClassVar[str]
    layout: ClassVar[Struct]
    schema: ClassVar[Schema]

    def decode(
        self, topic: str, data: bytes | None, headers: Sequence[Header]
    ) -> tuple[Schema | None, Any]:
        if data is None:
            return self.schema, None
        if len(data) != self.layout.size:
            raise DataError(
                f"Failed to deserialize {self.noun}: Size of data received by "
                f"{type(self).__name__} is not {self.layout.size} but {len(data)}"
            )
        return self.schema, self.layout.unpack(data)[0]


class ShortConverter(NumberConverter):
    noun, layout, schema = "short", Struct(">h"), {"type": "int16", "optional": True}


class IntegerConverter(NumberConverter):
    noun, layout, schema = "integer", Struct(">i"), {"type": "int32", "optional": True}


class LongConverter(NumberConverter):
    noun, layout, schema = "long", Struct(">q"), {"type": "int64", "optional": True}


class FloatConverter(NumberConverter):
    noun, layout, schema = "float", Struct(">f"), {"type": "float", "optional": True}


class DoubleConverter(NumberConverter):
    noun, layout, schema = "double", Struct(">d"), {"type": "double", "optional": True}
