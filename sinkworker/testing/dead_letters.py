"""Dead letters in a topic of the in-memory broker.

Owns what a letter looks like there: as in a real one.
"""

from __future__ import annotations

from collections.abc import Sequence

from sinkworker.api import ErrantRecord, TopicPartition
from sinkworker.runtime.letter_headers import context_headers
from sinkworker.testing.broker import InMemoryBroker


class InMemoryDeadLetters:
    """For a harness: `Harness(…, dead_letters=lambda task: InMemoryDeadLetters(broker, "dead"))`."""

    def __init__(
        self, broker: InMemoryBroker, topic: str, connector: str = "", task: int = 0
    ) -> None:
        """The topic is made, with one partition, unless it is there."""
        self._broker, self._at = broker, TopicPartition(topic, 0)
        self._connector, self._task = connector, task
        if topic not in broker.topic_ids:
            broker.create_topic(topic, 1)

    def send(self, letters: Sequence[ErrantRecord]) -> None:
        for letter in letters:
            headers = [*letter.headers, *context_headers(letter, self._connector, self._task)]
            self._broker.produce(self._at, letter.value, letter.key, headers, letter.timestamp)

    def close(self) -> None:
        return
