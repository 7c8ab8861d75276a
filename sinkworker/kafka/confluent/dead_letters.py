"""Dead letters in a topic: the port `DeadLetters` on confluent-kafka.

Owns the topic, and that every letter is acknowledged before `send` returns. librdkafka takes a time of
0 for now. Must not know what failed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from sinkworker.api import ErrantRecord
from sinkworker.kafka.confluent.failures import translated
from sinkworker.kafka.confluent.troubles import Troubles
from sinkworker.kafka.letters import CONFIGS, PARTITIONS, Letter, LetterForm

log = logging.getLogger(__name__)

WITHIN_SECONDS = 5.0
CLOSE_WITHIN_SECONDS = 1.0
FULL_FOR_SECONDS = 0.1
TOO_LARGE = frozenset({KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.RECORD_LIST_TOO_LARGE})
MENDABLE = TOO_LARGE | {KafkaError.INVALID_TIMESTAMP}

Sent = tuple[ErrantRecord, Letter]
Refused = tuple[ErrantRecord, KafkaError]


class ConfluentDeadLetters:
    """Implements `runtime.ports.DeadLetters`. Connects when the first letter is there."""

    def __init__(
        self,
        form: LetterForm,
        within_ms: int,
        admin: Callable[[], AdminClient],
        producer: Callable[[], tuple[Producer, Troubles]],
    ) -> None:
        """within_ms: the longest `send`. admin, producer: make new clients; raise RetriableError and
        ConnectError."""
        self._form, self._within_seconds = form, within_ms / 1000
        self._new_admin, self._new_producer = admin, producer
        self._connected: tuple[Producer, Troubles] | None = None

    def send(self, letters: Sequence[ErrantRecord]) -> None:
        if self._connected is None:
            self._make_sure_of_topic()
            self._connected = self._new_producer()
        producer, troubles = self._connected
        try:
            with translated(f"Sending dead letters to topic {self._form.topic.name}"):
                self._send_all(producer, letters)
        except BaseException:
            self.close()  # or what waits there would be sent once more, whenever
            troubles.raise_refusal()
            troubles.raise_all()
            raise

    def _make_sure_of_topic(self) -> None:
        """Create it unless it is there."""
        topic, admin = self._form.topic, self._new_admin()
        name, factor = topic.name, topic.replication_factor
        with translated(f"Creating the topic {name} for dead letters"):
            if name in admin.list_topics(timeout=WITHIN_SECONDS).topics:
                return
            wanted = NewTopic(name, PARTITIONS, replication_factor=factor, config=dict(CONFIGS))
            try:
                admin.create_topics([wanted], request_timeout=WITHIN_SECONDS)[name].result()
            except KafkaException as error:
                if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                    raise
            else:
                log.info("Created topic %s for dead letters", name)

    def _send_all(self, producer: Producer, letters: Sequence[ErrantRecord]) -> None:
        deadline = time.monotonic() + self._within_seconds
        whole = [(letter, self._form.whole(letter)) for letter in letters]
        refused = self._sent(producer, whole, deadline)
        for _, error in refused:
            if error.code() not in MENDABLE:
                raise KafkaException(error)
        mended = [(letter, self._mended(letter, error)) for letter, error in refused]
        for _, error in self._sent(producer, mended, deadline):
            raise KafkaException(error)

    def _mended(self, letter: ErrantRecord, error: KafkaError) -> Letter:
        log.warning("%s offset %d: topic %s does not take it as it is (%s)", letter.source,
                    letter.offset, self._form.topic.name, error.name())  # fmt: skip
        is_large = error.code() in TOO_LARGE
        return self._form.headers_only(letter) if is_large else self._form.of_now(letter)

    def _sent(self, producer: Producer, letters: Iterable[Sent], deadline: float) -> list[Refused]:
        """Those that are not safe there when this returns, and why."""
        refused: list[Refused] = []

        def answered(letter: ErrantRecord, error: KafkaError | None, _: Message[Any, Any]) -> None:
            if error is not None:
                refused.append((letter, error))

        for errant, letter in letters:
            try:
                self._produce(producer, letter, partial(answered, errant), deadline)
            except KafkaException as error:
                refused.append((errant, error.args[0]))
        if producer.flush(max(0.0, deadline - time.monotonic())):
            raise KafkaException(KafkaError(KafkaError._MSG_TIMED_OUT))
        return refused

    def _produce(
        self, producer: Producer, letter: Letter, answered: Callable[..., None], deadline: float
    ) -> None:
        """Hand it to librdkafka; wait while its queue is full."""
        while True:
            try:
                producer.produce(
                    self._form.topic.name, letter.value, letter.key, on_delivery=answered,
                    timestamp=letter.timestamp or 0, headers=list(letter.headers),
                )  # fmt: skip
                return
            except BufferError:
                if time.monotonic() >= deadline:
                    raise KafkaException(KafkaError(KafkaError._QUEUE_FULL)) from None
                producer.poll(FULL_FOR_SECONDS)

    def close(self) -> None:
        connected, self._connected = self._connected, None
        if connected is not None:
            with suppress(Exception):
                connected[0].purge()
                connected[0].flush(CLOSE_WITHIN_SECONDS)
