"""Records for a table of many types: good ones from a random number, and bad ones by hypothesis.

Owns which values are good or bad for which column by the way they are made, without asking anybody.
Must not know the sink.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

from hypothesis import strategies as st

SURROUNDINGS = """
CREATE TYPE level AS ENUM ('Minor', 'Major');
CREATE DOMAIN positive AS bigint CHECK (VALUE > 0);
"""
Strategy = st.SearchStrategy[Any]


class Column(NamedTuple):
    """good: makes a value that fits; bad: values that do not, by their forms in JSON."""

    definition: str
    good: Callable[[Random], Any]
    bad: Strategy


# No number, date, uuid, address, boolean or word that Postgres knows is made of these.
words = st.text("qvß漢😀 ", min_size=1).map(lambda text: "q" + text)
fractions = st.integers(-(10**6), 10**6).map(lambda number: number + 0.5)
lists = st.lists(st.integers() | words, min_size=1, max_size=3)
objects = st.dictionaries(words, st.integers() | words, max_size=3)
others = lists | objects | words
numbers = st.integers() | fractions
unwritable = st.sampled_from(["\0", "a\0b", "\ud800", "x\udfff"])


def beyond(bits: int) -> Strategy:
    return st.integers(min_value=2 ** (bits - 1)) | st.integers(max_value=-(2 ** (bits - 1)) - 1)


def whole(bits: int) -> Callable[[Random], int]:
    return lambda random: random.choice([0, random.randrange(-(2 ** (bits - 1)), 2 ** (bits - 1))])


def some_text(random: Random) -> str:
    return "".join(random.choices('aé漢😀 \t\n\\"{},N', k=random.randrange(9)))


def a_moment(random: Random) -> str:
    moment = datetime(2024, 2, 29, tzinfo=UTC) + timedelta(microseconds=random.randrange(10**15))
    return moment.isoformat()


def a_document(random: Random) -> Any:
    leaves = {"n": None, "y": True, "b": 2**70, "f": 0.5, some_text(random): some_text(random)}
    return random.choice([{"x": {}, "list": [leaves, None]}, [1, None], [], {}, True, 0.5, "text"])


COLUMNS: Mapping[str, Column] = {
    "small": Column("smallint", whole(16), beyond(16) | fractions | others | st.booleans()),
    "whole": Column("integer", whole(32), beyond(32) | fractions | others | st.booleans()),
    "big": Column("bigint", whole(64), beyond(64) | fractions | others | st.booleans()),
    "exact": Column("numeric(10,2)", lambda random: random.randrange(10**8) + 0.25,
                    st.integers(min_value=10**8) | others | st.booleans()),
    "single": Column("real", lambda random: random.randrange(1000) / 8,
                     st.sampled_from([1e39, -1e300]) | others | st.booleans()),
    "double": Column("double precision", lambda random: random.random(), others | st.booleans()),
    "yes": Column("boolean", lambda random: random.random() < 0.5,
                  others | st.integers(min_value=2) | fractions),
    "text": Column("text", some_text, unwritable),
    "short": Column("varchar(5)", lambda random: some_text(random)[:5],
                    st.text("xé漢", min_size=6) | st.integers(min_value=10**5) | unwritable),
    "uuid": Column("uuid", lambda random: str(UUID(int=random.getrandbits(128))),
                   others | numbers | st.booleans()),
    "doc": Column("jsonb", a_document, st.just("\0") | st.fixed_dictionaries({"a": unwritable})),
    "day": Column("date", lambda random: str(date(1, 1, 1) + timedelta(random.randrange(3 * 10**6))),
                  others | numbers | st.sampled_from(["2023-02-29", "2024-13-01"])),
    "clock": Column("time", lambda random: a_moment(random)[11:26], others | numbers),
    "local": Column("timestamp", a_moment, others | numbers),
    "moment": Column("timestamptz NOT NULL", a_moment, others | numbers | st.none()),
    "span": Column("interval", lambda random: f"{random.randrange(99)} days", others | numbers),
    "address": Column("inet", lambda random: f"10.0.0.{random.randrange(256)}", others | numbers),
    "level": Column("level", lambda random: random.choice(["Minor", "Major"]), others | numbers),
    "positive": Column("positive", lambda random: random.randrange(1, 10**6),
                       st.integers(max_value=0) | others),
    "checked": Column("integer CHECK (checked <> 13)", lambda random: random.randrange(13),
                      st.just(13) | words),
    "list": Column("integer[]", lambda random: [1, None] * random.randrange(3),
                   st.lists(words, min_size=1) | objects | numbers | st.just([[1], [1, 2]])),
}  # fmt: skip
DEFAULTED = "other integer NOT NULL DEFAULT 7"
TABLE = (
    ", ".join(f"{name} {column.definition}" for name, column in COLUMNS.items()) + f", {DEFAULTED}"
)


def good_record(random: Random) -> dict[str, Any]:
    """Some of the fields, in any order; null where that is allowed."""
    names = random.sample(list(COLUMNS), random.randint(1, len(COLUMNS)))
    fields = {name: COLUMNS[name].good(random) for name in names}
    if random.random() < 0.3:
        fields[random.choice(names)] = None
    if fields.get("moment") is None:
        fields["moment"] = a_moment(random)
    return fields


class Bad(NamedTuple):
    """A field of an otherwise good record that its column refuses."""

    name: str
    value: Any


bad_fields = st.sampled_from(list(COLUMNS)).flatmap(
    lambda name: st.builds(Bad, st.just(name), COLUMNS[name].bad)
)
bad_messages = st.one_of(
    st.binary(min_size=1).filter(lambda data: not _is_json(data)),
    st.sampled_from([b"{", b"[1,]", b'{"a":1}}', b"nul", b'{"positive":1e400}', b"\xef\xbb\xbf{}"]),
    (lists | numbers | words | st.booleans()).map(lambda value: json.dumps(value).encode()),
)
"""Bytes of which no fields can be made."""


def _is_json(data: bytes) -> bool:
    try:
        json.loads(data)
    except ValueError:
        return False
    return True


def envelope(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The same record with a schema that fits it."""
    listed = [{"field": name, "optional": True, **_schema(each)} for name, each in fields.items()]
    return {"schema": {"type": "struct", "fields": listed}, "payload": fields}


def _schema(value: Any) -> dict[str, Any]:
    if isinstance(value, list):
        items = [each for each in value if each is not None]
        return {"type": "array", "items": {"optional": True, **_schema(items[0] if items else 1)}}
    if isinstance(value, dict):
        parts = [{"field": name, "optional": True, **_schema(each)} for name, each in value.items()]
        return {"type": "struct", "fields": parts}
    names = {bool: "boolean", int: "int64", float: "double"}
    return {"type": names.get(type(value), "string")}
