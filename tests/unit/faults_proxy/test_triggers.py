"""What a trigger stops, to the byte, where messages come in one read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.proxy import Fired, PostgresProxy
from tests.unit.faults_proxy.server import Ends, is_silent, read
from tests.unit.faults_proxy.test_postgres_wire import STARTUP, message, query

INSERT, COMMIT, NEXT = query("INSERT INTO t VALUES (1)"), query("COMMIT"), query("SELECT 1")
DONE, READY = message("C", b"COMMIT\0"), message("Z", b"I")


@pytest.fixture
def proxy(ends: Ends) -> Iterator[PostgresProxy]:
    proxy = PostgresProxy(ends.port)
    yield proxy.start()
    proxy.close()


def test_what_was_sent_before_a_held_message_passes_once(proxy: PostgresProxy, ends: Ends) -> None:
    client, server = ends.connect(proxy)
    held = proxy.hold_commit()
    client.sendall(STARTUP + INSERT + COMMIT + NEXT)
    held.wait()
    assert read(server, len(STARTUP + INSERT)) == STARTUP + INSERT
    assert is_silent(server)
    held.release()
    assert read(server, len(COMMIT + NEXT)) == COMMIT + NEXT
    assert is_silent(server)


def test_a_held_answer_is_followed_by_what_came_behind_it(proxy: PostgresProxy, ends: Ends) -> None:
    client, server = ends.connect(proxy)
    held = proxy.hold_commit(where="answer")
    client.sendall(STARTUP + COMMIT)
    assert read(server, len(STARTUP + COMMIT)) == STARTUP + COMMIT
    server.sendall(READY + DONE + READY)
    held.wait()
    assert read(client, len(READY)) == READY
    assert is_silent(client)
    held.release()
    assert read(client, len(DONE + READY)) == DONE + READY


def test_an_end_behind_a_held_message_waits_with_it(proxy: PostgresProxy, ends: Ends) -> None:
    client, server = ends.connect(proxy)
    held = proxy.hold_commit()
    client.sendall(STARTUP + COMMIT)
    client.close()
    held.wait()
    assert read(server, len(STARTUP)) == STARTUP
    assert is_silent(server)
    held.release()
    assert read(server, len(COMMIT) + 1) == COMMIT


def test_the_server_has_what_came_before_a_cut(proxy: PostgresProxy, ends: Ends) -> None:
    client, server = ends.connect(proxy)
    proxy.drop_commit()
    client.sendall(STARTUP + INSERT + COMMIT)
    assert read(server, 1000) == STARTUP + INSERT
    assert client.recv(1) == b""


def test_a_trigger_meets_one_connection_and_its_answer_there(
    proxy: PostgresProxy, ends: Ends
) -> None:
    """An answer on another connection is not the one that is waited for."""
    client, server = ends.connect(proxy)
    _, other_server = other = ends.connect(proxy)
    swallowed = proxy.swallow_commit_answer()
    client.sendall(STARTUP + COMMIT)
    assert read(server, len(STARTUP + COMMIT)) == STARTUP + COMMIT
    other_server.sendall(DONE)
    assert read(other[0], len(DONE)) == DONE
    server.sendall(DONE)
    assert client.recv(1) == b""
    assert swallowed.wait(0).connection == 1


def test_a_hook_may_command_the_proxy(proxy: PostgresProxy, ends: Ends) -> None:
    seen: list[tuple[str, list[int]]] = []

    def look(fired: Fired) -> None:
        seen.append((fired.name, proxy.connections))

    proxy.on_fire(look)
    client, _ = ends.connect(proxy)
    held = proxy.hold_commit()
    client.sendall(STARTUP + COMMIT)
    held.wait()
    assert proxy.connections == [1]
    assert seen == [("hold_commit", [1])]


def test_a_disarmed_trigger_lets_everything_pass(proxy: PostgresProxy, ends: Ends) -> None:
    client, server = ends.connect(proxy)
    dropped = proxy.drop_commit()
    proxy.disarm()
    client.sendall(STARTUP + COMMIT)
    assert read(server, len(STARTUP + COMMIT)) == STARTUP + COMMIT
    with pytest.raises(AssertionError, match="fault drop_commit did not fire in 0 s"):
        dropped.wait(0)
