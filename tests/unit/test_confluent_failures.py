"""What librdkafka's errors lead to."""

from __future__ import annotations

import pytest
from confluent_kafka import KafkaError, KafkaException

from sinkworker.api import ConnectError, RetriableError, TopicPartition
from sinkworker.kafka.confluent.failures import of_partition, translated
from sinkworker.kafka.confluent.refusals import refusal
from sinkworker.kafka.confluent.troubles import Troubles
from sinkworker.kafka.security import RefusedError, Security, Tls
from sinkworker.runtime.ports import BrokenPartitionsError, ClientStalledError

P0, P1 = TopicPartition("alerts", 0), TopicPartition("alerts", 1)
CRC = "MessageSet at offset 42 (123 bytes) failed CRC32C check (original 0x1 != calculated 0x2)"
TRUNCATED = (
    "Partition log truncation detected at offset 500 (leader epoch 0): broker end offset is 27 "
    "(offset leader epoch 0). Reset to INVALID.: Local: Partition log truncation detected"
)


def raised(error: KafkaError) -> ConnectError:
    with pytest.raises(ConnectError) as caught, translated("Polling Kafka"):
        raise KafkaException(error)
    return caught.value


def test_a_failure_of_the_network_is_waited_out() -> None:
    error = raised(KafkaError(KafkaError._TRANSPORT, "broken pipe"))
    assert isinstance(error, RetriableError)
    assert str(error) == "Polling Kafka: TRANSPORT: broken pipe"


@pytest.mark.parametrize(
    "code", [KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_MAX_SIZE_REACHED]
)
def test_what_no_waiting_mends_ends_the_task(code: int) -> None:
    assert type(raised(KafkaError(code, "no"))) is ConnectError


def test_a_fenced_static_member_is_told_what_to_do() -> None:
    error = raised(KafkaError(KafkaError.FENCED_INSTANCE_ID, "fenced", fatal=True))
    assert str(error) == (
        "Another consumer joined with the same group.instance.id, and this one was fenced. "
        "Give each process its own: group.instance.id=…${env:POD_NAME}."
    )


def test_a_client_that_is_closed_is_replaced() -> None:
    with pytest.raises(ClientStalledError), translated("Polling Kafka"):
        raise RuntimeError("Consumer closed")


def test_a_damaged_batch_breaks_its_partition() -> None:
    error = of_partition(P0, 42, KafkaError(KafkaError._BAD_MSG, CRC))
    assert isinstance(error, BrokenPartitionsError)
    assert error.causes == {
        P0: "alerts-0: the record batch at offset 42 fails its checksum: its bytes in Kafka are "
        "damaged. Everything before it is committed; nothing is skipped. To go on without it, set "
        "the offset to what follows it."
    }


def test_a_truncated_log_breaks_its_partition() -> None:
    error = of_partition(P0, -1, KafkaError(KafkaError._AUTO_OFFSET_RESET, TRUNCATED))
    assert isinstance(error, BrokenPartitionsError)
    assert "from offset 27 on records that were read and committed" in error.causes[P0]


def test_an_offset_outside_the_log_opens_partitions_again() -> None:
    said = "requested offset not available on the broker: Broker: Offset out of range"
    error = of_partition(P0, 2, KafkaError(KafkaError._AUTO_OFFSET_RESET, said))
    assert type(error) is RetriableError
    assert "Offset out of range" in str(error)


@pytest.mark.parametrize("code", [KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._ALL_BROKERS_DOWN])
def test_what_the_client_mends_itself_is_no_error(code: int) -> None:
    assert of_partition(P0, -1, KafkaError(code, "later")) is None


def test_troubles_are_raised_once_and_all_broken_partitions_together() -> None:
    troubles = Troubles(Security())
    for partition in (P0, P1):
        troubles.note(partition, 42, KafkaError(KafkaError._BAD_MSG, CRC))
    assert P0 in troubles
    with pytest.raises(BrokenPartitionsError) as caught:
        troubles.raise_all()
    assert caught.value.causes.keys() == {P0, P1}
    troubles.raise_all()


def test_a_partition_that_is_sought_anew_has_no_trouble_any_more() -> None:
    troubles = Troubles(Security())
    troubles.note(P0, 42, KafkaError(KafkaError._BAD_MSG, CRC))
    troubles.forget(P0)
    assert not troubles
    troubles.raise_all()


def test_a_fatal_error_of_the_client_ends_the_task() -> None:
    troubles = Troubles(Security())
    troubles.on_error(KafkaError(KafkaError.FENCED_INSTANCE_ID, "fenced", fatal=True))
    with pytest.raises(ConnectError, match=r"same group\.instance\.id"):
        troubles.raise_all()


AFTER = "(after 301ms in state AUTH_REQ)"
REFUSALS = {
    "SASL authentication error: Authentication failed: Invalid username or password " + AFTER:
        "refuses the user or the password (Authentication failed: Invalid username or password): check "
        "sasl.jaas.config",
    "SASL PLAIN mechanism handshake failed: Broker: Request not valid in current SASL state: broker's "
    "supported mechanisms:  " + AFTER:
        "asks for no login on this port: set security.protocol=SSL, or use another port",
    "SSL handshake failed: error:0A000086:SSL routines::certificate verify failed: …":
        "has a certificate that cannot be trusted: its authority's must be in ssl.truststore.location, "
        "its time must not be over, and it must hold the name by which we connect",
    "Receive failed: error:0A000412:SSL routines::ssl/tls alert bad certificate: SSL alert number 42":
        "asks for a certificate of ours (mutual TLS): set ssl.keystore.*",
}  # fmt: skip


@pytest.mark.parametrize("said", REFUSALS)
@pytest.mark.parametrize(
    "place",
    ["sasl_ssl://kafka-1:9093/bootstrap", "ssl://kafka-1:9093/1", "GroupCoordinator: kafka-1:9093"],
)
def test_a_refusal_names_the_broker_and_what_to_do(said: str, place: str) -> None:
    security = Security("SASL_SSL", None, Tls({}))
    error = refusal(KafkaError(KafkaError._AUTHENTICATION, f"{place}: {said}"), security)
    assert type(error) is RefusedError
    assert str(error) == f"Kafka broker kafka-1:9093 {REFUSALS[said]}"


def test_a_broker_that_hangs_up_when_tls_begins_may_only_be_starting() -> None:
    said = "ssl://kafka-1:9092/1: SSL handshake failed: connecting to a PLAINTEXT broker listener?"
    error = refusal(KafkaError(KafkaError._TRANSPORT, said), Security("SSL", None, Tls({})))
    assert type(error) is RetriableError
    assert str(error) == (
        "Kafka broker kafka-1:9092 hung up when TLS began: it is starting or stopping, or the port has "
        "no TLS (security.protocol=PLAINTEXT)"
    )


def test_a_lost_connection_is_no_refusal() -> None:
    error = KafkaError(KafkaError._TRANSPORT, "ssl://kafka-1:9093/1: Disconnected")
    assert refusal(error, Security()) is None
