"""The moments of a transaction are recognised however its messages are cut into reads."""

from __future__ import annotations

import struct

import pytest

from tests.faults.proxy.faults import Piece, Reader
from tests.faults.proxy.postgres_wire import Conversation, FromClient, FromServer

SSL_REQUEST = struct.pack("!II", 8, 80877103)
STARTUP = struct.pack("!II", 8 + 12, 196608) + b"user\0me\0\0\0\0\0"


def message(kind: str, body: bytes) -> bytes:
    return kind.encode() + struct.pack("!I", 4 + len(body)) + body


def query(text: str) -> bytes:
    return message("Q", text.encode() + b"\0")


def read(reader: Reader, data: bytes, size: int) -> list[Piece]:
    """Every piece, of reads of that size; together they are what was sent."""
    reads = [data[at : at + size] for at in range(0, len(data), size)]
    pieces = [piece for each in reads for piece in reader.feed(each)]
    assert b"".join(piece.data for piece in pieces) == data
    return pieces


def notes(pieces: list[Piece]) -> list[str]:
    return [piece.note for piece in pieces if piece.kind in ("commit", "answer")]


SIZES = pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])


@SIZES
def test_a_commit_is_a_piece_of_its_own(size: int) -> None:
    data = STARTUP + query("INSERT INTO t VALUES ('COMMIT')") + query("COMMIT") + query("BEGIN")
    pieces = read(FromClient(Conversation()), data, size)
    assert [piece.data for piece in pieces if piece.kind] == [query("COMMIT")]


@pytest.mark.parametrize("text", ["commit", " COMMIT ;", "END", "commit work", "End Transaction;"])
def test_a_commit_may_be_written_otherwise(text: str) -> None:
    pieces = read(FromClient(Conversation()), STARTUP + query(text), 1000)
    assert pieces[-1].kind == "commit"


@pytest.mark.parametrize("text", ["COMMIT PREPARED 'x'", "SELECT 'commit'", "ROLLBACK", ""])
def test_what_only_looks_like_a_commit_is_none(text: str) -> None:
    pieces = read(FromClient(Conversation()), STARTUP + query(text), 1000)
    assert pieces[-1].kind == ""


@SIZES
def test_a_commit_of_the_extended_protocol_is_its_execution(size: int) -> None:
    data = STARTUP
    for portal, statement, text in ((b"", b"", b"BEGIN"), (b"p", b"s", b"COMMIT")):
        data += message("P", statement + b"\0" + text + b"\0\0\0")
        data += message("B", portal + b"\0" + statement + b"\0" + bytes(6))
        data += message("E", portal + b"\0" + bytes(4)) + message("S", b"")
    pieces = read(FromClient(Conversation()), data, size)
    executed = message("E", b"p\0" + bytes(4))
    assert [piece.data for piece in pieces if piece.kind] == [executed]


@SIZES
def test_rows_of_copy_are_counted_with_their_headers(size: int) -> None:
    rows = [message("d", row) for row in (b"1\ta\n" * 100, b"", b"2\tb\n")]
    data = STARTUP + query("COPY t FROM STDIN") + b"".join(rows) + message("c", b"")
    pieces = read(FromClient(Conversation()), data + query("COMMIT"), size)
    assert b"".join(piece.data for piece in pieces if piece.kind == "copy") == b"".join(rows)
    assert notes(pieces) == [f"COMMIT after {400 + 4 + 3 * 5} bytes of COPY"]


@SIZES
def test_the_answer_to_a_commit_is_a_piece_of_its_own(size: int) -> None:
    data = (
        message("R", bytes(4))
        + message("d", b"rows of the server")
        + message("C", b"INSERT 0 1\0")
        + message("C", b"COMMIT\0")
        + message("Z", b"I")
        + message("C", b"ROLLBACK\0")
        + message("E", b"Mno\0\0")
    )
    pieces = read(FromServer(Conversation()), data, size)
    assert notes(pieces) == ["COMMIT", "ROLLBACK", "ErrorResponse"]


@SIZES
def test_a_server_without_encryption_is_understood(size: int) -> None:
    conversation = Conversation()
    client, server = FromClient(conversation), FromServer(conversation)
    read(client, SSL_REQUEST, size)
    read(server, b"N", size)
    assert notes(read(client, STARTUP + query("COMMIT"), size)) == ["COMMIT after 0 bytes of COPY"]
    assert notes(read(server, message("C", b"COMMIT\0"), size)) == ["COMMIT"]


def test_what_is_encrypted_passes_unread() -> None:
    conversation = Conversation()
    client, server = FromClient(conversation), FromServer(conversation)
    read(client, SSL_REQUEST, 1000)
    read(server, b"S", 1000)
    assert notes(read(client, query("COMMIT"), 1000)) == []
    assert notes(read(server, message("C", b"COMMIT\0"), 1000)) == []
