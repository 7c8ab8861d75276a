"""The public, stable API of sinkworker: what a plugin may import.

Owns the words that the worker and its plugins share. Knows nothing of Kafka clients, of the engine
or of any sink.
"""

from sinkworker.api.audit import Audit, Coordinates, Counted, Holding
from sinkworker.api.config import ConfigModel, ConnectorConfig, CsvList, Password
from sinkworker.api.connector import (
    Advances,
    Batches,
    BufferedSinkTask,
    Claims,
    Delivery,
    SinkConnector,
    SinkTask,
    SinkTaskContext,
    Starts,
)
from sinkworker.api.converter import Converter
from sinkworker.api.dead_letters import DeadLetter, DeadLetterStore
from sinkworker.api.errors import (
    ConfigError,
    ConfigProblem,
    ConnectError,
    DataError,
    FencedError,
    RecordRejectedError,
    RetriableError,
)
from sinkworker.api.ledger import LedgerEntry
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
from sinkworker.api.rewriter import Rewriter, Rewritten
from sinkworker.api.stored_offsets import StoredOffsets, TransactionalOffsetStore
from sinkworker.api.transform import Predicate, Transform

__all__ = [
    "Advance",
    "Advances",
    "Alteration",
    "Audit",
    "Batches",
    "BufferedSinkTask",
    "Claim",
    "Claims",
    "ConfigError",
    "ConfigModel",
    "ConfigProblem",
    "ConnectError",
    "ConnectorConfig",
    "Converter",
    "Coordinates",
    "Counted",
    "CsvList",
    "DataError",
    "DeadLetter",
    "DeadLetterStore",
    "Delivery",
    "ErrantRecord",
    "FencedError",
    "Header",
    "Holding",
    "LedgerEntry",
    "Offset",
    "OffsetStore",
    "Password",
    "Predicate",
    "RecordRejectedError",
    "RetriableError",
    "Rewriter",
    "Rewritten",
    "Schema",
    "SinkConnector",
    "SinkRecord",
    "SinkTask",
    "SinkTaskContext",
    "Stage",
    "Starts",
    "StoredOffset",
    "StoredOffsets",
    "TopicPartition",
    "TransactionalOffsetStore",
    "Transform",
    "next_claim",
]
