"""Headers: bytes → values, when somebody reads them.

Owns when a record's headers are converted. Must not know which converters there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from sinkworker.api import Converter, DataError, Header, Schema

Decode = Callable[[str, bytes | None, Sequence[Header]], tuple[Schema | None, Any]]
ConvertHeaders = Callable[[str, Sequence[Header]], Sequence[Header]]


def header_conversion(converter: Converter | None) -> ConvertHeaders:
    """(topic, the headers as bytes) → the headers as values; as bytes still without a converter.

    Of a converter that never fails, what it returns converts when it is first read: most sinks read
    no headers. Any other converts at once, so that a header that cannot be converted is found before
    the record reaches the sink.
    """
    if converter is None:
        return lambda _topic, raw: raw
    return partial(LazyHeaders if converter.never_fails else _converted, converter.decode)


def _converted(decode: Decode, topic: str, raw: Sequence[Header]) -> list[Header]:
    name = ""
    try:
        headers = []
        for name, data in raw:
            headers.append((name, decode(topic, data, raw)[1]))
        return headers
    except DataError as error:
        raise DataError(f"header {name}: {error}") from error


class LazyHeaders(Sequence[Header]):
    """Headers that are converted, all of them and once, when the first of them is looked at."""

    __slots__ = ("_decode", "_raw", "_topic", "_values")

    def __init__(self, decode: Decode, topic: str, raw: Sequence[Header]) -> None:
        self._decode, self._topic, self._raw = decode, topic, raw
        self._values: list[Header] | None = None

    def _converted(self) -> list[Header]:
        if self._values is None:
            self._values = _converted(self._decode, self._topic, self._raw)
        return self._values

    def __len__(self) -> int:
        return len(self._raw)

    def __getitem__(self, index: Any) -> Any:
        return self._converted()[index]

    def __iter__(self) -> Iterator[Header]:
        return iter(self._converted())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._converted() == list(other)

    def __hash__(self) -> int:
        raise TypeError("headers are no key")

    def __repr__(self) -> str:
        return repr(self._converted())
