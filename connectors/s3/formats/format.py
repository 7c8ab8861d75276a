"""What a file format is: how records become the bytes of one file.

Owns the contract. Must not know paths, rotation or memory.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence

from connectors.s3.compression import Compression
from sinkworker.api import SinkRecord


class Encoder(ABC):
    """The bytes of one file, as its records come. It keeps no records."""

    @abstractmethod
    def encode(self, records: Sequence[SinkRecord]) -> bytes:
        """DataError leaves everything as it was: not one of the records is taken."""


class Format(ABC):
    """One of the values of `format.class`.

    compression: how the format compresses itself; None where `s3.compression.type` says how.
    writes_nulls: whether it has a form for a record without a value.
    """

    extension: str
    writes_nulls = False
    compresses_itself = False

    @abstractmethod
    def encoder(self, schema: Hashable) -> Encoder:
        """For one file, whose records all have this schema."""

    def schemas(self, records: Sequence[SinkRecord]) -> Sequence[Hashable]:
        """For each record the schema of the file it belongs to. DataError when one has none."""
        return [None] * len(records)

    def compression(self, schema: Hashable) -> Compression | None:
        """How one file compresses itself; None: as `s3.compression.type` says."""
        return None
