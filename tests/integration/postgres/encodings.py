"""How a format says a value of the matrix.

Owns what avro_encodings.py, protobuf_encodings.py and json_schema_encodings.py list: which of a format's
types are which representation, and what its own library is given to write it. Must not know columns,
nor converters.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.integration.postgres.representations import NOTHING, REPRESENTATIONS

TEXTS = tuple(name for name in REPRESENTATIONS if name.startswith(("text", "empty text")))
INTS = ("0", "7", "-7", "40000", "20240229")
LONGS = (*INTS, "epoch milliseconds")
SINGLES, DOUBLES = ("0.5", "7.0", "NaN", "Infinity"), ("0.5", "7.0", "1e39", "NaN", "Infinity")


class Encoding(NamedTuple):
    """kind: the format's word for it. name: of the representation. given: to the format's library."""

    kind: str
    schema: Any
    name: str
    given: Any

    def __str__(self) -> str:
        return f"{self.kind}, {self.name}"


def each(kind: str, schema: Any, *names: str, given: Any = NOTHING) -> Iterator[Encoding]:
    """What is given is what is read, unless `given` says otherwise."""
    for name in names:
        value = REPRESENTATIONS[name].value if given is NOTHING else given
        yield Encoding(kind, schema, name, value)


def listed(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items}
