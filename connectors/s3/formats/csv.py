"""CSV: a header, then one row a record.

Bytes become base64, objects and lists JSON, dates and times ISO 8601. Null and empty text look the
same. Columns are those of `csv.columns`, or the fields of the record's schema, or the fields that were
seen so far: a record with another field begins a file with that column, too.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Hashable, Sequence
from datetime import date, datetime, time
from typing import Any, cast

from connectors.s3.formats.format import Encoder, Format, SchemasOf
from connectors.s3.formats.json import to_json
from connectors.s3.formats.schemas import Schemas
from sinkworker.api import DataError, Schema, SinkRecord

PLAIN = frozenset({str, int, float, type(None)})


class Columns:
    """The columns of one file. Two of the same names are not the same file's."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)


class CsvFormat(Format):
    """One of ours: Confluent's sink has none."""

    extension = ".csv"

    def __init__(self, columns: Sequence[str], *, has_header: bool) -> None:
        self._chosen = Columns(columns) if columns else None
        self._has_header = has_header

    def schemas(self) -> SchemasOf:
        chosen = self._chosen
        if chosen is not None:
            return lambda records: [chosen] * len(records)
        return Schemas(_columns, lambda _: "any")

    def encoder(self, schema: Hashable) -> Encoder:
        return _Rows(cast("Columns", schema).names, has_header=self._has_header)


def _columns(schema: Schema) -> Columns:
    if schema.get("type") != "struct":
        raise DataError(f"CsvFormat writes objects, and the schema is of a {schema.get('type')}")
    return Columns([field["field"] for field in schema.get("fields") or ()])


class _Rows(Encoder):
    def __init__(self, names: Sequence[str], *, has_header: bool) -> None:
        self._names, self._header_is_due = names, has_header

    def encode(self, records: Sequence[SinkRecord]) -> bytes:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        if self._header_is_due:
            writer.writerow(self._names)
        writer.writerows([self._row(record.value) for record in records])
        data = _utf8(text.getvalue())
        self._header_is_due = False
        return data

    def _row(self, value: Any) -> list[Any]:
        if not isinstance(value, dict):
            raise DataError(f"CsvFormat writes objects, and its value is a {type(value).__name__}")
        row = [value.get(name) for name in self._names]
        return row if PLAIN.issuperset(map(type, row)) else list(map(_cell, row))


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise DataError("its text has characters that UTF-8 cannot write") from None


def _cell(value: Any) -> Any:
    if type(value) in PLAIN:
        return value
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    text = to_json(value)
    return text[1:-1].decode() if text[:1] == b'"' else text.decode()
