"""Dead letters in a topic: the port `DeadLetters` on kafka-python.

Owns the topic, and that every letter is acknowledged before `send` returns.
kafka-python's accumulator is used directly: `KafkaProducer.send` takes neither records without key and
value nor headers without a value. Must not know what failed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from kafka import KafkaAdminClient, KafkaProducer, errors
from kafka.structs import TopicPartition as ClientPartition

from sinkworker.api import ErrantRecord, Header
from sinkworker.kafka.failures import translated
from sinkworker.kafka.letters import CONFIGS, PARTITIONS, Letter, LetterForm

log = logging.getLogger(__name__)

CLOSE_WITHIN_SECONDS = 1.0
TOO_LARGE = (errors.MessageSizeTooLargeError, errors.RecordListTooLargeError)


class Headers(list[Header]):
    """kafka-python 3.0.12 can send a header without a value, but not measure it; it only measures what
    is true."""

    def __bool__(self) -> bool:
        return False


class KafkaDeadLetters:
    """Implements `runtime.ports.DeadLetters`. Connects when the first letter is there."""

    def __init__(
        self,
        form: LetterForm,
        admin: Callable[[], KafkaAdminClient],
        producer: Callable[[], KafkaProducer],
    ) -> None:
        """admin, producer: make new clients; raise RetriableError and ConnectError."""
        self._form, self._topic = form, form.topic
        self._new_admin, self._new_producer = admin, producer
        self._producer: KafkaProducer | None = None

    def send(self, letters: Sequence[ErrantRecord]) -> None:
        producer = self._connected()
        try:
            with translated(f"Sending dead letters to topic {self._topic.name}"):
                self._send_all(producer, letters)
        except BaseException:
            self.close()  # or what waits there would be sent once more, whenever
            raise

    def _connected(self) -> KafkaProducer:
        if self._producer is None:
            self._make_sure_of_topic()
            self._producer = self._new_producer()
        return self._producer

    def _make_sure_of_topic(self) -> None:
        """Create it unless it is there."""
        name, admin = self._topic.name, self._new_admin()
        try:
            with translated(f"Creating the topic {name} for dead letters"):
                if name not in admin.list_topics():
                    shape = {
                        "num_partitions": PARTITIONS,
                        "replication_factor": self._topic.replication_factor,
                        "configs": dict(CONFIGS),
                    }
                    with suppress(errors.TopicAlreadyExistsError):
                        admin.create_topics({name: shape})
                        log.info("Created topic %s for dead letters", name)
        finally:
            admin.close()

    def _send_all(self, producer: KafkaProducer, letters: Sequence[ErrantRecord]) -> None:
        producer.partitions_for(self._topic.name)
        sent = [(letter, self._append(producer, self._form.whole(letter))) for letter in letters]
        producer._sender.wakeup()
        deadline = time.monotonic() + producer.config["delivery_timeout_ms"] / 1000
        for letter, future in sent:
            try:
                _await(future, deadline)
            except (*TOO_LARGE, errors.InvalidTimestampError) as error:
                _await(self._append(producer, self._mended(letter, error)), deadline)

    def _mended(self, letter: ErrantRecord, refused: Exception) -> Letter:
        log.warning("%s offset %d: topic %s does not take it as it is (%s)", letter.source,
                    letter.offset, self._topic.name, type(refused).__name__)  # fmt: skip
        is_large = isinstance(refused, TOO_LARGE)
        return self._form.headers_only(letter) if is_large else self._form.of_now(letter)

    def _append(self, producer: KafkaProducer, letter: Letter) -> Any:
        """The future of what will be sent; or the error that says that it is too large for us."""
        time_ms, key, value, _ = letter
        headers = Headers(letter.headers)
        limit = producer.config["max_request_size"]
        if producer._estimate_size_in_bytes(key, value, headers) > limit:
            return errors.MessageSizeTooLargeError(f"larger than max.request.size={limit}")
        partition = producer._partition(self._topic.name, None, key, value, key, value)
        at = ClientPartition(self._topic.name, partition)
        future, is_full, is_new, _ = producer._accumulator.append(at, time_ms, key, value, headers)
        if is_full or is_new:
            producer._sender.wakeup()
        return future

    def close(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            with suppress(Exception):
                producer.close(timeout=CLOSE_WITHIN_SECONDS)


def _await(future: Any, deadline: float) -> None:
    if isinstance(future, Exception):
        raise future
    future.get(timeout=max(0.0, deadline - time.monotonic()))
