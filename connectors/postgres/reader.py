"""Records → column values.

Owns which columns a record fills: the value's fields, and the primary key by `pk.mode`. Must not
know tables, connections or statements.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import NoneType
from typing import Any

from connectors.postgres.config import PostgresSinkConfig
from connectors.postgres.nul import cleaner
from sinkworker.api import DataError, SinkRecord, TopicPartition
from sinkworker.api.records import Records

Values = dict[str, Any]

NULL_VALUE = (
    "its value is null: set delete.enabled=true (with pk.mode=record_key and upsert) to delete the row "
    "of its key, or leave it out with behavior.on.null.values=ignore or a Filter with "
    "RecordIsTombstone"
)


class DeletedKey(Values):
    """The key columns of a row that is to be deleted."""


class LeftOutError(DataError):
    """A record of which nothing is to be written, and which is not bad."""


class RecordReader:
    """What one connector writes of a record."""

    def __init__(self, config: PostgresSinkConfig) -> None:
        self._config = config
        self._included = frozenset(config.fields_include)
        self._document_column = config.value_column
        self._add_key = self._key_adder()
        self._clean = cleaner(config.text_nul)

    def values(self, source: TopicPartition, record: SinkRecord) -> Values:
        """Column → value, the key's columns included; a DeletedKey for a tombstone.

        DataError when the record does not fit the configuration; LeftOutError when it leaves it out.
        Called for every record.
        """
        value = record.value
        if self._document_column and value is not None:
            value = self._document(self._document_column, value)
        elif type(value) is not dict:
            return self._without_object(record)
        if self._included:
            value = {k: v for k, v in value.items() if k in self._included or self._is_key(k)}
        if self._add_key is not None:
            value = self._add_key(value, source, record)
        values: Values = value if self._clean is None else self._clean(value)
        return values

    def values_of_all(
        self, source: TopicPartition, records: Sequence[SinkRecord]
    ) -> list[Values] | None:
        """The same for many records at once; None when one of them does not fit.

        A call and a check for every record cost a tenth of the sink's time.
        """
        if self._config.pk_mode == "record_key" and not self._has_to_change_fields:
            keyed = self._keyed_at_once(records)
            if keyed is not None:
                return keyed
        if self._has_to_change_values:
            try:
                return [self.values(source, record) for record in records]
            except DataError:
                return None
        values = _values(records)
        if set(map(type, values)) != {dict}:
            return None
        for name in self._config.pk_fields if self._config.pk_mode == "record_value" else ():
            if not _are_parts([value.get(name) for value in values]):
                return None
        return values

    def _keyed_at_once(self, records: Sequence[SinkRecord]) -> list[Values] | None:
        """As `{**value, **key}`; None when one of them does not fit, or names its own key's columns."""
        keys, values = self._keys_at_once(_keys(records)), _values(records)
        writable = {dict, NoneType} if self._config.delete_enabled else {dict}
        if keys is None or not writable.issuperset(map(type, values)):
            return None
        return [
            DeletedKey(key) if value is None else value | key
            for key, value in zip(keys, values, strict=True)
        ]

    def _keys_at_once(self, keys: Sequence[Any]) -> list[Values] | None:
        names, kinds = self._config.pk_fields, set(map(type, keys))
        if kinds == {dict}:
            parts = [[key.get(name) for key in keys] for name in names]
        else:
            parts = [list(keys)] if len(names) == 1 else []
        if not parts or not all(map(_are_parts, parts)):
            return None
        if len(names) == 1:
            return [{names[0]: part} for part in parts[0]]
        return [dict(zip(names, each, strict=True)) for each in zip(*parts, strict=True)]

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

    @property
    def _has_to_change_values(self) -> bool:
        return self._has_to_change_fields or self._config.pk_mode not in ("none", "record_value")

    @property
    def _has_to_change_fields(self) -> bool:
        return bool(self._included) or self._clean is not None or bool(self._document_column)

    def _without_object(self, record: SinkRecord) -> DeletedKey:
        if record.value is not None:
            raise DataError(_no_object(record.value))
        if self._config.delete_enabled:
            key = self._record_key(record)
            return DeletedKey(key if self._clean is None else self._clean(key))
        if self._config.behavior_on_null_values == "ignore":
            raise LeftOutError(NULL_VALUE)
        raise DataError(NULL_VALUE)

    def _document(self, column: str, value: Any) -> Values:
        """The whole value in one column, beside the fields of it that are the key."""
        if self._config.pk_mode != "record_value":
            return {column: value}
        if type(value) is not dict:
            raise DataError(_no_object(value))
        return {name: value.get(name) for name in self._config.pk_fields} | {column: value}

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


def _values(records: Sequence[SinkRecord]) -> list[Any]:
    if isinstance(records, Records):
        return list(records.columns.values)
    return [record.value for record in records]


def _keys(records: Sequence[SinkRecord]) -> Sequence[Any]:
    if isinstance(records, Records):
        return records.columns.keys
    return [record.key for record in records]


def _are_parts(column: Sequence[Any]) -> bool:
    """Of keys: no null, and nothing deep."""
    return {NoneType, dict, list}.isdisjoint(map(type, column))


def _check_key(fields: Values, names: Sequence[str], where: str) -> None:
    for name in names:
        part = fields.get(name)
        if part is None or isinstance(part, dict | list):
            kind = "null or missing" if part is None else "no single value"
            raise DataError(f"the field {name} of its {where} is {kind}, and it is part of the key")


def _no_object(value: Any) -> str:
    hint = ""
    if isinstance(value, str | bytes):
        hint = "; set value.converter=JsonConverter and value.converter.schemas.enable=false"
    return f"its value is no object but {type(value).__name__}, and a row needs fields{hint}"
