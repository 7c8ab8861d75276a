"""The file sink: its configuration, its task, and the lines it writes.

Owns what a line looks like. How lines and offsets become durable together is in `ledger.py`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator

from connectors.file.ledger import FileLedger
from sinkworker.api import (
    Advances,
    Batches,
    BufferedSinkTask,
    Claims,
    ConfigError,
    ConfigProblem,
    ConnectorConfig,
    DataError,
    SinkConnector,
    SinkRecord,
    SinkTask,
    SinkTaskContext,
    Starts,
    TopicPartition,
)


def _is_named(file: Path) -> Path:
    if not file.name:
        raise ValueError("Expected the path of a file")
    return file


class FileStreamSinkConfig(ConnectorConfig):
    file: Annotated[Path, AfterValidator(_is_named)]
    """Where lines are appended. Beside it stand <file>.offsets.json and <file>.lock."""


class FileStreamSinkConnector(SinkConnector[FileStreamSinkConfig]):
    """Kafka's `FileStreamSink`, exactly once: one line a record, offsets in a sidecar file."""

    config_class = FileStreamSinkConfig

    def check(self) -> None:
        folder = self.config.file.absolute().parent
        if not folder.is_dir():
            message = f"Invalid value {self.config.file} for configuration file: no folder {folder}"
            raise ConfigError([ConfigProblem("file", message)])

    def create_task(self, context: SinkTaskContext) -> SinkTask:
        return FileStreamSinkTask(self.offset_store(), context)

    def offset_store(self) -> FileLedger:
        return FileLedger(self.name, self.config.file)


class FileStreamSinkTask(BufferedSinkTask):
    """Appends the lines of a flush and advances the offsets, in one step."""

    def __init__(self, ledger: FileLedger, context: SinkTaskContext) -> None:
        super().__init__()
        self._ledger, self._context = ledger, context

    def open(self, starts: Starts) -> Claims:
        return self._ledger.claim(starts, self._context.owner)

    def write(self, batches: Batches, advances: Advances) -> None:
        lines = [
            line
            for source, records in batches.items()
            for record in records
            if (line := self._line(source, record)) is not None
        ]
        self._ledger.append(b"".join(lines), advances)

    def _line(self, source: TopicPartition, record: SinkRecord) -> bytes | None:
        """The record's line; None when it has none and errors are tolerated."""
        try:
            return _text(record.value).encode() + b"\n"
        except (TypeError, ValueError) as error:
            self._context.report(
                source, record, DataError(f"it cannot be written as text: {error}")
            )
            return None


def _text(value: Any) -> str:
    """Text as it is, bytes as UTF-8, anything else as JSON on one line."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode()
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
