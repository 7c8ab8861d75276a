"""Columns: values arrive in the types that the table has, whatever the table and columns are called."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from sinkworker.api import TopicPartition
from tests.integration.postgres.sinks import Sink, owner
from tests.services.database import Database

pytestmark = pytest.mark.postgres


@pytest.fixture
def database(schema: Database) -> Database:
    """A schema is enough here."""
    return schema


ALERTS = TopicPartition("alerts", 0)


def column(database: Database, type_: str, *values: Any, mode: str = "insert") -> list[str | None]:
    """What a column of this type holds, as Postgres writes it, after these values were sunk."""
    database.execute(f"CREATE TABLE by_{mode} (written int PRIMARY KEY, v {type_})")
    sink = Sink(
        database, name=mode, table_name_format=f"by_{mode}", insert_mode=mode,
        pk_mode="record_value", pk_fields="written",
    )  # fmt: skip
    sink.send(*({"written": i, "v": value} for i, value in enumerate(values))).settle()
    return [row[0] for row in database.execute(f"SELECT v::text FROM by_{mode} ORDER BY written")]


TYPES: Sequence[tuple[str, Sequence[Any], Sequence[str | None]]] = [
    ("smallint", [-(2**15), 2**15 - 1, "7", None], ["-32768", "32767", "7", None]),
    ("integer", [-(2**31), 2**31 - 1], ["-2147483648", "2147483647"]),
    ("bigint", [-(2**63), 2**63 - 1, 0], [str(-(2**63)), str(2**63 - 1), "0"]),
    ("numeric", [10**60 + 1, 0.1, "1e-30", 1e22],
     [str(10**60 + 1), "0.1", "0." + 29 * "0" + "1", "1" + 22 * "0"]),
    ("numeric(10,2)", [1, 1.005, "2.345"], ["1.00", "1.01", "2.35"]),
    ("real", [1, 0.1, -0.0], ["1", "0.1", "-0"]),
    ("double precision", [1, 0.1, 1e308, 5e-324, 2**53],
     ["1", "0.1", "1e+308", "5e-324", "9.007199254740992e+15"]),
    ("boolean", [True, False, None, "yes"], ["true", "false", None, "true"]),
    ("text", ["", " é ü 漢 😀 ", "a\tb\nc\rd\\e", "\\N", "NULL", None],
     ["", " é ü 漢 😀 ", "a\tb\nc\rd\\e", "\\N", "NULL", None]),
    ("text", [1, 1.5, True, False, {"a": [None, "é"]}, [1, "x"], 10**30],
     ["1", "1.5", "true", "false", '{"a":[null,"é"]}', '[1,"x"]', str(10**30)]),
    ("varchar(3)", ["abc", "ab   "], ["abc", "ab "]),
    ("char(3)", ["a"], ["a"]),
    ("uuid", ["A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"], ["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"]),
    ("date", ["2024-02-29", "infinity"], ["2024-02-29", "infinity"]),
    ("time", ["23:59:59.999999"], ["23:59:59.999999"]),
    ("timestamp", ["2024-02-29T12:00:00Z", "2024-02-29 12:00:00"],
     ["2024-02-29 12:00:00", "2024-02-29 12:00:00"]),
    ("interval", ["1 day"], ["1 day"]),
    ("inet", ["10.0.0.1"], ["10.0.0.1/32"]),
    ("int4range", ["[1,5)"], ["[1,5)"]),
]  # fmt: skip


@pytest.mark.parametrize(("type_", "values", "stored"), TYPES, ids=[t for t, *_ in TYPES])
def test_json_values_arrive_in_a_column_of_any_type_by_every_way_of_writing(
    database: Database, type_: str, values: Sequence[Any], stored: Sequence[str | None]
) -> None:
    modes = ("insert", "upsert", "ignore")
    written = {mode: column(database, type_, *values, mode=mode) for mode in modes}
    assert written == dict.fromkeys(modes, stored)


DOCUMENTS = [
    {}, {"a": {"b": [1, 2.5, None, True, "é\u2028\"\\"]}}, [], [[1]], "text", '{"quoted": 1}', "",
    0, -1.5, True, False, 10**40, 2**63,
]  # fmt: skip


@pytest.mark.parametrize("type_", ["json", "jsonb"])
def test_documents_and_scalars_arrive_in_a_json_column(database: Database, type_: str) -> None:
    stored = column(database, type_, *DOCUMENTS)
    assert [json.loads(text or "?") for text in stored] == DOCUMENTS


def test_a_missing_document_is_null_and_not_the_text_null(database: Database) -> None:
    assert column(database, "jsonb", None) == [None]


@pytest.mark.parametrize(
    ("type_", "values", "stored"),
    [
        ("int[]", [[1, 2, None], [], [[1, 2], [3, 4]], "{5}", None],
         ["{1,2,NULL}", "{}", "{{1,2},{3,4}}", "{5}", None]),
        ("text[]", [["a,b", 'quo"te', "back\\slash", "NULL", "", None, "{}", "é"]],
         ['{"a,b","quo\\"te","back\\\\slash","NULL","",NULL,"{}",é}']),
        ("boolean[]", [[True, False]], ["{t,f}"]),
        ("numeric[]", [[1, 2**40, 10**30]], [f"{{1,{2**40},{10**30}}}"]),
        ("double precision[]", [[1.5, 0.25]], ["{1.5,0.25}"]),
        ("jsonb[]", [[{"a": "x"}, {"b": None}]], ['{"{\\"a\\": \\"x\\"}","{\\"b\\": null}"}']),
        ("uuid[]", [["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"]],
         ["{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}"]),
    ],
)  # fmt: skip
def test_lists_arrive_in_an_array_column(
    database: Database, type_: str, values: Sequence[Any], stored: Sequence[str | None]
) -> None:
    assert column(database, type_, *values) == stored


@pytest.mark.parametrize(
    ("type_", "value", "stored"),
    [
        ("double precision[]", [1.5, 1], "{1.5,1}"),
        ("numeric[]", [1, 0.5, 10**30], f"{{1,0.5,{10**30}}}"),
        ("text[]", ["a", 1, True], "{a,1,true}"),
    ],
)
def test_a_list_of_numbers_with_and_without_a_fraction_arrives(
    database: Database, type_: str, value: list[Any], stored: str
) -> None:
    assert column(database, type_, value) == [stored]


def test_texts_arrive_in_an_array_of_json(database: Database) -> None:
    assert column(database, "jsonb[]", ["a", 1]) == ['{"\\"a\\"",1}']


def test_enums_domains_and_domains_of_documents_take_values(database: Database) -> None:
    database.execute(
        "CREATE TYPE level AS ENUM ('Minor', 'Major');"
        "CREATE DOMAIN stage AS int CHECK (VALUE > 0);"
        "CREATE DOMAIN document AS jsonb;"
        "CREATE DOMAIN tags AS text[];"
        "CREATE TABLE alerts (l level, s stage, d document, t tags)"
    )
    Sink(database).send({"l": "Major", "s": 3, "d": "text", "t": ["a", "b"]}).settle()
    assert database.execute("SELECT l::text, s, d, t FROM alerts") == [
        ("Major", 3, "text", ["a", "b"])
    ]


def test_a_domain_of_a_domain_of_documents_takes_a_text(database: Database) -> None:
    database.execute("CREATE DOMAIN inner_ AS jsonb; CREATE DOMAIN outer_ AS inner_")
    assert column(database, "outer_", "text") == ['"text"']


# values that no JSON says


def test_values_of_a_schema_arrive_exactly(database: Database) -> None:
    database.execute(
        "CREATE TABLE alerts (b bytea, n numeric, d date, t time, z timestamptz, u uuid, i interval)"
    )
    value = {
        "b": bytes(range(256)), "n": Decimal("12345678901234567890.123456789"),
        "d": date(2024, 2, 29), "t": time(23, 59, 59, 999_999),
        "z": datetime(2024, 2, 29, 12, tzinfo=UTC), "u": UUID(int=7), "i": timedelta(days=1),
    }  # fmt: skip
    one = owner(database)
    one.open(ALERTS)
    one.put_values(ALERTS, {0: value})
    one.flush({ALERTS: 1})
    one.stop()
    assert database.execute("SELECT * FROM alerts") == [tuple(value.values())]
