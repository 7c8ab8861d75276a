"""Requests and their answers are recognised however they are cut into reads."""

from __future__ import annotations

import struct

import pytest

from tests.faults.proxy.faults import Piece
from tests.faults.proxy.kafka_wire import APIS, Frames, Request


def request(api: str, correlation: int, client: bytes | None, body: bytes = b"") -> bytes:
    length = -1 if client is None else len(client)
    header = struct.pack("!hhih", APIS[api], 7, correlation, length) + (client or b"")
    return struct.pack("!i", len(header + body)) + header + body


def answer(correlation: int, body: bytes = b"") -> bytes:
    return struct.pack("!ii", 4 + len(body), correlation) + body


def read(frames: Frames, data: bytes, size: int) -> list[Piece]:
    """The pieces of interest, of reads of that size; all together are what was sent."""
    reads = [data[at : at + size] for at in range(0, len(data), size)]
    pieces = [piece for each in reads for piece in frames.feed(each)]
    assert b"".join(piece.data for piece in pieces) == data
    return [piece for piece in pieces if piece.kind]


SIZES = pytest.mark.parametrize("size", [1, 3, 8, 1000])


@SIZES
def test_a_request_tells_its_api_and_its_client(size: int) -> None:
    data = request("Fetch", 5, b"me", b"x" * 50) + request("Heartbeat", 6, None)
    data += request("OffsetCommit", 7, b"")
    assert [piece.key for piece in read(Frames(is_request=True), data, size)] == [
        Request("Fetch", 7, 5, "me"),
        Request("Heartbeat", 7, 6, ""),
        Request("OffsetCommit", 7, 7, ""),
    ]


@SIZES
def test_an_answer_tells_to_which_request(size: int) -> None:
    data = answer(5, b"y" * 50) + answer(6) + answer(7, b"z")
    assert [piece.key for piece in read(Frames(is_request=False), data, size)] == [5, 6, 7]


def test_an_api_that_has_no_name_here_has_its_number() -> None:
    (piece,) = read(Frames(is_request=True), struct.pack("!ihhih", 10, 999, 0, 1, -1), 1000)
    assert piece.note == "api 999 v0 of "
