"""A connection that does not come about is told in one sentence: which broker, why, what to do.

What real brokers say is in tests/e2e; here is what they seldom do, and the bookkeeping.
"""

from __future__ import annotations

import itertools
import random
import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from kafka import errors

from sinkworker.api import ConnectError, RetriableError
from sinkworker.kafka import connection
from sinkworker.kafka.connection import Connection
from sinkworker.kafka.java_settings import ClientSettings
from sinkworker.kafka.refusals import RefusedError, explained
from sinkworker.kafka.security import Security, read_security
from sinkworker.kafka.subscription import Subscription
from tests.services.certificates import Authority, Identity
from tests.services.process import free_port
from tests.unit.kafka_security.strangers import (
    Stranger,
    answers,
    hangs_up,
    silent,
    speaks_no_more,
    speaks_tls,
)
from tests.unit.kafka_security.tls import broker, file

ALERT = bytes.fromhex("15030300020250")
LOGIN = {
    "sasl.mechanism": "PLAIN",
    "sasl.jaas.config": "org.apache.kafka.common.security.plain.PlainLoginModule required "
    "username=u password=p;",
}


def secured(protocol: str, **given: str) -> Security:
    keys = {key.replace("_", "."): value for key, value in given.items()}
    security, problems = read_security({"security.protocol": protocol} | LOGIN | keys)
    assert problems.wrong + problems.refused == []
    return security


def connect(security: Security, *addresses: str) -> Connection:
    return Connection(",".join(addresses), "alerts", ClientSettings(security=security), 1 << 20, 9)


Listen = Callable[[Callable[[socket.socket], None]], str]


@pytest.fixture
def listen() -> Iterator[Listen]:
    open_ones: list[Stranger] = []

    def start(serve: Callable[[socket.socket], None]) -> str:
        open_ones.append(Stranger(serve))
        return open_ones[-1].address

    yield start
    for each in open_ones:
        each.close()


@pytest.fixture(autouse=True)
def _little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "BOOTSTRAP_WITHIN_MS", 400)


def told(security: Security, address: str) -> str:
    """What is said of this broker, behind its address."""
    with pytest.raises(RetriableError) as caught:
        connect(security, address).check()
    start = f"Kafka broker {address} "
    assert str(caught.value).startswith(start), caught.value
    return str(caught.value).removeprefix(start)


HUNG_UP = "hung up when TLS began: it is starting or stopping, or the port has no TLS "


@pytest.mark.parametrize(
    ("protocol", "serve", "sentence"),
    [
        ("PLAINTEXT", answers(ALERT),
         "speaks TLS on this port: set security.protocol=SSL, or use another port"),
        ("SASL_PLAINTEXT", answers(ALERT),
         "speaks TLS on this port: set security.protocol=SASL_SSL, or use another port"),
        ("SSL", hangs_up, f"{HUNG_UP}(security.protocol=PLAINTEXT)"),
        ("SASL_SSL", hangs_up, f"{HUNG_UP}(security.protocol=SASL_PLAINTEXT)"),
        ("SSL", answers(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
         "speaks no TLS on this port: set security.protocol=PLAINTEXT, or use another port"),
        ("SSL", answers(ALERT), "broke off TLS: tlsv1 alert internal error"),
    ],
)  # fmt: skip
def test_a_port_that_is_not_what_it_is_taken_for_is_told(
    listen: Listen, protocol: str, serve: Callable[[socket.socket], None], sentence: str
) -> None:
    assert told(secured(protocol), listen(serve)) == sentence


@pytest.mark.parametrize("protocol", ["PLAINTEXT", "SSL", "SASL_SSL"])
def test_a_port_that_never_answers_is_given_up(listen: Listen, protocol: str) -> None:
    address = listen(silent)
    with pytest.raises(RetriableError) as caught:
        connect(secured(protocol), address).check()
    assert str(caught.value) == f"No Kafka broker answers at bootstrap.servers={address}"


def test_a_certificate_of_tomorrow_is_told(listen: Listen, authority: Authority) -> None:
    early = authority.issue("127.0.0.1", valid_from=datetime.now(UTC) + timedelta(days=1))
    address = listen(speaks_tls(broker(early)))
    trusting = secured("SSL", ssl_truststore_certificates=authority.pem)
    assert told(trusting, address) == (
        "has a certificate that is not valid yet: check the clocks of both machines"
    )


def test_a_broker_of_older_tls_only_is_told(
    listen: Listen, authority: Authority, server: Identity
) -> None:
    older = broker(server)
    older.maximum_version = ssl.TLSVersion.TLSv1_2
    ours = secured(
        "SSL", ssl_truststore_certificates=authority.pem, ssl_enabled_protocols="TLSv1.3"
    )
    assert told(ours, listen(speaks_tls(older))) == (
        "accepts no TLS version and cipher suite that we offer: see ssl.enabled.protocols and "
        "ssl.cipher.suites"
    )


# which of several


def counting(
    serve: Callable[[socket.socket], None], asked: list[socket.socket]
) -> Callable[[socket.socket], None]:
    def noting(connection: socket.socket) -> None:
        asked.append(connection)
        serve(connection)

    return noting


def test_what_is_certain_is_not_tried_again_and_fails_a_task(listen: Listen) -> None:
    asked: list[socket.socket] = []
    refusing = connect(secured("PLAINTEXT"), listen(counting(answers(ALERT), asked)))
    with pytest.raises(RefusedError, match="speaks TLS"):
        refusing.consumer(Subscription(("alerts",)), 0)
    assert len(asked) == 1


def test_what_is_not_certain_is_tried_again_and_waited_out_by_a_task(listen: Listen) -> None:
    asked: list[socket.socket] = []
    hanging_up = connect(secured("SSL"), listen(counting(hangs_up, asked)))
    with pytest.raises(RetriableError, match="hung up"):
        hanging_up.consumer(Subscription(("alerts",)), 0)
    assert len(asked) > 1


def test_a_broker_that_may_let_us_in_is_waited_for_although_another_refuses(
    listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = itertools.count()
    monkeypatch.setattr(random, "choice", lambda brokers: brokers[next(turns) % len(brokers)])
    asked: list[socket.socket] = []
    refusing, hoped_for = listen(answers(ALERT)), listen(counting(hangs_up, asked))
    with pytest.raises(RetriableError, match=f"^Kafka broker {refusing} speaks TLS"):
        connect(secured("PLAINTEXT"), refusing, hoped_for).check()
    assert len(asked) > 1


def test_a_broker_that_is_down_after_all_is_not_said_to_hang_up(listen: Listen) -> None:
    address = f"127.0.0.1:{free_port()}"
    with pytest.raises(RetriableError) as caught:
        connect(secured("SSL"), address).check()
    assert str(caught.value) == f"No Kafka broker answers at bootstrap.servers={address}"


@pytest.mark.parametrize("is_secure", [False, True], ids=["no-tls", "no-answer"])
def test_the_attempt_that_time_cuts_off_does_not_hide_why_the_others_failed(
    listen: Listen, authority: Authority, is_secure: bool
) -> None:
    server = broker(authority.issue("127.0.0.1"))
    second = speaks_no_more(server) if is_secure else silent
    asked: list[socket.socket] = []

    def hangs_up_once(connection: socket.socket) -> None:
        asked.append(connection)
        (hangs_up if len(asked) == 1 else second)(connection)

    ours = secured("SSL", ssl_truststore_certificates=authority.pem)
    assert told(ours, listen(hangs_up_once)) == f"{HUNG_UP}(security.protocol=PLAINTEXT)"
    assert len(asked) == 2


# what is no refusal


@pytest.mark.parametrize(
    "error",
    [
        errors.KafkaConnectionError("111 ECONNREFUSED"),
        errors.KafkaConnectionError("DNS Resolution failure"),
        errors.RequestTimedOutError("Request timed out after 30000 ms"),
        errors.InvalidReceiveError("Invalid frame length: 99999999"),
        errors.KafkaConnectionError("socket disconnected"),
        errors.KafkaConnectionError(ConnectionResetError(104, "Connection reset by peer")),
    ],
)
def test_an_outage_is_no_refusal(error: Exception) -> None:
    assert explained(error, "b:1", secured("PLAINTEXT"), knew_us=False) is None
    assert explained(error, "b:1", secured("SASL_SSL"), knew_us=True) is None


def test_a_connection_that_breaks_later_is_no_certain_refusal() -> None:
    for reason in ("DECRYPTION_FAILED_OR_BAD_RECORD_MAC", "SSLV3_ALERT_BAD_CERTIFICATE"):
        broken = ssl.SSLError(1, reason)
        broken.reason = reason
        refusal = explained(broken, "b:1", secured("SSL"), knew_us=True)
        assert refusal is not None
        assert not refusal.is_certain
        assert isinstance(refusal.error(), RetriableError)


def test_a_refusal_is_our_error() -> None:
    failed = errors.SaslAuthenticationFailedError("SaslAuthenticationFailedError: no such user")
    refusal = explained(failed, "b:1", secured("SASL_SSL"), knew_us=False)
    assert refusal is not None
    assert isinstance(refusal.error(), ConnectError)
    assert str(refusal.error()) == (
        "Kafka broker b:1 refuses the user or the password (no such user): check sasl.jaas.config"
    )


# stores that change while a worker runs


def test_a_renewed_store_counts_for_the_next_connection(
    listen: Listen, authority: Authority
) -> None:
    listener = listen(speaks_tls(broker(authority.issue("127.0.0.1"))))
    stranger = file("ca.pem", Authority().pem)
    connection = connect(secured("SSL", ssl_truststore_location=stranger), listener)
    with pytest.raises(RetriableError, match="unknown authority"):
        connection.check()
    file("ca.pem", authority.pem)
    with pytest.raises(RetriableError, match="No Kafka broker answers"):
        connection.check()


def test_a_store_that_has_gone_meanwhile_is_waited_for(
    listen: Listen, authority: Authority
) -> None:
    security = secured("SSL", ssl_truststore_location=file("ca.pem", authority.pem))
    Path("ca.pem").unlink()
    assert told(security, listen(silent)) == (
        "is not asked: ssl.truststore.location: No such file or directory"
    )
