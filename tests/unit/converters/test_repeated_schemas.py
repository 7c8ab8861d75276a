"""What is read at once is read as it is alone: envelopes that begin as one before, and plain texts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinkworker.converters.json import JsonConverter, JsonConverterConfig

LOGICAL = "org.apache.kafka.connect.data."
FIELDS = [
    {"field": "id", "type": "int64"},
    {"field": "level", "type": "string", "optional": True},
    {"field": "x", "type": "double", "optional": True},
    {"field": "on", "type": "boolean", "default": True},
    {"field": "at", "type": "int64", "name": f"{LOGICAL}Timestamp", "optional": True},
    {"field": "cost", "type": "bytes", "name": f"{LOGICAL}Decimal", "parameters": {"scale": "2"}},
    {"field": "tags", "type": "array", "items": {"type": "string"}, "optional": True},
    {"field": "payload", "type": "int32", "optional": True, "default": 7},
]


def converter(**config: Any) -> JsonConverter:
    return JsonConverter(JsonConverterConfig(**config), is_key=False)


def outcome(reader: JsonConverter, data: bytes) -> tuple[Any, ...]:
    """Schema and value with their types, or the error's words."""
    try:
        schema, value = reader.decode("alerts", data, ())
    except Exception as error:
        return type(error), str(error)
    return schema, repr(value), value


def outcome_of_all(reader: JsonConverter, messages: Sequence[bytes]) -> Any:
    """The same of many at once, where all of them can be read; else None."""
    try:
        schemas, values = reader.decode_all("alerts", messages, [()] * len(messages))
    except Exception:
        return None
    return [(schema, repr(value), value) for schema, value in zip(schemas, values, strict=True)]


def compare(messages: Sequence[bytes], **config: Any) -> None:
    """One converter reads all, one by one and several at once, and for each there is one that has never
    seen another."""
    together = converter(**config)
    alone = [outcome(converter(**config), data) for data in messages]
    for data, expected in zip(messages, alone, strict=True):
        assert outcome(together, data) == expected
        for batch, outcomes in (([data] * 2, [expected] * 2), (messages, alone)):
            are_good = all(len(each) == 3 for each in outcomes)
            assert outcome_of_all(together, batch) == (outcomes if are_good else None)


# By field: what fits it, and what JSON may hold instead.
FITTING: dict[str, st.SearchStrategy[Any]] = {
    "id": st.integers(-5, 5),
    "level": st.one_of(st.none(), st.text(max_size=3)),
    "x": st.sampled_from([0.5, 1, None, -1e300]),
    "on": st.one_of(st.booleans(), st.none()),
    "at": st.sampled_from([1_700_000_000_123, None, 0]),
    "cost": st.sampled_from(["AQ==", 1.25, 3]),
    "tags": st.one_of(st.none(), st.lists(st.text(max_size=2), max_size=2)),
    "payload": st.sampled_from([1, None]),
}
ANYTHING = st.sampled_from(
    [None, True, 1, 2**70, 0.5, "AQ==", "a", [], [1e300], {}, {"payload": 1}, "1e400", "payload"]
)
BEGINNINGS = [
    b'{"schema":%s,"payload":', b'{"schema":%s,"payload":', b'{"schema": %s, "payload":',
    b'{"payload":5,"schema":%s,"payload":', b'{"schema":1,"schema":%s,"payload":',
    b'{"schema":%s,"x\\"payload":', b'{"schema":%s,"payload":{"payload":', b'{"schema":%s,"payload" :',
    b'{"schema":%s,"more":1,"payload":', b'[{"schema":%s,"payload":', b'{"payload":',
]  # fmt: skip
ENDINGS = [
    b"} ", b"}}", b"", b"},", b"}]", b',"schema":{"type":"int32"}}', b',"schema":null}',
    b',"payload":3}', b',"payload":null}',
    b',"payload":{"id":1}}', b',"extra":null}', b"}{", b"}\x00", b',"\\u0070ayload":4}',
]  # fmt: skip
TEXTS = [
    b"1e400", b"NaN", b'"\\ud800"', b'"\xff"', b"", b"[1e400]", b"null", b'{"id":1,"id":2}',
    b'{"id":1,"level":"a","x":1e400}', b'{"id":1,"level":"a","x":-1e999}',
    b'{"id":1,"level":["a"],"x":0.5}', b'{"level":"a","id":1,"x":0.5}', b'{"id":1,"x":1e400}',
    b'{"id":1,"level":"a","x":[1e400]}', b'{"id":1,"level":"a","x":1}', b'{"id":true,"level":"a","x":1}',
    b'{"id":1,"level":"a","x":0.5,"other":1e400}', b'{"id":1,"level":"a","x":0.5,"id":2}',
    b'{"id":1,"level":{"b":1e400},"x":0.5}', b'{"id":"1","level":"a","x":0.5}', b'{"a":{"b":1}}',
    *(b"[" * depth + b"]" * depth for depth in range(195, 205)),
]  # fmt: skip
GOOD = b'{"id":1,"level":"a","x":0.5}'


@pytest.mark.parametrize("ending", [b"}", *ENDINGS])
@pytest.mark.parametrize("beginning", dict.fromkeys(BEGINNINGS))
def test_nothing_that_looks_like_what_was_read_before_passes_for_it(
    beginning: bytes, ending: bytes
) -> None:
    schema = json.dumps({"type": "struct", "fields": FIELDS[:3]}).encode()
    for start in {beginning, BEGINNINGS[0]}:
        start = start.replace(b"%s", schema)
        good = start + GOOD + (b"}}" if start.count(b"payload") > 1 else b"}")
        for text in [GOOD, *TEXTS]:
            compare([good, good, start + text + ending, good])


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize(
    "schema",
    [
        None, {"type": "int32"}, {"type": "double"}, {"type": "array", "items": {"type": "float"}}, [],
        {"type": "struct"}, {"type": "struct", "fields": [{"type": "int32"}]}, {"type": 1}, 1,
        {"type": "struct", "name": f"{LOGICAL}Date", "fields": FIELDS[:1]}, {}, {"type": []},
        {"type": "struct", "name": [], "fields": FIELDS[:3]}, {"type": "struct", "fields": [1]},
        {"type": "struct", "fields": [FIELDS[0] | {"type": []}]}, {"type": "map", "values": FIELDS[2]},
        {"type": "struct", "fields": [FIELDS[0], FIELDS[0]]}, {"type": "struct", "fields": FIELDS[:1]},
        {"type": "struct", "fields": [FIELDS[0] | {"default": {"payload": 1}}, FIELDS[1]]},
        {"type": "struct", "fields": [FIELDS[0], FIELDS[1] | {"name": f"{LOGICAL}Date"}, FIELDS[2]]},
    ],
)  # fmt: skip
def test_every_schema_says_what_its_payloads_are_each_time(schema: Any, text: bytes) -> None:
    start = b'{"schema":' + json.dumps(schema).encode() + b',"payload":'
    good = [start + each + b"}" for each in (b"null", b"1", b"[1]", b"{}", GOOD, text)]
    compare([*good, *good])


def test_a_payload_that_comes_before_its_schema_is_read_each_time() -> None:
    schema = json.dumps({"type": "struct", "fields": FIELDS[:3]}).encode()
    reader, data = converter(), b'{"payload":' + GOOD + b',"schema":' + schema + b"}"
    for _ in range(3):
        assert reader.decode("alerts", data, ()) == (json.loads(schema), json.loads(GOOD))


def test_an_infinite_number_in_a_schema_is_told_each_time() -> None:
    compare([b'{"schema":{"type":"int32","version":1e400},"payload":1}'] * 3)


@st.composite
def runs(draw: st.DrawFn) -> list[bytes]:
    """Messages of one schema whose payloads mostly fit it, whatever order, members or values."""
    fields = draw(st.lists(st.sampled_from(FIELDS), unique_by=str, min_size=1))
    start = (
        b'{"schema":' + json.dumps({"type": "struct", "fields": fields}).encode() + b',"payload":'
    )
    names = [str(each["field"]) for each in fields]
    messages = []
    for _ in range(draw(st.integers(2, 6))):
        payload = {name: draw(FITTING[name]) for name in names}
        for name in draw(st.lists(st.sampled_from([*names, "other"]), max_size=2)):
            if draw(st.booleans()):
                payload[name] = draw(ANYTHING)
            else:
                payload.pop(name, None)
        messages.append(start + json.dumps(payload).encode() + b"}")
    return messages


@given(runs(), st.booleans(), st.sampled_from(["BASE64", "NUMERIC"]))
def test_each_is_read_as_if_it_were_the_first(messages: list[bytes], fill: bool, form: str) -> None:
    compare(messages, replace_null_with_default=fill, decimal_format=form)


def enveloped(payload: bytes, fields: object = FIELDS[:3]) -> bytes:
    schema = json.dumps({"type": "struct", "fields": fields}).encode()
    return b'{"schema":' + schema + b',"payload":' + payload + b"}"


def test_the_schema_of_like_messages_is_one_object() -> None:
    reader = converter()
    first, second, third = (
        reader.decode("alerts", enveloped(b'{"id":%d,"level":"a","x":0.5}' % number), ())
        for number in range(3)
    )
    assert second[0] is third[0]
    assert first[0] == second[0]
    assert [first[1]["id"], second[1]["id"], third[1]["id"]] == [0, 1, 2]


@pytest.mark.parametrize("count", [3, 250])
def test_schemas_that_alternate_are_each_their_own(count: int) -> None:
    """Also more of them than are remembered."""
    schemas = [[{"field": f"f{number}", "type": "int64"}] for number in range(count)]
    compare([enveloped(b'{"f%d":%d}' % (n, n), schemas[n]) for n in range(count)] * 2)


def test_more_shapes_than_are_remembered_are_read() -> None:
    fields = [{"field": f"f{n}", "type": "int64", "optional": True} for n in range(11)]
    reader, names = converter(), [str(each["field"]) for each in fields]
    for number in range(1100):
        payload = {name: 1 for bit, name in enumerate(names) if number >> bit & 1}
        _, value = reader.decode("alerts", enveloped(json.dumps(payload).encode(), fields), ())
        assert value == dict.fromkeys(names) | payload


def test_payloads_of_one_shape_are_read_at_once() -> None:
    """What is compared above is not the ordinary way on both sides."""
    reader = converter()
    messages = [enveloped(b'{"id":%d,"level":"a","x":0.5}' % number) for number in range(3)]
    assert reader._repeated.read_all(messages) is None
    reader.decode_all("alerts", messages, [()] * 3)
    read = reader._repeated.read_all(messages)
    assert read is not None
    assert [value["id"] for value in read[1]] == [0, 1, 2]
    deep = enveloped(b'{"id":1,"level":["a"],"x":0.5}')
    for other in (
        deep,
        enveloped(b'{"id":1,"level":"a","x":1}'),
        messages[0][:-1] + b" ",
        b"",
        None,
    ):
        assert reader._repeated.read_all([*messages, other]) is None


@pytest.mark.parametrize("number", [1, 249, 250, 251])
@pytest.mark.parametrize("text", TEXTS)
def test_plain_texts_are_read_at_once_as_each_is_read_alone(text: bytes, number: int) -> None:
    """Among others of its shape, or of another; before and behind the end of those read at once."""
    reader = converter(schemas_enable=False)
    alone = outcome(reader, text)
    for other in (GOOD, b'{"id":1,"level":0.5,"x":null}', b'{"id":1}', b""):
        outcomes = [*[outcome(reader, other)] * number, alone]
        expected = outcomes if len(alone) == 3 else None
        assert outcome_of_all(reader, [*[other] * number, text]) == expected
