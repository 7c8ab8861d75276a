"""Clients that take their time: each is ended at a limit, and nobody waits for them."""

from __future__ import annotations

import http.client
import json
import logging
import socket
from collections.abc import Iterator

import pytest

from sinkworker.rest import connection, server
from tests.services.process import wait_until
from tests.unit.rest.scene import Scene

HEAD = b"POST /connectors HTTP/1.1\r\nHost: localhost\r\n"
BODY = HEAD + b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
REFUSED = HEAD + b"Content-Type: text/plain\r\nContent-Length: 1000\r\n\r\n"
LONG = b"GET /connectors/" + b"x" * 12_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
LATE_HEAD = b'{"error_code":408,"message":"The head of the request did not come in time"}'
LATE_BODY = b'{"error_code":408,"message":"The body did not come in time"}'


@pytest.fixture(autouse=True)
def _short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_WITHIN_SECONDS", 0.5)
    monkeypatch.setattr(server, "BODY_WITHIN_SECONDS", 0.5)


@pytest.fixture
def client(scene: Scene) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", scene.port), timeout=0.05) as made:
        yield made


def trickled(client: socket.socket, start: bytes, bytewise: bytes = b"x") -> bytes:
    """What the server says, until it hangs up, to who sends a byte now and then."""
    client.sendall(start)
    said = b""
    for _ in range(400):
        try:
            got = client.recv(65_536)
            if not got:
                return said
            said += got
        except TimeoutError:
            client.sendall(bytewise)
        except ConnectionError:
            return said
    raise AssertionError(f"still connected after {said!r}")


@pytest.mark.parametrize(
    ("start", "code", "body"),
    [(HEAD, b"408", LATE_HEAD), (b"G", b"408", LATE_HEAD), (BODY, b"408", LATE_BODY)],
    ids=["a head", "a first line", "a body"],
)
def test_a_request_that_trickles_is_ended(
    scene: Scene,
    client: socket.socket,
    start: bytes,
    code: bytes,
    body: bytes,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO):
        said = trickled(client, start)
    assert said.startswith(b"HTTP/1.1 " + code)
    assert said.endswith(body)
    [line] = [
        each.getMessage() for each in caplog.records if each.name.startswith("sinkworker.rest")
    ]
    assert ": 408 " in line


def test_the_rest_of_a_refused_body_is_not_waited_for(scene: Scene, client: socket.socket) -> None:
    said = trickled(client, REFUSED)
    assert said.startswith(b"HTTP/1.1 415")
    assert said.count(b"HTTP/1.1") == 1


def test_who_says_nothing_is_told_nothing(
    scene: Scene, client: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        assert trickled(client, b"", b"") == b""
    assert not [each for each in caplog.records if each.name.startswith("sinkworker.rest")]


def test_who_does_not_read_is_ended(scene: Scene) -> None:
    with socket.socket() as greedy:
        greedy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        greedy.settimeout(0.05)
        greedy.connect(("127.0.0.1", scene.port))

        def is_ended() -> bool:
            try:
                greedy.sendall(LONG * 20)
            except TimeoutError:
                return False
            except ConnectionError:
                return True
            return False

        wait_until(is_ended, 20, "the end of a connection that is not read")


def test_a_connection_serves_one_request_after_the_other(scene: Scene) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", scene.port, timeout=10)
    connection.connect()
    first = connection.sock
    for _ in range(5):
        connection.request("GET", "/ping")
        assert json.loads(connection.getresponse().read()) == {"status": "alive"}
    assert connection.sock is first
    connection.close()


def test_an_answer_may_take_longer_than_the_limit_of_its_request(
    scene: Scene, client: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(*, connectors_only: bool) -> list[object]:
        wait_until(lambda: trickle_ended, 20, "another client's limit")
        return []

    trickle_ended: list[bytes] = []
    monkeypatch.setattr(scene.administration, "plugins", slowly)
    client.settimeout(20)
    client.sendall(b"GET /connector-plugins HTTP/1.1\r\nHost: localhost\r\n\r\n")
    with socket.create_connection(("127.0.0.1", scene.port), timeout=0.05) as other:
        trickle_ended.append(trickled(other, HEAD))
    assert client.recv(65_536).startswith(b"HTTP/1.1 200")


def test_slow_clients_take_no_more_than_their_share_of_sockets(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "HEAD_WITHIN_SECONDS", 60.0)
    monkeypatch.setattr(connection, "MOST_CONNECTIONS", 10)
    slow = [socket.create_connection(("127.0.0.1", scene.port), timeout=10) for _ in range(11)]
    assert slow[0].recv(10) == b""
    assert scene.ask("GET", "/ping").status == 200
    for each in slow:
        each.close()
