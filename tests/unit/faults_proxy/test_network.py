"""What the proxy does to connections of which it knows nothing."""

from __future__ import annotations

import os
import socket
import threading

import pytest

from tests.faults.proxy import Proxy
from tests.faults.proxy.link import Direction
from tests.services.process import wait_until
from tests.unit.faults_proxy.server import Ends, is_silent, read


def test_bytes_pass_in_both_directions(proxy: Proxy, ends: Ends) -> None:
    client, server = ends.connect(proxy)
    client.sendall(b"question")
    assert read(server, 8) == b"question"
    server.sendall(b"answer")
    assert read(client, 6) == b"answer"
    assert proxy.fired == []


def test_many_bytes_arrive_as_they_were_sent(proxy: Proxy, ends: Ends) -> None:
    client, server = ends.connect(proxy)
    data = os.urandom(8_000_000)
    sender = threading.Thread(target=client.sendall, args=(data,))
    sender.start()
    assert read(server, len(data)) == data
    sender.join()


def test_an_end_in_one_direction_leaves_the_other_open(proxy: Proxy, ends: Ends) -> None:
    client, server = ends.connect(proxy)
    client.shutdown(socket.SHUT_WR)
    assert server.recv(1) == b""
    server.sendall(b"late")
    server.close()
    assert read(client, 5) == b"late"
    wait_until(lambda: not proxy.connections, 5, "the connection is forgotten")


def test_a_reset_is_passed_on(proxy: Proxy, ends: Ends) -> None:
    client, server = ends.connect(proxy)
    server.sendall(b"unread")
    assert client.recv(1, socket.MSG_PEEK) == b"u"
    client.close()
    with pytest.raises(ConnectionResetError):
        server.recv(1)


def test_where_the_server_refuses_the_client_is_reset(proxy: Proxy, ends: Ends) -> None:
    ends.stop_listening()
    with pytest.raises(ConnectionResetError):
        ends.client(proxy).recv(1)
    wait_until(lambda: not proxy.connections, 5, "the connection is forgotten")


def test_a_server_that_came_back_elsewhere_is_found(proxy: Proxy, ends: Ends) -> None:
    other = Ends()
    proxy.target = lambda: other.port
    client, server = other.connect(proxy)
    client.sendall(b"x")
    assert read(server, 1) == b"x"
    other.close()


def test_a_cut_ends_both_sides_and_refuses_what_follows(proxy: Proxy, ends: Ends) -> None:
    client, server = ends.connect(proxy)
    client.sendall(b"before")
    assert read(server, 6) == b"before"
    proxy.cut()
    assert (client.recv(1), server.recv(1)) == (b"", b"")
    wait_until(lambda: not proxy.connections, 5, "both sockets are closed")
    with pytest.raises(ConnectionError):
        client.sendall(bytes(100_000_000))
    assert [(fired.name, fired.connection) for fired in proxy.fired] == [("cut", 1)]


def test_a_reset_reaches_both_sides(proxy: Proxy, ends: Ends) -> None:
    client, server = ends.connect(proxy)
    proxy.reset()
    for end in (client, server):
        with pytest.raises(ConnectionResetError):
            end.recv(1)
    assert proxy.wait_fired("reset").what == "present connection"


def test_new_connections_are_lost_until_that_is_healed(proxy: Proxy, ends: Ends) -> None:
    old, at_old = ends.connect(proxy)
    proxy.reset(on="new")
    for number in (1, 2):
        with pytest.raises(ConnectionError):
            ends.client(proxy).recv(1)
        proxy.wait_fired("reset", count=number)
    proxy.heal()
    for client, server in ((old, at_old), ends.connect(proxy)):
        client.sendall(b"x")
        assert read(server, 1) == b"x"


@pytest.mark.parametrize("direction", ["to_server", "to_client"])
def test_one_direction_is_half_closed(proxy: Proxy, ends: Ends, direction: Direction) -> None:
    client, server = ends.connect(proxy)
    source, target = (client, server) if direction == "to_server" else (server, client)
    proxy.half_close(direction)
    assert target.recv(1) == b""
    source.sendall(b"to nobody")
    target.sendall(b"back")
    assert read(source, 4) == b"back"
    assert proxy.wait_fired("half_close").what == direction


def test_a_black_hole_swallows_bytes_and_ends(proxy: Proxy, ends: Ends) -> None:
    client, server = ends.connect(proxy)
    proxy.blackhole()
    client.sendall(b"lost")
    client.close()
    assert proxy.wait_fired("blackhole").what == "to_server"
    wait_until(lambda: proxy.fired[0].bytes == 4, 5, "all bytes are swallowed")
    assert is_silent(server)


def test_what_lost_bytes_in_a_black_hole_stays_dark(proxy: Proxy, ends: Ends) -> None:
    client, server = ends.connect(proxy)
    untouched, at_untouched = ends.connect(proxy)
    proxy.blackhole("to_server")
    client.sendall(b"lost")
    proxy.wait_fired("blackhole")
    proxy.heal()
    client.sendall(b"x")
    untouched.sendall(b"y")
    assert read(at_untouched, 1) == b"y"
    assert is_silent(server)
    server.sendall(b"z")
    assert read(client, 1) == b"z"


def test_a_frozen_connection_goes_on_where_it_stopped(proxy: Proxy, ends: Ends) -> None:
    client, server = ends.connect(proxy)
    proxy.freeze("to_server")
    client.sendall(b"waits")
    assert is_silent(server)
    proxy.heal()
    assert read(server, 5) == b"waits"
    assert [(f.name, f.what, f.bytes) for f in proxy.fired] == [("freeze", "to_server", 5)]


def test_a_new_connection_can_be_frozen_from_the_start(proxy: Proxy, ends: Ends) -> None:
    proxy.freeze(on="new")
    client, server = ends.connect(proxy)
    client.sendall(b"waits")
    assert is_silent(server)
    proxy.heal()
    assert read(server, 5) == b"waits"


def test_delayed_bytes_wait_and_keep_their_order(proxy: Proxy, ends: Ends) -> None:
    client, server = ends.connect(proxy)
    proxy.delay(60_000, "to_server")
    client.sendall(b"late")
    assert proxy.wait_fired("delay").what == "to_server"
    assert is_silent(server)
    proxy.delay(30, "to_server")
    client.sendall(b" later")
    assert read(server, 10) == b"late later"
    assert proxy.fired[0].bytes == 10


def test_delayed_bytes_arrive_before_the_end(proxy: Proxy, ends: Ends) -> None:
    client, server = ends.connect(proxy)
    proxy.delay(30)
    client.sendall(b"late")
    client.close()
    assert read(server, 5) == b"late"


def test_a_throttled_direction_passes_everything_in_slices(proxy: Proxy, ends: Ends) -> None:
    client, server = ends.connect(proxy)
    proxy.throttle(4_000_000, "to_server")
    data = os.urandom(400_000)
    client.sendall(data)
    assert read(server, len(data)) == data
    throttled = proxy.wait_fired("throttle")
    assert (throttled.what, throttled.bytes) == ("to_server", 400_000)


def test_a_throttle_holds_back_what_is_above_its_rate(proxy: Proxy, ends: Ends) -> None:
    client, server = ends.connect(proxy)
    proxy.throttle(0.001, "to_server")
    client.sendall(bytes(100))
    assert len(read(server, 1)) == 1
    assert is_silent(server)
    assert proxy.fired[0].bytes == 1
    proxy.heal()
    assert len(read(server, 99)) == 99


def test_new_connections_are_refused_by_the_system_and_old_ones_live(
    proxy: Proxy, ends: Ends
) -> None:
    client, server = ends.connect(proxy)
    proxy.refuse()
    with pytest.raises(ConnectionRefusedError):
        ends.connect(proxy)
    client.sendall(b"x")
    assert read(server, 1) == b"x"
    proxy.heal()
    client, server = ends.connect(proxy)
    client.sendall(b"y")
    assert read(server, 1) == b"y"


def test_closing_ends_all_connections(ends: Ends) -> None:
    proxy = Proxy(ends.port).start()
    client, server = ends.connect(proxy)
    client.sendall(b"x")
    assert read(server, 1) == b"x"
    proxy.close()
    for end in (client, server):
        with pytest.raises(ConnectionResetError):
            end.recv(1)


def test_a_fault_that_did_not_fire_fails_the_test(proxy: Proxy) -> None:
    with pytest.raises(AssertionError) as failure:
        proxy.wait_fired("reset", 0)
    assert str(failure.value) == "fault reset fired 0 of 1 times in 0 s; fired: []"
