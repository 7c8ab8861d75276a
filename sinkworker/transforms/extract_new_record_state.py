"""ExtractNewRecordState: the row that a Debezium change event is about.

Debezium's `io.debezium.transforms.ExtractNewRecordState`, and the same for events without a schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Literal, NamedTuple

from pydantic import model_validator

from sinkworker.api import ConfigModel, CsvList, DataError, Schema, SinkRecord, Transform
from sinkworker.transforms.change_event import (
    OPERATION,
    Reference,
    found,
    found_schemas,
    is_event,
    reference,
)
from sinkworker.transforms.schemas import (
    STRING,
    Memo,
    a_struct,
    an_object,
    defaults_of,
    field_of,
    fields_of,
    filled,
    is_optional,
    named,
    optional,
    struct,
    unnamed,
)

TITLE = "ExtractNewRecordState"
DELETED = "__deleted"
KEEPS_TOMBSTONES = "rewrite-with-tombstone"
Mode = Literal["drop", "tombstone", "rewrite", "rewrite-with-tombstone", "delete-to-tombstone"]


class ExtractNewRecordStateConfig(ConfigModel):
    delete_tombstone_handling_mode: Mode = "tombstone"
    """What becomes of deletes. drop: nothing. tombstone: null with the row's schema.
    delete-to-tombstone: null without one. rewrite: the row as it was, with __deleted=true.
    rewrite-with-tombstone: both that and the tombstone behind it. In all other modes Debezium's own
    tombstones are dropped."""
    add_fields: CsvList = ()
    """Fields of the event to add to the row, such as op or source.ts_ms:changed_at."""
    add_fields_prefix: str = "__"
    """What stands before the names of these fields."""
    add_headers: CsvList = ()
    """Fields of the event to add as headers."""
    add_headers_prefix: str = "__"
    """What stands before the names of these headers."""
    route_by_field: str = ""
    """A field of the row whose value becomes the topic."""
    drop_fields_header_name: str = ""
    """A header that lists fields to remove from the row."""
    drop_fields_from_key: bool = False
    """Whether these fields are removed from the key, too."""
    drop_fields_keep_schema_compatible: bool = True
    """Whether only optional fields are removed, so that the old schema can read the new one."""
    replace_null_with_default: bool = False
    """Whether null in a field with a default becomes that default where rows are rewritten.
    (Debezium's default is true.)"""

    @model_validator(mode="after")
    def _names_fields(self) -> ExtractNewRecordStateConfig:
        for text in (*self.add_fields, *self.add_headers):
            reference("", text)
        return self


class Plan(NamedTuple):
    """Of one envelope: the row's new schemas by where it is, and the defaults to fill in."""

    schemas: Mapping[str, Schema]
    defaults: Mapping[str, dict[str, Any]]


class ExtractNewRecordState(Transform):
    """Anything but change events and tombstones passes unchanged."""

    config_class = ExtractNewRecordStateConfig

    def __init__(self, config: ExtractNewRecordStateConfig) -> None:
        super().__init__(config)
        self._mode = config.delete_tombstone_handling_mode
        self._rewrites = self._mode.startswith("rewrite")
        self._fields = _references(config.add_fields_prefix, config.add_fields)
        self._headers = _references(config.add_headers_prefix, config.add_headers)
        self._route, self._dropped_by = config.route_by_field, config.drop_fields_header_name
        self._drops_of_key = config.drop_fields_from_key
        self._keeps_required = config.drop_fields_keep_schema_compatible
        self._fills_nulls = config.replace_null_with_default
        self._plans = Memo(self._plan)

    def apply(self, record: SinkRecord) -> SinkRecord | None:
        event = record.value
        if event is None:
            return self._tombstone(record)
        if not is_event(record.value_schema, event):
            return record
        an_object(event, TITLE)
        if self._headers:
            record.headers = [*record.headers, *found(self._headers, event).items()]
        if event.get("after") is not None:
            return self._row(record, event, "after")
        if event.get("before") is None:  # a TRUNCATE
            return None
        return self._deleted(record, event)

    def _tombstone(self, record: SinkRecord) -> SinkRecord | None:
        names = [each.new_name for each in self._headers if each.field == OPERATION]
        record.headers = [*record.headers, *((name, "d") for name in names)]
        return record if self._mode == KEEPS_TOMBSTONES else None

    def _deleted(self, record: SinkRecord, event: dict[str, Any]) -> SinkRecord | None:
        if self._mode == "drop":
            return None
        if self._rewrites:
            return self._row(record, event, "before")
        self._reroute(record, an_object(event["before"], TITLE))
        schema = record.value_schema
        after = field_of(schema, "after") if schema is not None else None
        is_typed = after is not None and self._mode == "tombstone"
        record.value_schema, record.value = unnamed(after) if is_typed and after else None, None
        return record

    def _row(self, record: SinkRecord, event: dict[str, Any], place: str) -> SinkRecord:
        schema, row = record.value_schema, event[place]
        if schema is None:
            row = dict(an_object(row, TITLE))
        else:
            plan = self._plans.of(schema)
            if place not in plan.schemas:
                raise DataError(f"{TITLE}: the field {place} is no struct")
            record.value_schema = plan.schemas[place]
            row = filled(a_struct(record.value_schema, row, TITLE), plan.defaults[place])
        self._reroute(record, row)
        if self._rewrites:
            row[DELETED] = "true" if place == "before" else "false"
        record.value = row | found(self._fields, event)
        return self._without_dropped(record) if self._dropped_by else record

    def _reroute(self, record: SinkRecord, row: Mapping[str, Any]) -> None:
        if not self._route:
            return
        topic = row.get(self._route)
        if topic is not None and not isinstance(topic, str):
            raise DataError(f"{TITLE}: the field {self._route} is no text, and cannot be a topic")
        record.topic = topic if topic and topic.strip() else record.topic

    def _plan(self, schema: Schema) -> Plan:
        schemas, defaults = {}, {}
        added = [named(n, s) for n, s in found_schemas(self._fields, schema).items()]
        mark = [named(DELETED, optional(STRING))] if self._rewrites else []
        for place in ("before", "after"):
            row = field_of(schema, place)
            if row is not None and row["type"] == "struct":
                schemas[place] = struct([*fields_of(row), *mark, *added], row)
                fills = self._fills_nulls and self._rewrites
                defaults[place] = defaults_of(row) if fills else {}
        return Plan(schemas, defaults)

    def _without_dropped(self, record: SinkRecord) -> SinkRecord:
        listed = next((v for name, v in record.headers if name == self._dropped_by), None)
        if not isinstance(listed, list):
            return record
        without = partial(self._without, names=frozenset(listed))
        if self._drops_of_key and isinstance(record.key, dict):
            record.key_schema, record.key = without(record.key_schema, record.key)
        record.value_schema, record.value = without(record.value_schema, record.value)
        return record

    def _without(
        self, schema: Schema | None, value: dict[str, Any], *, names: frozenset[str]
    ) -> tuple[Schema | None, dict[str, Any]]:
        if schema is not None and self._keeps_required:
            names &= {field["field"] for field in fields_of(schema) if is_optional(field)}
        if schema is not None and names:
            stay = (field for field in fields_of(schema) if field["field"] not in names)
            schema = struct(stay, schema)
        return schema, {name: each for name, each in value.items() if name not in names}


def _references(prefix: str, texts: tuple[str, ...]) -> tuple[Reference, ...]:
    return tuple(reference(prefix, text) for text in texts)
