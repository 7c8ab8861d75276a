"""Records → column values → rows.

Owns which columns a record fills: the value's fields, and the primary key by `pk.mode`. Must not
know connections or statements.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Any

from connectors.postgres.config import PostgresSinkConfig
from connectors.postgres.json_text import ENCODERS
from connectors.postgres.tables import Table
from sinkworker.api import DataError, SinkRecord, TopicPartition

# Limits of Postgres: https://www.postgresql.org/docs/current/limits.html
LONGEST_NAME = 63
MOST_COLUMNS = 1600
SYSTEM_COLUMNS = frozenset({"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"})

Values = dict[str, Any]
Row = Sequence[Any]


class DeletedKey(Values):
    """The key columns of a row that is to be deleted."""


class RecordReader:
    """What one connector writes of a record."""

    def __init__(self, config: PostgresSinkConfig) -> None:
        self._config = config
        self._included = frozenset(config.fields_include)
        self._add_key = self._key_adder()

    def values(self, source: TopicPartition, record: SinkRecord) -> Values:
        """Column → value, the key's columns included; a DeletedKey for a tombstone.

        DataError when the record does not fit the configuration. Called for every record.
        """
        value = record.value
        if type(value) is not dict:
            return self._without_object(record)
        if self._included:
            value = {k: v for k, v in value.items() if k in self._included or self._is_key(k)}
        return self._add_key(value, source, record) if self._add_key is not None else value

    def values_of_all(
        self, source: TopicPartition, records: Sequence[SinkRecord]
    ) -> list[Values] | None:
        """The same for many records at once; None when one of them does not fit.

        A call and a check for every record cost a tenth of the sink's time.
        """
        if self._included or self._config.pk_mode not in ("none", "record_value"):
            try:
                return [self.values(source, record) for record in records]
            except DataError:
                return None
        values = [record.value for record in records]
        if set(map(type, values)) != {dict}:
            return None
        for name in self._config.pk_fields if self._config.pk_mode == "record_value" else ():
            parts = [value.get(name) for value in values]
            if None in parts or not {dict, list}.isdisjoint(map(type, parts)):
                return None
        return values

    def key_columns(self, record: SinkRecord) -> tuple[str, ...]:
        """The columns of the primary key of this record; empty when it has none."""
        config = self._config
        if config.pk_mode == "kafka":
            return config.kafka_columns
        if self.has_key_of_record:
            return tuple(self._record_key(record))
        return config.pk_fields if config.pk_mode != "none" else ()

    @property
    def has_key_of_record(self) -> bool:
        """Whether every record names the columns of its own key."""
        return self._config.pk_mode == "record_key" and not self._config.pk_fields

    def _without_object(self, record: SinkRecord) -> DeletedKey:
        if record.value is None and self._config.delete_enabled:
            return DeletedKey(self._record_key(record))
        raise DataError(_no_object(record.value))

    def _is_key(self, name: str) -> bool:
        return self._config.pk_mode == "record_value" and name in self._config.pk_fields

    def _key_adder(self) -> Callable[[Values, TopicPartition, SinkRecord], Values] | None:
        if self._config.pk_mode == "kafka":
            topic, partition, offset = self._config.kafka_columns
            return lambda value, source, record: {
                **value, topic: source.topic, partition: source.partition, offset: record.offset
            }  # fmt: skip
        if self._config.pk_mode == "record_key":
            return lambda value, _, record: {**value, **self._record_key(record)}
        if self._config.pk_mode == "record_value":
            return lambda value, _source, _record: self._with_key_in_value(value)
        return None

    def _with_key_in_value(self, value: Values) -> Values:
        _check_key(value, self._config.pk_fields, "value")
        return value

    def _record_key(self, record: SinkRecord) -> Values:
        key, names = record.key, self._config.pk_fields
        if key is None:
            raise DataError("its key is null, and pk.mode=record_key makes the primary key of it")
        if not isinstance(key, dict):
            if len(names) != 1:
                raise DataError("its key is a single value: pk.fields must name exactly one column")
            key = {names[0]: key}
        _check_key(key, names or tuple(key), "key")
        return {name: key[name] for name in names} if names else dict(key)


def _check_key(fields: Values, names: Sequence[str], where: str) -> None:
    for name in names:
        part = fields.get(name)
        if part is None or isinstance(part, dict | list):
            kind = "null or missing" if part is None else "no single value"
            raise DataError(f"the field {name} of its {where} is {kind}, and it is part of the key")


def _no_object(value: Any) -> str:
    if value is None:
        return (
            "its value is null: set delete.enabled=true (with pk.mode=record_key and upsert) to delete "
            "the row of its key"
        )
    hint = ""
    if isinstance(value, str | bytes):
        hint = "; set value.converter=JsonConverter and value.converter.schemas.enable=false"
    return f"its value is no object but {type(value).__name__}, and a row needs fields{hint}"


class Plan:
    """How records of one shape (the same fields in the same order) become rows."""

    __slots__ = ("columns", "defaulted", "pick")

    def __init__(self, names: tuple[str, ...], table: Table) -> None:
        self.columns = names
        self.pick = picker(names, table, names)
        self.defaulted = frozenset(n for n in names if table.columns[n].has_default)


def picker(
    columns: tuple[str, ...], table: Table, names: tuple[str, ...]
) -> Callable[[Values], Row]:
    """A function from values with these names to a row of these columns; NULL where they have none."""
    pick: Callable[[Values], Row]
    if columns == names and len(columns) > 1:
        pick = itemgetter(*columns)
    else:
        pick = lambda values: [values.get(column) for column in columns]  # noqa: E731
    encoders = [
        (index, ENCODERS[table.columns[column].kind])
        for index, column in enumerate(columns)
        if table.columns[column].kind in ENCODERS
    ]
    return _encoded(pick, encoders) if encoders else pick


def _encoded(
    pick: Callable[[Values], Row], encoders: Sequence[tuple[int, Callable[[Any], Any]]]
) -> Callable[[Values], Row]:
    def pick_and_encode(values: Values) -> Row:
        row = list(pick(values))
        for index, encode in encoders:
            row[index] = encode(row[index])
        return row

    return pick_and_encode


class UnknownFieldsError(DataError):
    """A record has fields for which its table has no columns, and could have them."""

    def __init__(self, message: str, values: Values) -> None:
        super().__init__(message)
        self.values = values


class Plans:
    """The shapes that were seen of one table."""

    def __init__(self, table: Table, *, can_grow: bool = False) -> None:
        """can_grow: whether missing columns are added; for the words of an error only."""
        self.table = table
        self._can_grow = can_grow
        self._plans: dict[tuple[str, ...], Plan] = {}

    def plan(self, values: Values) -> Plan:
        """UnknownFieldsError when a field has no column; DataError when it can have none."""
        names = tuple(values)
        plan = self._plans.get(names)
        if plan is None:
            self._check(names, values)
            plan = self._plans[names] = Plan(names, self.table)
        return plan

    def _check(self, names: tuple[str, ...], values: Values) -> None:
        unknown = [name for name in names if name not in self.table.columns]
        if not unknown:
            return
        impossible = _impossible(self.table, unknown)
        if impossible is not None:
            raise DataError(impossible)
        raise UnknownFieldsError(_unknown_fields(self.table, unknown, self._can_grow), values)

    def of_all(self, values: Sequence[Values]) -> list[Plan] | None:
        """The plans of many records at once; None when a shape was never seen before."""
        found = list(map(self._plans.get, map(tuple, values)))
        return None if None in found else found  # type: ignore[return-value]

    def rows(
        self, plans: Sequence[Plan], values: Sequence[Values]
    ) -> Iterator[tuple[tuple[str, ...], list[Row]]]:
        """Rows with their columns, in order, in as few stretches as possible.

        A field that a record lacks is NULL. Where its column has a default, leaving it out is not
        the same: then a new stretch begins, with other columns.
        """
        if not plans:
            return
        if plans.count(plans[0]) == len(plans):
            yield plans[0].columns, list(map(plans[0].pick, values))
            return
        start = 0
        for end in range(1, len(plans) + 1):
            if end == len(plans) or plans[end].defaulted != plans[start].defaulted:
                yield self._mixed(plans[start:end], values[start:end])
                start = end

    def _mixed(
        self, plans: Sequence[Plan], values: Sequence[Values]
    ) -> tuple[tuple[str, ...], list[Row]]:
        columns = tuple(
            dict.fromkeys(name for plan in dict.fromkeys(plans) for name in plan.columns)
        )
        pick = picker(columns, self.table, ())
        return columns, [pick(each) for each in values]


def _impossible(table: Table, names: Sequence[str]) -> str | None:
    """Why there can be no columns of these names."""
    generated = [name for name in names if name in table.generated]
    if generated:
        return (
            f"only Postgres itself fills {', '.join(generated)} of table {table.name}: leave it out "
            "with fields.include"
        )
    if len(names) + len(table.columns) > MOST_COLUMNS:
        return f"its {len(names)} fields are more than the {MOST_COLUMNS} columns of a table"
    return next(filter(None, map(_impossible_name, names)), None)


def _impossible_name(name: str) -> str | None:
    if not name or "\0" in name or not _is_unicode(name):
        return "a field's name is empty, or no text that Postgres can hold"
    if name in SYSTEM_COLUMNS:
        return f"a field's name is {name}, which is a system column's"
    if len(name.encode()) > LONGEST_NAME:
        return f"a field's name is longer than the {LONGEST_NAME} bytes of a column's"
    return None


def _is_unicode(name: str) -> bool:
    """Whether it has no lone surrogate, which JSON can spell."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def _unknown_fields(table: Table, names: Sequence[str], can_grow: bool) -> str:
    missing = f"table {table.name} is missing fields ({', '.join(names)})"
    if can_grow:
        return (
            f"{missing} and could not grow: add the columns, or choose fields with fields.include"
        )
    return (
        f"{missing} and auto-evolution is disabled: add the columns, set auto.evolve=true, or choose "
        "fields with fields.include"
    )
