"""Avro that is damaged, and Avro that no Postgres column takes."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st

from sinkworker.api import Stage
from tests.corpus.bad import NO_SENSOR, NUL, Bad, generated, named
from tests.services.registry import RegistryServer
from tests.unit.converters.avro_messages import framed, written

ALERT = {
    "type": "record", "name": "Alert", "namespace": "factory.plain",
    "fields": [
        {"name": "sensor_id", "type": ["null", "long"]},
        {"name": "time", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "status", "type": "string"},
    ],
}  # fmt: skip
MOMENT = datetime(2026, 5, 1, 12, 0, 0, 123000, tzinfo=UTC)
LONGEST = b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"
SENSOR, TIME, STATUS = b"\x02\x02", b"\xf6\x93\xbe\x8a\x98\x66", b"\x0aMinor"


def schema_id(registry: RegistryServer) -> int:
    return registry.register(ALERT, subject="corpus-avro")


def good(schema: int, number: int) -> bytes:
    value = {"sensor_id": number, "time": MOMENT, "status": "Minor"}
    return framed(schema, written(ALERT, value))


def bad(schema: int) -> tuple[Bad, ...]:
    damaged = {name: framed(schema, data) for name, data in DAMAGED.items()}
    whole = SENSOR + TIME + STATUS
    cut = {f"cut off after {n} of {len(whole)} bytes": framed(schema, whole[:n])
           for n in range(len(whole))}  # fmt: skip
    refused = {name: framed(schema, data) for name, data in NO_ROW.items()}
    return (*named(UNFRAMED, Stage.VALUE_CONVERTER), *named(damaged, Stage.VALUE_CONVERTER),
            *named(cut, Stage.VALUE_CONVERTER), *named(refused, Stage.TASK_PUT))  # fmt: skip


UNFRAMED: dict[str, bytes] = {
    "no bytes": b"",
    "a zero": b"\0",
    "a zero and half an id": b"\0\0\0",
    "an id without a zero": b"\x01\0\0\0\x01",
    "JSON": b'{"sensor_id":1}',
    "text": b"Critical",
    "an Avro file": b"Obj\x01\x04\x16avro.schema",
    "Avro's single-object form": b"\xc3\x01" + bytes(10),
    "an id that nobody registered": framed(4_000_000, SENSOR + TIME + STATUS),
    "the highest id": framed(2**32 - 1, SENSOR + TIME + STATUS),
    "id 0": framed(0, SENSOR + TIME + STATUS),
    "ones": b"\xff" * 20,
}
DAMAGED: dict[str, bytes] = {
    "a branch of 2": b"\x04\x02" + TIME + STATUS,
    "a branch of -1": b"\x01\x02" + TIME + STATUS,
    "the highest branch": LONGEST + TIME + STATUS,
    "a number of eleven bytes": b"\x02" + b"\xff" * 10 + b"\x01" + TIME + STATUS,
    "a number without end": b"\x02" + b"\x80" * 100,
    "the last moment of all": SENSOR + LONGEST + STATUS,
    "the first moment of all": SENSOR + b"\xff" * 9 + b"\x01" + STATUS,
    "a moment after the year 9999": SENSOR + b"\x80\x80\x84\xac\xc6\xd4\x73" + STATUS,
    "a text of a negative length": SENSOR + TIME + b"\x09Minor",
    "a text of the highest length": SENSOR + TIME + LONGEST + b"Minor",
    "a text longer than the message": SENSOR + TIME + b"\x0cMinor",
    "a text shorter than what is left": SENSOR + TIME + b"\x08Minor",
    "a text that is no UTF-8": SENSOR + TIME + b"\x0a\xff\xfe\xfd\xfc\xfb",
    "an overlong slash": SENSOR + TIME + b"\x04\xc0\xaf",
    "a surrogate in UTF-8": SENSOR + TIME + b"\x06\xed\xa0\x80",
    "half a character": SENSOR + TIME + b"\x02\xc3",
    "a byte too many": SENSOR + TIME + STATUS + b"\0",
    "a record too many": (SENSOR + TIME + STATUS) * 2,
    "a field too few": SENSOR + STATUS,
    "fields turned round": STATUS + TIME + SENSOR,
    "noise": bytes(range(255, 128, -1)),
    "zeros": bytes(100),
}
NO_ROW: dict[str, bytes] = {
    "null for the sensor": b"\x00" + TIME + STATUS,
    "a zero in a text": SENSOR + TIME + b"\x06a\0b",
}


def damage(schema: int) -> st.SearchStrategy[Bad]:
    """Alerts that are no Avro any more, and Avro that no column takes."""
    whole, misfit = SENSOR + TIME + STATUS, f"the bytes do not fit schema {schema}: "
    letters = st.binary(max_size=9).map(lambda data: data.hex()[:9].encode())
    return st.one_of(
        generated("cut off", misfit + "they end too early",
                  st.integers(0, len(whole) - 1).map(lambda at: framed(schema, whole[:at]))),
        generated("more behind its end", misfit + r"\d+ bytes are left over",
                  st.binary(min_size=1).map(lambda more: framed(schema, whole + more))),
        generated("a schema that nobody registered", r"the schema registry \S+ has no schema \d+",
                  st.integers(4_000_000, 4_000_100).map(lambda other: framed(other, whole))),
        generated("a branch that there is not", misfit + "a union's branch that there is not",
                  st.integers(4, 127).map(
                      lambda branch: framed(schema, bytes([branch]) + whole[1:]))),
        generated("no UTF-8", misfit + "a text in them is no UTF-8",
                  letters.map(lambda text: framed(
                      schema, SENSOR + TIME + sized(text + b"\xff")))),
        generated("NUL in a text", NUL, st.tuples(letters, letters).map(
                      lambda two: framed(schema, SENSOR + TIME + sized(b"\0".join(two)))),
                  Stage.TASK_PUT),
        generated("no sensor", NO_SENSOR,
                  letters.map(lambda text: framed(schema, b"\0" + TIME + sized(text))),
                  Stage.TASK_PUT),
    )  # fmt: skip


def sized(text: bytes) -> bytes:
    """A text of up to 63 bytes."""
    return bytes([len(text) * 2]) + text
