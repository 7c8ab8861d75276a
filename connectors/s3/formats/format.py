"""What a file format is: how records become the bytes of one file.

Owns the contract. Must not know paths, rotation or memory.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Sequence
from typing import TypeAlias

from connectors.s3.compression import Compression
from sinkworker.api import SinkRecord

SchemasOf: TypeAlias = Callable[[Sequence[SinkRecord]], Sequence[Hashable]]


class Encoder(ABC):
    """The bytes of one file, as its records come. It keeps no records."""

    @abstractmethod
    def encode(self, records: Sequence[SinkRecord]) -> bytes:
        """DataError leaves everything as it was: not one of the records is taken."""


class Format(ABC):
    """One of the values of `format.class`.

    writes_nulls: whether it has a form for a record without a value.
    """

    extension: str
    writes_nulls = False

    @abstractmethod
    def encoder(self, schema: Hashable) -> Encoder:
        """For one file, whose records all have this schema."""

    def schemas(self) -> SchemasOf:
        """Says of records which schemas their files have. For one source partition.

        DataError when one has none.
        """
        return lambda records: [None] * len(records)

    def compression(self, schema: Hashable) -> Compression | None:
        """How one file compresses itself; None: as `s3.compression.type` says."""
        return None
