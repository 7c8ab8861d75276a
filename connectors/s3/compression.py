"""Turning what is encoded into the bytes of a file: compressed as a whole, or as it is.

Owns the names and levels of `s3.compression.type`. A format that compresses its own parts brings a
compression of its own.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import zstandard

GZIP_LEVELS, ZSTD_LEVELS = range(-1, 10), range(-1, 23)
GZIP_HEADER = 31  # zlib's window bits for the largest window, in a gzip wrapper
# zlib's default is 6: 5 of zlib-ng takes 35 to 60 % of its CPU, and files are 2 % smaller to 4 % larger.
# Level 1 of zlib-ng makes files a third larger than zlib's.
ZLIB_NG_LEVELS = {-1: 5, 1: 2}
# Less at once would cost calls, and a compressor where a few lines are all.
WORTH_COMPRESSING = 1 << 16


class Compressor(Protocol):
    """Makes one file of what is encoded, as it comes."""

    def compress(self, chunks: Iterable[bytes]) -> Iterator[bytes]: ...
    def flush(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Compression:
    """memory: bytes that one compressor holds. worth: how many bytes to give it at once."""

    extension: str
    memory: int
    start: Callable[[], Compressor]
    worth: int = WORTH_COMPRESSING


class _Unchanged:
    def compress(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        return iter(chunks)

    def flush(self) -> bytes:
        return b""


class _Stream(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self) -> bytes: ...


class _Streaming:
    def __init__(self, stream: _Stream) -> None:
        self._stream = stream
        self.flush = stream.flush

    def compress(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        return map(self._stream.compress, chunks)


NONE = Compression("", 0, _Unchanged)


def compression(name: str, level: int) -> Compression:
    """ValueError when there is no such level. -1 is the method's own default."""
    if name == "none":
        return NONE
    if name == "gzip":
        return _gzip(level)
    return _zstd(level)


def _gzip(level: int) -> Compression:
    _check("gzip", level, GZIP_LEVELS)
    library = _gzip_library()
    own_level = library.levels.get(level, level)

    def start() -> Compressor:
        return _Streaming(library.compressobj(own_level, zlib.DEFLATED, GZIP_HEADER))

    return Compression(".gz", library.memory, start)


@dataclass(frozen=True, slots=True)
class _GzipLibrary:
    """memory: bytes that one compressor holds. levels: its own for zlib's, where they differ."""

    compressobj: Callable[[int, int, int], _Stream]
    memory: int
    levels: Mapping[int, int] = field(default_factory=dict)


def _gzip_library() -> _GzipLibrary:
    """zlib-ng where it is installed: less CPU at each level, and files about as large."""
    try:
        from zlib_ng import zlib_ng
    except ImportError:
        return _GzipLibrary(zlib.compressobj, memory=270_000)
    return _GzipLibrary(zlib_ng.compressobj, memory=405_000, levels=ZLIB_NG_LEVELS)


def _zstd(level: int) -> Compression:
    _check("zstd", level, ZSTD_LEVELS)
    parameters = zstandard.ZstdCompressionParameters.from_level(3 if level == -1 else level)

    def start() -> Compressor:
        return _Streaming(zstandard.ZstdCompressor(compression_params=parameters).compressobj())

    return Compression(".zst", parameters.estimated_compression_context_size(), start)


def _check(name: str, level: int, levels: range) -> None:
    if level not in levels:
        raise ValueError(f"{name} has levels {levels.start} to {levels.stop - 1}, not {level}")
