"""Protobuf that is damaged, and Protobuf that no Postgres column takes."""

from __future__ import annotations

from hypothesis import strategies as st

from sinkworker.api import Stage
from tests.corpus.bad import NO_SENSOR, NUL, Bad, generated, named
from tests.services.registry import RegistryServer
from tests.unit.converters.avro_messages import framed
from tests.unit.converters.protobuf_messages import message

TEXT = """
    syntax = "proto3"; package corpus; import "google/protobuf/timestamp.proto";
    message Alert {
      optional int64 sensor_id = 1; google.protobuf.Timestamp time = 2; string status = 3;
    }
    message Other { Other other = 1; message Inner { int32 x = 1; } }
"""
SENSOR, STATUS = b"\x08\x01", b"\x1a\x05Minor"


def schema_id(registry: RegistryServer) -> int:
    return registry.register(TEXT, "PROTOBUF", subject="corpus-protobuf")


def good(schema: int, number: int) -> bytes:
    moment = {"seconds": 1_777_636_800, "nanos": 123_000_000}
    written = message(TEXT, "Alert", sensor_id=number, time=moment, status="Minor")
    return framed(schema, b"\0" + written.SerializeToString())


def bad(schema: int) -> tuple[Bad, ...]:
    indexed = {name: framed(schema, data) for name, data in INDEXES.items()}
    damaged = {name: framed(schema, b"\0" + data) for name, data in DAMAGED.items()}
    refused = {name: framed(schema, b"\0" + data) for name, data in NO_ROW.items()}
    return (*named(UNFRAMED, Stage.VALUE_CONVERTER), *named(indexed, Stage.VALUE_CONVERTER),
            *named(damaged, Stage.VALUE_CONVERTER), *named(refused, Stage.TASK_PUT))  # fmt: skip


UNFRAMED: dict[str, bytes] = {
    "no bytes": b"",
    "a zero": b"\0",
    "a zero and half an id": b"\0\0\0",
    "Protobuf without its frame": SENSOR + STATUS,
    "JSON": b'{"sensor_id":1}',
    "an id that nobody registered": framed(4_000_000, b"\0" + SENSOR),
    "the highest id": framed(2**32 - 1, b"\0" + SENSOR),
    "gRPC's frame": b"\x01\0\0\0\x02\x08\x01",
}
INDEXES: dict[str, bytes] = {
    "no index": b"",
    "half an index": b"\x80",
    "an index of one without it": b"\x02",
    "an index of two with one": b"\x04\x02",
    "a message of the file that there is not": b"\x02\x04",
    "message -1": b"\x02\x01",
    "a message within that there is not": b"\x04\x02\x02",
    "a message within one that has none": b"\x04\x00\x00",
    "an index of -1 parts": b"\x01",
    "an index of 63 parts": b"\x7e",
    "an index of the highest length": b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    "an index of eleven bytes": b"\xff" * 10 + b"\x01",
}
DAMAGED: dict[str, bytes] = {
    "a number cut off": b"\x08",
    "a number without end": b"\x08" + b"\x80" * 100,
    "a number of eleven bytes": b"\x08" + b"\xff" * 10 + b"\x01",
    "a key cut off": b"\x88",
    "field 0": b"\x00\x01",
    "a reserved kind of field": b"\x0f",
    "another reserved kind": b"\x0e\x01",
    "a group without its end": b"\x23\x08\x01",
    "an end without its group": b"\x24",
    "another group's end": b"\x23\x2c",
    "groups a thousand deep": b"\x23" * 1000,
    "a text cut off": b"\x1a\x05Min",
    "a text without its length": b"\x1a",
    "a text longer than the message": b"\x1a\x7fMinor",
    "a text of the highest length": b"\x1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    "a text that is no UTF-8": b"\x1a\x02\xff\xfe",
    "an overlong slash": b"\x1a\x02\xc0\xaf",
    "a surrogate in UTF-8": b"\x1a\x03\xed\xa0\x80",
    "half a character": b"\x1a\x01\xc3",
    "a message within cut off": b"\x12\x05\x08\x01",
    "a message within that is damaged": b"\x12\x02\x08\x80",
    "eight bytes cut off": b"\x21\0\0",
    "four bytes cut off": b"\x25\0",
    "noise": bytes(range(255, 128, -1)),
    "a moment beyond all": b"\x12\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
    b"\x12\x0a\x08\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
    "a moment after the year 9999": b"\x12\x07\x08\x80\x9e\xa8\xb7\xe7\x07",
    "JSON within the frame": b'{"sensor_id":1}',
}
NO_ROW: dict[str, bytes] = {
    "nothing": b"",
    "no sensor": STATUS,
    "a zero in a text": SENSOR + b"\x1a\x03a\0b",
}


def damage(schema: int) -> st.SearchStrategy[Bad]:
    """Alerts that are no Protobuf any more, and Protobuf that no column takes."""
    misfit = f"the bytes do not fit schema {schema}: DecodeError"
    letters = st.binary(max_size=9).map(lambda data: data.hex()[:9].encode())
    ours = framed(schema, b"\0" + SENSOR)
    return st.one_of(
        generated("a text cut off", misfit, letters.map(
            lambda text: ours + b"\x1a" + bytes([len(text) + 1]) + text)),
        generated("more behind its end", misfit,
                  st.binary().map(lambda more: ours + STATUS + b"\x0f" + more)),
        generated("a number without end", misfit,
                  st.integers(10, 200).map(lambda size: ours + b"\x08" + b"\x80" * size)),
        generated("a schema that nobody registered", r"the schema registry \S+ has no schema \d+",
                  st.integers(4_000_000, 4_000_100).map(
                      lambda other: framed(other, b"\0" + SENSOR))),
        generated("a message that there is not",
                  f"schema {schema} cannot be used: it has no message of that number",
                  st.integers(2, 63).map(
                      lambda number: framed(schema, b"\x02" + bytes([number * 2]) + SENSOR))),
        generated("no UTF-8", misfit, letters.map(lambda text: ours + sized(text + b"\xff"))),
        generated("NUL in a text", NUL,
                  st.tuples(letters, letters).map(lambda two: ours + sized(b"\0".join(two))),
                  Stage.TASK_PUT),
        generated("no sensor", NO_SENSOR,
                  letters.map(lambda text: framed(schema, b"\0" + sized(text))), Stage.TASK_PUT),
    )  # fmt: skip


def sized(status: bytes) -> bytes:
    """The field `status`, of up to 127 bytes."""
    return b"\x1a" + bytes([len(status)]) + status
