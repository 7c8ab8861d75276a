"""The keys that say what files look like, and what they come to together.

Owns the spelling of Confluent's S3 sink and the defaults. Must not know the store.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from connectors.s3.compression import Compression, compression
from connectors.s3.escaping import escaped
from connectors.s3.formats.avro import AvroFormat
from connectors.s3.formats.byte_array import ByteArrayFormat
from connectors.s3.formats.csv import CsvFormat
from connectors.s3.formats.format import Format
from connectors.s3.formats.json import JsonFormat
from connectors.s3.partitioners import Partitioner
from connectors.s3.paths import PathConfig, class_name, extractor, partitioner, zone
from connectors.s3.rotation import Rotation
from connectors.s3.timestamps import Times
from sinkworker.api import CsvList, TopicPartition


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


FormatName = Annotated[
    Literal["JsonFormat", "CsvFormat", "AvroFormat", "ParquetFormat", "ByteArrayFormat"],
    BeforeValidator(class_name),
]
AvroCodec = Annotated[Literal["null", "deflate", "snappy", "bzip2"], BeforeValidator(_lower)]
ParquetCodec = Annotated[
    Literal["none", "snappy", "gzip", "brotli", "lz4", "zstd"], BeforeValidator(_lower)
]
COMPRESSES_ITSELF = {"AvroFormat": "avro.codec", "ParquetFormat": "parquet.codec"}
CompressionName = Annotated[Literal["none", "gzip", "zstd"], BeforeValidator(_lower)]
NullValues = Annotated[Literal["fail", "ignore", "write"], BeforeValidator(_lower)]


class FileConfig(PathConfig):
    format_class: FormatName = "JsonFormat"
    """JsonFormat (one JSON value a line), CsvFormat, AvroFormat, ParquetFormat, ByteArrayFormat.
    Confluent's class names do, too."""
    s3_compression_type: CompressionName = "none"
    """How whole files are compressed: none, gzip, zstd."""
    s3_compression_level: int = -1
    """1 (fast) to 9 (small), for zstd to 22; -1: the method's own default.
    gzip has zlib's levels; where zlib-ng makes it, 1 is 2 of its own levels, and -1 is 5."""
    avro_codec: AvroCodec = "null"
    """How AvroFormat compresses its blocks: null (not at all), deflate, snappy, bzip2."""
    parquet_codec: ParquetCodec = "snappy"
    """How ParquetFormat compresses its pages: none, snappy, gzip, brotli, lz4, zstd."""
    csv_columns: CsvList = ()
    """CsvFormat's columns; empty: the fields of the record's schema, or all that were seen."""
    csv_header: bool = True
    """Whether CsvFormat's files begin with the names of their columns."""
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
    tombstone_encoded_partition: str = "tombstone"
    """The path of records without a value, where they are written."""
    buffer_memory: int = Field(default=64 << 20, ge=1 << 20)
    """How many bytes all open files of this process hold in memory; what is more goes to disk."""

    @model_validator(mode="after")
    def _format_is_possible(self) -> FileConfig:
        contradictions = [sentence for is_so, sentence in self._file_contradictions() if is_so]
        if contradictions:
            raise ValueError("\n".join(contradictions))
        return self

    def _file_contradictions(self) -> list[tuple[bool, str]]:
        name, kind = self.format_class, self.s3_compression_type
        return [
            (
                name == "ParquetFormat" and find_spec("pyarrow") is None,
                "format.class=ParquetFormat needs pyarrow: pip install 'sinkworker[parquet]'",
            ),
            (
                kind != "none" and name in COMPRESSES_ITSELF,
                f"s3.compression.type={kind} does not go with format.class={name}: set "
                f"{COMPRESSES_ITSELF.get(name)}",
            ),
            (
                self.behavior_on_null_values == "write"
                and name not in ("JsonFormat", "ByteArrayFormat"),
                f"behavior.on.null.values=write does not go with format.class={name}, which has no "
                "form for a missing value",
            ),
        ]

    @model_validator(mode="after")
    def _level_exists(self) -> FileConfig:
        compression(self.s3_compression_type, self.s3_compression_level)
        return self


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
    null_path: str

    @classmethod
    def of(cls, config: FileConfig) -> Layout:
        return cls(
            format=_format(config),
            compression=compression(config.s3_compression_type, config.s3_compression_level),
            partitioner=partial(partitioner, config),
            times=extractor(config),
            rotation=_rotation(config),
            null_values=config.behavior_on_null_values,
            null_path=escaped(config.tombstone_encoded_partition),
        )

    @property
    def extension(self) -> str:
        return self.format.extension + self.compression.extension


def _format(config: FileConfig) -> Format:
    match config.format_class:
        case "CsvFormat":
            return CsvFormat(config.csv_columns, has_header=config.csv_header)
        case "AvroFormat":
            return AvroFormat(config.avro_codec)
        case "ParquetFormat":
            return _parquet(config.parquet_codec)
        case "ByteArrayFormat":
            separator = config.format_bytearray_separator.encode()
            return ByteArrayFormat(config.format_bytearray_extension, separator)
        case _:
            return JsonFormat()


def _parquet(codec: str) -> Format:
    """pyarrow is large: only who writes Parquet loads it, or needs to have it."""
    from connectors.s3.formats.parquet import ParquetFormat

    return ParquetFormat(codec)


def _rotation(config: FileConfig) -> Rotation:
    return Rotation(
        config.flush_size, config.flush_bytes, max(0, config.rotate_interval_ms),
        max(0, config.rotate_schedule_interval_ms), zone(config.timezone),
    )  # fmt: skip
