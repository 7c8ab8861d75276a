"""Files are read back by other programs: what was put is what they find."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.s3.layout import FileConfig
from sinkworker.api import Schema
from tests.unit.connectors.s3.files import Writing, content, read, records

DATA = "org.apache.kafka.connect.data"
FIELDS: list[tuple[Schema, Any]] = [
    ({"field": "flag", "type": "boolean"}, True),
    ({"field": "tiny", "type": "int8"}, -128),
    ({"field": "small", "type": "int16"}, 32767),
    ({"field": "medium", "type": "int32"}, -(2**31)),
    ({"field": "large", "type": "int64"}, 2**63 - 1),
    ({"field": "single", "type": "float"}, 0.5),
    ({"field": "double", "type": "double"}, 0.1),
    ({"field": "text", "type": "string"}, "Größe 東京 \n\0"),
    ({"field": "raw", "type": "bytes"}, b"\0\xff"),
    ({"field": "gone", "type": "string", "optional": True}, None),
    ({"field": "amount", "type": "bytes", "name": f"{DATA}.Decimal", "parameters": {"scale": "2"}},
     Decimal("-12345678901234567890.12")),
    ({"field": "day", "type": "int32", "name": f"{DATA}.Date"}, date(2026, 2, 28)),
    ({"field": "clock", "type": "int32", "name": f"{DATA}.Time"}, time(23, 59, 59, 999000)),
    ({"field": "moment", "type": "int64", "name": f"{DATA}.Timestamp"},
     datetime(2026, 1, 1, 12, 30, 0, 123000, tzinfo=UTC)),
    ({"field": "list", "type": "array", "items": {"type": "int64", "optional": True}}, [1, None]),
    ({"field": "names", "type": "map", "keys": {"type": "string"}, "values": {"type": "int32"}},
     {"a": 1}),
    ({"field": "inner", "type": "struct", "fields": [
        {"field": "x", "type": "string"},
        {"field": "deeper", "type": "struct", "optional": True,
         "fields": [{"field": "x", "type": "int64"}]},
    ]}, {"x": "y", "deeper": {"x": 1}}),
]  # fmt: skip
SCHEMA = {"type": "struct", "name": "org.acme.Event", "fields": [field for field, _ in FIELDS]}
VALUE = {str(field["field"]): value for field, value in FIELDS}
NUMBERED = {
    "field": "numbered", "type": "map", "keys": {"type": "int32"},
    "values": {"type": "array", "items": {"type": "string"}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("format_", "key", "codecs"),
    [
        ("AvroFormat", "avro.codec", ["null", "deflate", "snappy", "bzip2"]),
        ("ParquetFormat", "parquet.codec", ["none", "snappy", "gzip", "brotli", "lz4", "zstd"]),
    ],
)
def test_every_type_of_a_schema_comes_back(format_: str, key: str, codecs: list[str]) -> None:
    for codec in codecs:
        writing = Writing(**{"format.class": format_, key: codec})
        batch = records(VALUE, VALUE, schema=SCHEMA)
        [file] = writing.files(batch, records(VALUE, first=2, schema=SCHEMA))
        assert writing.rejected == []
        found = read(file)
        if format_ == "ParquetFormat":
            assert dict(found[0].pop("names")) == VALUE["names"]
            found = [found[0] | {"names": {"a": 1}}, *(f | {"names": {"a": 1}} for f in found[1:])]
        assert found == [VALUE] * 3


def test_a_map_whose_keys_are_no_text() -> None:
    schema = {"type": "struct", "fields": [NUMBERED]}
    value = {"numbered": [[1, ["a"]], [2, []]]}
    [avro] = Writing(**{"format.class": "AvroFormat"}).files(records(value, schema=schema))
    assert read(avro) == [
        {"numbered": [{"key": 1, "value": ["a"]}, {"key": 2, "value": []}]},
    ]
    [parquet] = Writing(**{"format.class": "ParquetFormat"}).files(records(value, schema=schema))
    assert read(parquet) == [{"numbered": [(1, ["a"]), (2, [])]}]


@pytest.mark.parametrize("format_", ["AvroFormat", "ParquetFormat"])
def test_where_a_type_contains_itself_its_values_are_json(format_: str) -> None:
    within = {"field": "next", "type": "struct", "optional": True, "name": "Node", "fields": []}
    schema = {"type": "struct", "fields": [{"field": "v", "type": "int32"}, within]}
    writing = Writing(**{"format.class": format_})
    value = {"v": 1, "next": {"v": 2, "next": {"v": 3, "next": None}}}
    [file] = writing.files(records(value, {"v": 4, "next": None}, schema=schema))
    assert writing.rejected == []
    assert read(file) == [
        {"v": 1, "next": '{"v":2,"next":{"v":3,"next":null}}'},
        {"v": 4, "next": None},
    ]


def test_codecs_are_those_that_were_asked_for() -> None:
    [avro] = Writing(**{"format.class": "AvroFormat", "avro.codec": "deflate"}).files(
        records({"a": 1})
    )
    assert avro.extension == ".avro"
    assert fastavro.reader(io.BytesIO(content(avro))).metadata["avro.codec"] == "deflate"
    [parquet] = Writing(**{"format.class": "ParquetFormat", "parquet.codec": "zstd"}).files(
        records({"a": 1})
    )
    assert parquet.extension == ".zstd.parquet"
    column = pq.ParquetFile(io.BytesIO(content(parquet))).metadata.row_group(0).column(0)
    assert column.compression == "ZSTD"


@pytest.mark.parametrize("format_", ["AvroFormat", "ParquetFormat"])
class TestWithoutASchema:
    def test_columns_are_learnt_from_a_batch(self, format_: str) -> None:
        writing = Writing(**{"format.class": format_})
        values = [
            {"n": 1, "x": None, "t": "a", "o": {"b": [1, 10**30]}},
            {"n": 2.5, "x": True, "d": date(2026, 1, 2)},
            {"u": UUID(int=1), "m": datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC), "r": b"\1"},
        ]
        [file] = writing.files(records(*values))
        nothing = dict.fromkeys(("n", "x", "t", "o", "d", "u", "m", "r"))
        assert read(file) == [
            nothing | {"n": 1.0, "t": "a", "o": f'{{"b":[1,{10**30}]}}'},
            nothing | {"n": 2.5, "x": True, "d": date(2026, 1, 2)},
            nothing | {
                "u": '"00000000-0000-0000-0000-000000000001"',
                "m": datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC), "r": b"\1",
            },
        ]  # fmt: skip

    def test_what_is_learnt_later_begins_one_more_file_and_no_others(self, format_: str) -> None:
        writing = Writing(**{"format.class": format_})
        batches = [records({"a": n}, {"b": n}, first=2 * n) for n in range(1, 20)]
        [one, two] = writing.files(records({"a": 0}), *batches)
        assert read(one) == [{"a": 0}]
        assert len(read(two)) == 38
        [file] = writing.files(records({"a": 1}))
        assert read(file) == [{"a": 1, "b": None}]

    def test_contradicting_values_alternate_between_two_files(self, format_: str) -> None:
        writing = Writing(**{"format.class": format_})
        files = writing.files(*[records({"a": n}, {"a": str(n)}, first=2 * n) for n in range(50)])
        assert [file.count for file in files] == [50, 50]
        assert read(files[0]) == [{"a": n} for n in range(50)]
        assert read(files[1]) == [{"a": str(n)} for n in range(50)]

    def test_values_that_fit_nowhere_are_rejected_and_the_others_written(
        self, format_: str
    ) -> None:
        writing = Writing(**{"format.class": format_})
        values = [{"a": n} for n in range(8)]
        values[5] = {"a": 2**63}
        files = writing.files(records(*values, "text", [1], first=0))
        assert [offset for offset, _ in writing.rejected] == [8, 9, 5]
        assert "9223372036854775808" not in str(writing.rejected)
        assert [each["a"] for file in files for each in read(file)] == [0, 1, 2, 3, 4, 6, 7]

    def test_too_many_columns_are_refused(self, format_: str) -> None:
        writing = Writing(**{"format.class": format_})
        wide = {f"f{n}": n for n in range(1000)}
        [file] = writing.files(records(wide, {"one more": 1}, {"f7": 7}))
        assert writing.rejected == [
            (1, "its fields would make more than 1000 columns: choose JsonFormat")
        ]
        assert file.count == 2


def test_alternating_schemas_have_one_file_each() -> None:
    old = {"type": "struct", "fields": [{"field": "a", "type": "int64"}]}
    new = {"type": "struct", "fields": [*old["fields"], {"field": "b", "type": "string"}]}
    writing = Writing(**{"format.class": "AvroFormat"})
    batch = [
        record
        for n in range(0, 100, 2)
        for record in records({"a": n}, first=n, schema=json.loads(json.dumps(old)))
        + records({"a": n, "b": "x"}, first=n + 1, schema=json.loads(json.dumps(new)))
    ]
    files = writing.files(batch)
    assert [(file.first, file.last, file.count) for file in files] == [(0, 98, 50), (1, 99, 50)]


def test_a_value_without_fields_may_be_avro_and_not_parquet() -> None:
    schema = {"type": "string"}
    [file] = Writing(**{"format.class": "AvroFormat"}).files(records("a", "b", schema=schema))
    assert read(file) == ["a", "b"]
    writing = Writing(**{"format.class": "ParquetFormat"})
    assert writing.files(records("a", schema=schema)) == []
    assert writing.rejected == [
        (0, "ParquetFormat writes objects with fields, and its schema has none")
    ]


def test_a_name_that_avro_does_not_allow_is_told() -> None:
    writing = Writing(**{"format.class": "AvroFormat"})
    assert writing.files(records({"user-id": 1})) == []
    assert writing.rejected == [
        (0, "field 'user-id': names in Avro are of letters, digits and _. Rename the field, or "
            "choose another format")
    ]  # fmt: skip


def test_a_decimal_that_is_too_long_for_its_column_is_rejected() -> None:
    amount = {"field": "a", "type": "bytes", "name": f"{DATA}.Decimal",
              "parameters": {"scale": "2"}}  # fmt: skip
    schema = {"type": "struct", "fields": [amount]}
    writing = Writing(**{"format.class": "ParquetFormat"})
    [file] = writing.files(records({"a": Decimal(10**36)}, {"a": Decimal(1)}, schema=schema))
    assert writing.rejected == [(0, "field a does not fit the type decimal128(38, 2)")]
    assert read(file) == [{"a": Decimal("1.00")}]


class TestCsv:
    def test_cells(self) -> None:
        value = {
            "text": 'say "a,b"\nc', "n": 10**30, "f": 0.1, "b": True, "none": None, "raw": b"\xff",
            "o": {"k": [1]}, "d": Decimal("1.10"), "day": date(2026, 1, 2),
        }  # fmt: skip
        writing = Writing(**{"format.class": "CsvFormat", "s3.compression.type": "gzip"})
        [file] = writing.files(records(value))
        assert file.extension == ".csv.gz"
        assert read(file) == [
            {
                "text": 'say "a,b"\nc', "n": "1" + "0" * 30, "f": "0.1", "b": "true", "none": "",
                "raw": base64.b64encode(b"\xff").decode(), "o": '{"k":[1]}', "d": "1.10",
                "day": "2026-01-02",
            }
        ]  # fmt: skip

    def test_a_record_with_another_field_opens_another_file(self) -> None:
        writing = Writing(**{"format.class": "CsvFormat"})
        files = writing.files(
            records({"b": 1, "a": 2}, {"a": 3}), records({"a": 4, "c": 5}, {"b": 6}, first=2)
        )
        assert [content(file) for file in files] == [b"b,a\n1,2\n,3\n", b"b,a,c\n,4,5\n6,,\n"]

    def test_chosen_columns(self) -> None:
        keys = {"format.class": "CsvFormat", "csv.columns": "c, a", "csv.header": False}
        [file] = Writing(**keys).files(records({"a": 1, "b": 2}, {"c": 3}))
        assert content(file) == b",1\n3,\n"

    def test_columns_are_those_of_the_schema(self) -> None:
        schema = {"type": "struct", "fields": [{"field": "b"}, {"field": "a"}]}
        [file] = Writing(**{"format.class": "CsvFormat"}).files(
            records({"a": 1, "b": 2}, schema=schema)
        )
        assert content(file) == b"b,a\n2,1\n"

    def test_what_is_no_object_is_rejected(self) -> None:
        writing = Writing(**{"format.class": "CsvFormat", "csv.columns": "a"})
        [file] = writing.files(records("text", {"a": 1}, {"a": "\ud800"}))
        assert [offset for offset, _ in writing.rejected] == [0, 2]
        assert content(file) == b"a\n1\n"


def test_raw_bytes_and_text_are_followed_by_the_separator() -> None:
    keys = {"format.class": "io.confluent.connect.s3.format.bytearray.ByteArrayFormat"}
    writing = Writing(**keys, **{"behavior.on.null.values": "write"})
    [file] = writing.files(records(b"\0\xff", "é", b""))
    assert (file.extension, content(file)) == (".bin", b"\0\xff\n\xc3\xa9\n\n")
    dat = {"format.bytearray.extension": ".dat", "format.bytearray.separator": ""}
    [file] = Writing(**keys, **dat).files(records(b"a", b"b"))
    assert (file.extension, content(file)) == (".dat", b"ab")


def test_only_bytes_and_text_are_raw() -> None:
    writing = Writing(**{"format.class": "ByteArrayFormat"})
    assert writing.files(records({"a": 1})) == []
    assert writing.rejected == [
        (0, "ByteArrayFormat writes bytes and text, and the value is a dict: set "
            "value.converter=ByteArrayConverter, or choose JsonFormat")
    ]  # fmt: skip


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(JSON.filter(lambda value: value is not None), min_size=1, max_size=5))
def test_every_json_value_comes_back_exactly(values: list[Any]) -> None:
    [file] = Writing(**{"s3.compression.type": "zstd"}).files(records(*values))
    found = read(file)
    assert found == values
    assert list(map(repr, found)) == list(map(repr, values))


def test_json_keeps_every_digit_of_decimals() -> None:
    value = {"d": Decimal("1.10"), "b": b"\xff", "t": datetime(2026, 1, 2, tzinfo=UTC), "n": 2**64}
    [file] = Writing().files(records(value))
    assert content(file) == (
        b'{"d":1.10,"b":"/w==","t":"2026-01-02T00:00:00+00:00","n":18446744073709551616}\n'
    )


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"format.class": "AvroFormat", "s3.compression.type": "gzip"},
         "s3.compression.type=gzip does not go with format.class=AvroFormat: set avro.codec"),
        ({"format.class": "CsvFormat", "behavior.on.null.values": "write"},
         "behavior.on.null.values=write does not go with format.class=CsvFormat, which has no form "
         "for a missing value"),
        ({"s3.compression.type": "gzip", "s3.compression.level": 10},
         "gzip has levels -1 to 9, not 10"),
    ],
)  # fmt: skip
def test_keys_that_do_not_fit_together(keys: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError) as raised:
        FileConfig.model_validate(keys)
    assert [error["msg"].removeprefix("Value error, ") for error in raised.value.errors()] == [why]


def test_a_row_group_holds_many_batches() -> None:
    writing = Writing(**{"format.class": "ParquetFormat"})
    [file] = writing.files(*[records({"n": n}, first=n) for n in range(300)])
    parquet = pq.ParquetFile(io.BytesIO(content(file)))
    assert parquet.metadata.num_row_groups == 1
    assert parquet.read().column("n").to_pylist() == list(range(300))
    assert parquet.schema_arrow.field("n") == pa.field("n", pa.int64())


def test_who_writes_no_parquet_does_not_load_pyarrow() -> None:
    program = "import sys, connectors.s3.partition_writer; print('pyarrow' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert run.stdout == b"False\n"
