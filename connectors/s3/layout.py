"""The keys that say what files look like, and what they come to together.

Owns the spelling of Confluent's S3 sink and the defaults. Must not know the store.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from connectors.s3.compression import Compression, compression
from connectors.s3.formats.byte_array import ByteArrayFormat
from connectors.s3.formats.format import Format
from connectors.s3.formats.json import JsonFormat
from connectors.s3.partitioners import Partitioner
from connectors.s3.paths import PathConfig, class_name, extractor, partitioner, zone
from connectors.s3.rotation import Rotation
from connectors.s3.timestamps import Times
from sinkworker.api import TopicPartition


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


FormatName = Annotated[Literal["JsonFormat", "ByteArrayFormat"], BeforeValidator(class_name)]
CompressionName = Annotated[Literal["none", "gzip", "zstd"], BeforeValidator(_lower)]
NullValues = Annotated[Literal["fail", "ignore", "write"], BeforeValidator(_lower)]


class FileConfig(PathConfig):
    format_class: FormatName = "JsonFormat"
    """JsonFormat (one JSON value a line), or ByteArrayFormat. Confluent's class names do, too."""
    s3_compression_type: CompressionName = "none"
    """How whole files are compressed: none, gzip, zstd."""
    s3_compression_level: int = -1
    """1 (fast) to 9 (small), for zstd to 22; -1: the method's own default."""
    format_bytearray_extension: str = ".bin"
    """How the names of ByteArrayFormat's files end."""
    format_bytearray_separator: str = "\n"
    """What follows each value in ByteArrayFormat's files."""
    flush_size: int = Field(default=100_000, ge=1)
    """How many records a file holds at most. A full file flushes all files of its partition."""
    flush_bytes: int = Field(default=128 << 20, ge=1)
    """How many bytes a file holds, about."""
    rotate_interval_ms: int = Field(default=600_000, ge=-1)
    """Flush when the records' time, or the time that passed, has gone on by so much. -1: never."""
    rotate_schedule_interval_ms: int = Field(default=-1, ge=-1)
    """Flush when the wall clock shows a multiple of it, counted from midnight. -1: never."""
    behavior_on_null_values: NullValues = "fail"
    """What to do with a record without a value: fail (it is errant), ignore it, or write it."""
    buffer_memory: int = Field(default=128 << 20, ge=1 << 20)
    """How many bytes all open files of this process hold in memory; what is more goes to disk."""


@dataclass(frozen=True, slots=True)
class Layout:
    """null_path: where records without a value go when they are written; None: they are not.

    times: the timestamp extractor.
    """

    format: Format
    compression: Compression
    partitioner: Callable[[TopicPartition], Partitioner]
    times: Times
    rotation: Rotation
    null_values: Literal["fail", "ignore", "write"]
    null_path: str = "tombstone"

    @classmethod
    def of(cls, config: FileConfig) -> Layout:
        return cls(
            format=_format(config),
            compression=compression(config.s3_compression_type, config.s3_compression_level),
            partitioner=partial(partitioner, config),
            times=extractor(config),
            rotation=_rotation(config),
            null_values=config.behavior_on_null_values,
        )

    @property
    def extension(self) -> str:
        return self.format.extension + self.compression.extension


def _format(config: FileConfig) -> Format:
    if config.format_class == "ByteArrayFormat":
        return ByteArrayFormat(
            config.format_bytearray_extension, config.format_bytearray_separator.encode()
        )
    return JsonFormat()


def _rotation(config: FileConfig) -> Rotation:
    return Rotation(
        config.flush_size, config.flush_bytes, max(0, config.rotate_interval_ms),
        max(0, config.rotate_schedule_interval_ms), zone(config.timezone),
    )  # fmt: skip
