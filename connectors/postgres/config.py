"""The keys of the Postgres sink, spelled as Confluent's JDBC sink spells them.

Owns which combinations make sense. Must not connect to anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from connectors.postgres.address import connection_arguments
from connectors.postgres.nul import NulPolicy
from connectors.postgres.queries import LONGEST_NAME, would_be_cut
from sinkworker.api import ConnectorConfig, Coordinates, CsvList, Password

DAY_MS = 86_400_000
LEDGER = "sinkworker_ledger"
KAFKA_COLUMNS = ("__connect_topic", "__connect_partition", "__connect_offset")


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


PkMode = Annotated[Literal["none", "kafka", "record_key", "record_value"], BeforeValidator(_lower)]
NullBehaviour = Annotated[Literal["fail", "ignore"], BeforeValidator(_lower)]
InsertMode = Annotated[Literal["insert", "upsert", "ignore"], BeforeValidator(_lower)]


class PostgresSinkConfig(ConnectorConfig):
    connection_url: Password
    """postgresql://host:port/database, or the same with jdbc: before it. May hold a password.
    For TLS add ?sslmode=verify-full&sslrootcert=<file of the authority's certificate>."""
    connection_user: str | None = None
    """The role to log in as."""
    connection_password: Password | None = None
    """Its password."""
    insert_mode: InsertMode = "insert"
    """insert: COPY. upsert: insert, or update the row with the same key. ignore: keep that row."""
    pk_mode: PkMode = "none"
    """Where the primary key comes from: nowhere, topic-partition-offset, the key, the value."""
    pk_fields: CsvList = ()
    """The columns of the primary key; empty: all fields of the key, or Kafka's three."""
    delete_enabled: bool = False
    """Whether a null value deletes the row with its key (needs upsert and record_key)."""
    behavior_on_null_values: NullBehaviour = "fail"
    """What a null value is where it deletes nothing. fail: a bad record; ignore: left out, and counted
    as filtered."""
    table_name_format: str = Field(default="${topic}", min_length=1)
    """The table of a topic, perhaps with its schema before a dot."""
    topics_to_tables_mapping: CsvList = ()
    """Exceptions to that: <topic>:<table>,…"""
    fields_include: CsvList = Field(default=(), alias="fields.include")
    """The fields of the value to write; empty: all. (Also read as fields.whitelist.)"""
    text_nul: Annotated[NulPolicy, BeforeValidator(_lower)] = "fail"
    """What is done about NUL (0x00), which no text in Postgres can hold. fail: a bad record; strip;
    replace: by U+FFFD."""
    value_column: str = ""
    """A column for the whole value, such as payload: json and jsonb take any document, text its JSON,
    bytea bytes. Empty: every field has a column of its own."""
    auto_create: bool = False
    """Whether a missing table is created."""
    auto_evolve: bool = False
    """Whether a missing column is added."""
    offsets_table: str = Field(default="sinkworker_offsets", min_length=1)
    """Where offsets are kept, perhaps with a schema before a dot."""

    ledger_table: str = ""
    """Where every step of an offset is noted, with it; empty: sinkworker_ledger beside the offsets."""
    ledger_retention_ms: int = Field(default=DAY_MS, ge=-1)
    """How long the ledger remembers; -1: for ever."""
    errors_deadletterqueue_table: str = ""
    """Where records go that cannot be written, with the data: a table, made when it is missing."""

    also_read_as: ClassVar[Mapping[str, str]] = {
        "fields.whitelist": "fields.include",
        "topics2table.map": "topics.to.tables.mapping",
    }
    not_honoured: ClassVar[Mapping[str, str]] = {
        "connection.attempts": "failures are waited out; see errors.retry.timeout",
        "connection.backoff.ms": "failures are waited out; see errors.retry.delay.max.ms",
        "db.timezone": "times carry their zone; a naive column takes them in UTC",
        "dialect.name": "this sink speaks to Postgres only",
        "max.retries": "failures are waited out; see errors.retry.timeout",
        "mssql.use.merge.holdlock": "this sink speaks to Postgres only",
        "quote.sql.identifiers": "identifiers are always quoted",
        "retry.backoff.ms": "failures are waited out; see errors.retry.delay.max.ms",
        "table.types": "tables, partitioned tables and views are all written to",
        "trim.sensitive.log": "values are never logged",
    }

    @field_validator("connection_url")
    @classmethod
    def _url_can_be_read(cls, url: Password) -> Password:
        connection_arguments(url.get_secret_value())
        return url

    @field_validator("topics_to_tables_mapping")
    @classmethod
    def _mapping_can_be_read(cls, items: tuple[str, ...]) -> tuple[str, ...]:
        for item in items:
            topic, _, table = item.partition(":")
            if not topic or not table:
                raise ValueError("Expected <topic>:<table>,…")
        return items

    @field_validator("offsets_table", "ledger_table", "errors_deadletterqueue_table")
    @classmethod
    def _own_table_can_be_named(cls, table: str) -> str:
        if would_be_cut(table):
            raise ValueError(f"Postgres has no names of more than {LONGEST_NAME} bytes")
        return table

    @field_validator("value_column")
    @classmethod
    def _value_column_can_be_named(cls, column: str) -> str:
        if len(column.encode()) > LONGEST_NAME:
            raise ValueError(f"Postgres has no names of more than {LONGEST_NAME} bytes")
        return column

    @model_validator(mode="after")
    def _modes_fit_together(self) -> PostgresSinkConfig:
        contradictions = [sentence for is_so, sentence in self._contradictions() if is_so]
        if contradictions:
            raise ValueError("\n".join(contradictions))
        return self

    def _contradictions(self) -> list[tuple[bool, str]]:
        pk_mode, names = self.pk_mode, self.pk_fields
        upserts = self.insert_mode == "upsert"
        return [
            (
                upserts and pk_mode == "none",
                "insert.mode=upsert needs a key: set pk.mode and pk.fields",
            ),
            (
                self.delete_enabled and pk_mode != "record_key",
                "Deletes are only supported for pk.mode record_key",
            ),
            (self.delete_enabled and not upserts, "delete.enabled=true needs insert.mode=upsert"),
            (
                pk_mode == "kafka" and len(names) not in (0, 3),
                "pk.mode=kafka needs no pk.fields, or three: topic, partition, offset",
            ),
            (pk_mode == "record_value" and not names, "pk.mode=record_value needs pk.fields"),
            (
                bool(self.value_column and self.fields_include),
                "value.column takes the whole value: choose fields with ReplaceField, not with "
                "fields.include",
            ),
            (
                self.errors_deadletterqueue_table in (self.offsets_table, self.ledger),
                "errors.deadletterqueue.table must be a table of its own",
            ),
        ]

    def table_of(self, topic: str) -> str:
        mapped = dict(item.split(":", 1) for item in self.topics_to_tables_mapping)
        return mapped.get(topic) or self.table_name_format.replace("${topic}", topic)

    @property
    def ledger(self) -> str:
        """The ledger's table: in the schema of the offset table, unless it is given."""
        schema, dot, _ = self.offsets_table.rpartition(".")
        return self.ledger_table or schema + dot + LEDGER

    @property
    def kafka_coordinates(self) -> Coordinates | None:
        """The columns of the primary key, where that says where a row was read."""
        return Coordinates(*self.kafka_columns) if self.pk_mode == "kafka" else None

    @property
    def kafka_columns(self) -> tuple[str, ...]:
        return self.pk_fields or KAFKA_COLUMNS
