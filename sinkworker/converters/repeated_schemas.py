"""Envelopes that begin with the same bytes as one before: only their payload is read.

Owns what is known of such a beginning. Whatever is unexpected is left to the ordinary way, which also
says what is wrong. Must not know how JSON is parsed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from operator import itemgetter
from typing import Any

from sinkworker.api import DataError, Schema
from sinkworker.converters.envelope import Envelope, fields_of, is_unchanged

NAME, OPENING = b'"payload":', b'{"payload":'
MOST_BEGINNINGS, MOST_SHAPES = 100, 1000
# What may be, or hold, an infinite number.
NUMBERS = frozenset({float, list, dict})
DEEP = frozenset({list, dict})
BRACE = b"}"

Parse = Callable[[bytes], Any]
ParseAll = Callable[[Sequence[bytes]], list[Any]]
Read = Callable[[Any], Any]


@dataclass(slots=True)
class Beginning:
    """All bytes of an envelope before its payload, and the schema that stands there.

    reads: by the names and types of a payload's members, what makes of it what the schema says.
    """

    text: bytes
    schema: Schema | None
    reads: dict[tuple[Any, ...], Read] = field(default_factory=dict)


class RepeatedSchemas:
    """The beginnings that were seen, and not too many of them."""

    def __init__(
        self,
        envelope: Envelope,
        parse: Parse,
        parse_all: ParseAll,
        is_infinite: Callable[[Any], bool],
    ) -> None:
        """is_infinite: finds what neither parser refuses, a number that no float can hold."""
        self._envelope, self._is_infinite = envelope, is_infinite
        self._parse, self._parse_all = parse, parse_all
        self._seen: dict[bytes, Beginning] = {}
        self._last = Beginning(NAME, None)  # no JSON text begins so

    def read(self, data: bytes) -> tuple[Schema | None, Any] | None:
        """Schema and payload of an envelope; None when it has to be read as a whole."""
        known = self._last
        if not data.startswith(known.text):
            found = self._seen.get(_beginning(data))
            if found is None:
                return None
            self._last = known = found
        try:
            # In braces of its own: another schema behind the payload shows as another member, and
            # brackets and depth are those of the whole.
            rest = self._parse(OPENING + data[len(known.text) :])
            return (known.schema, self._typed(known, rest["payload"])) if len(rest) == 1 else None
        except Exception:  # the ordinary way finds the words for it, or no fault
            return None

    def read_all(self, data: Sequence[bytes | None]) -> tuple[Schema | None, list[Any]] | None:
        """Schema and payloads of envelopes that begin as the last one did, with members of the same
        names and types, none of them deep; None when one is different: then each is read by itself."""
        try:
            return self._all_alike(self._last, data)
        except Exception:  # whoever it is, the ordinary way finds the words for it
            return None

    def _all_alike(
        self, known: Beginning, data: Sequence[Any]
    ) -> tuple[Schema | None, list[Any]] | None:
        start = known.text
        texts = [each.removeprefix(start).removesuffix(BRACE) for each in data]
        around = len(start) + len(BRACE)
        if sum(map(len, data)) - sum(map(len, texts)) != around * len(data):
            return None
        payloads = self._parse_all(texts)
        if not _are_named_alike(payloads):
            return None
        kinds = [set(map(type, map(itemgetter(name), payloads))) for name in payloads[0]]
        if set(map(len, kinds)) != {1} or not DEEP.isdisjoint(chain.from_iterable(kinds)):
            return None
        read = self._read_like(known, payloads[0])
        return known.schema, payloads if read is _as_they_are else list(map(read, payloads))

    def learn(self, data: bytes) -> None:
        """Of an envelope that was read as a whole: how it begins, up to `"payload":`.

        If null in this place, and one brace, make an envelope of it, so does every other value.
        """
        text = _beginning(data)
        try:
            envelope = self._parse(text + b"null}")
        except ValueError:
            return
        if envelope.keys() == {"schema", "payload"}:
            if len(self._seen) >= MOST_BEGINNINGS:
                self._seen.clear()
            self._seen[text] = Beginning(text, envelope["schema"])

    def _typed(self, known: Beginning, payload: Any) -> Any:
        if type(payload) is not dict:
            return self._read_of(known.schema, (), (type(payload),))(payload)
        return self._read_like(known, payload)(payload)

    def _read_like(self, known: Beginning, payload: dict[str, Any]) -> Read:
        names, kinds = tuple(payload), tuple(map(type, payload.values()))
        shape = (*names, *kinds)
        read = known.reads.get(shape)
        if read is None:
            if len(known.reads) >= MOST_SHAPES:
                known.reads.clear()
            read = known.reads[shape] = self._read_of(known.schema, names, kinds)
        return read

    def _read_of(self, schema: Schema | None, names: Sequence[str], kinds: Sequence[type]) -> Read:
        """What reads payloads with these names and types. Where the schema has the same names in the
        same order, only members that it changes are looked at."""
        typed, fields = self._envelope.typed, fields_of(schema)
        read: Read = partial(typed, schema)
        if schema is None:
            read = _as_they_are
        elif fields and [each["field"] for each in fields] == list(names):
            read = _changing({
                each["field"]: partial(typed, each)
                for each, kind in zip(fields, kinds, strict=True)
                if not is_unchanged(each, kind)
            })  # fmt: skip
        return read if NUMBERS.isdisjoint(kinds) else partial(self._finite, read)

    def _finite(self, read: Read, payload: Any) -> Any:
        if self._is_infinite(payload):
            raise DataError("an infinite number")
        return read(payload)


def _beginning(data: bytes) -> bytes:
    """Up to the first `"payload":`; nothing where it has none."""
    at = data.find(NAME)
    return data[: at + len(NAME)] if at >= 0 else b""


def _are_named_alike(payloads: Sequence[dict[str, Any]]) -> bool:
    """Whether all have the first one's names in its order.

    One with more names than it would repeat one of them, which an object cannot; so none has less.
    """
    return list(chain.from_iterable(payloads)) == list(payloads[0]) * len(payloads)


def _as_they_are(payload: Any) -> Any:
    return payload


def _changing(changes: dict[str, Read]) -> Read:
    """Changes just these members of an object, in their places."""
    if not changes:
        return _as_they_are

    def read(payload: dict[str, Any]) -> dict[str, Any]:
        for name, change in changes.items():
            payload[name] = change(payload[name])
        return payload

    return read
