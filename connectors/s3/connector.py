"""The S3 sink's entry point.

Owns how its parts fit together, and the check before anything starts.
"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.s3.audit import taken
from connectors.s3.bucket import Bucket
from connectors.s3.chain import Patience
from connectors.s3.config import S3SinkConfig
from connectors.s3.lanes import Lanes
from connectors.s3.letter_store import S3LetterStore
from connectors.s3.naming import FileNames
from connectors.s3.offsets import Chains, S3OffsetStore
from connectors.s3.probe import check_conditional_writes
from connectors.s3.reader import S3Reader
from connectors.s3.task import S3SinkTask
from sinkworker.api import (
    Audit,
    Coordinates,
    DeadLetterStore,
    OffsetStore,
    SinkConnector,
    SinkTask,
    SinkTaskContext,
)

STORE_TIMEOUT_MS = 10_000
# The first write into a new store may take long: a fresh SeaweedFS makes its volumes then.
OPERATOR_TIMEOUT_MS = 30_000
LONGEST_REQUEST_MS = 60_000
# A flush is a few requests; together they must end before the group loses patience. What an outage
# lasts longer, the engine waits out, polling meanwhile.
REQUESTS_IN_A_FLUSH = 8
PATIENCE_SECONDS = 20.0


class S3SinkConnector(SinkConnector[S3SinkConfig]):
    """Files, and the entry that commits them together with the offset."""

    config_class = S3SinkConfig

    def check(self) -> None:
        bucket = self.bucket()
        try:
            check_conditional_writes(bucket, self.config.store_url or "Amazon S3")
        finally:
            bucket.close()

    def create_task(self, context: SinkTaskContext) -> SinkTask:
        timeout_ms = min(context.flush_timeout_ms // REQUESTS_IN_A_FLUSH, LONGEST_REQUEST_MS)
        patience = min(context.flush_timeout_ms / 1000 / REQUESTS_IN_A_FLUSH, PATIENCE_SECONDS)
        bucket = Bucket(self.config, timeout_ms)
        chains = Chains(bucket, self.name, Patience(patience))
        return S3SinkTask(
            self.config, bucket, chains, self.names(), self.names_of_letters(), context
        )

    def offset_store(self) -> OffsetStore:
        bucket = Bucket(self.config, STORE_TIMEOUT_MS)
        chains = Chains(bucket, self.name, Patience(STORE_TIMEOUT_MS / 1000))
        return S3OffsetStore(bucket, chains, Lanes())

    def audit(self, coordinates: Coordinates | None = None, places: Sequence[str] = ()) -> Audit:
        """The files that the chains name, by their sizes; `sinkworker s3 verify` reads them."""
        bucket, lanes = self.bucket(), Lanes()
        try:
            with S3Reader(self.name, self.config) as reader:
                return taken(reader, bucket, lanes)
        finally:
            lanes.close()
            bucket.close()

    def names(self) -> FileNames:
        return FileNames(self.config.topics_dir, self.config.file_name_template, self.name)

    def names_of_letters(self) -> FileNames | None:
        """None: dead letters are not kept here."""
        folder = self.config.letters_dir
        return FileNames(folder, self.config.file_name_template, self.name) if folder else None

    def dead_letters(self) -> DeadLetterStore | None:
        return S3LetterStore(S3Reader(self.name, self.config)) if self.stores_dead_letters else None

    @property
    def stores_dead_letters(self) -> bool:
        return bool(self.config.letters_dir)

    def bucket(self) -> Bucket:
        """For the check and the commands."""
        return Bucket(self.config, OPERATOR_TIMEOUT_MS)
