"""The public, stable API of sinkworker: what a plugin may import.

Owns the words that the worker and its plugins share. Knows nothing of Kafka clients, of the engine
or of any sink.
"""

from sinkworker.api.config import ConfigModel, ConnectorConfig, CsvList, Password
from sinkworker.api.connector import (
    Batches,
    BufferedSinkTask,
    Delivery,
    SinkConnector,
    SinkTask,
    SinkTaskContext,
)
from sinkworker.api.converter import Converter
from sinkworker.api.errors import (
    ConfigError,
    ConfigProblem,
    ConnectError,
    DataError,
    FencedError,
    RecordRejectedError,
    RetriableError,
)
from sinkworker.api.offsets import (
    Advance,
    Alteration,
    Claim,
    ErrantRecord,
    Offset,
    OffsetStore,
    Stage,
    StoredOffset,
    next_claim,
)
from sinkworker.api.record import Header, Schema, SinkRecord, TopicPartition
from sinkworker.api.stored_offsets import StoredOffsets
from sinkworker.api.transform import Predicate, Transform

__all__ = [
    "Advance",
    "Alteration",
    "Batches",
    "BufferedSinkTask",
    "Claim",
    "ConfigError",
    "ConfigModel",
    "ConfigProblem",
    "ConnectError",
    "ConnectorConfig",
    "Converter",
    "CsvList",
    "DataError",
    "Delivery",
    "ErrantRecord",
    "FencedError",
    "Header",
    "Offset",
    "OffsetStore",
    "Password",
    "Predicate",
    "RecordRejectedError",
    "RetriableError",
    "Schema",
    "SinkConnector",
    "SinkRecord",
    "SinkTask",
    "SinkTaskContext",
    "Stage",
    "StoredOffset",
    "StoredOffsets",
    "TopicPartition",
    "Transform",
    "next_claim",
]
