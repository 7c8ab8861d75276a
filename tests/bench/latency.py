"""How long a record takes from the producer's call until it is committed, at steady rates; and what an
idle worker costs.

Owns the pace and the watching. A record counts as committed when another connection sees it so.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tests.bench.cases import POSTGRES
from tests.bench.logs import plain, put
from tests.bench.measuring import Program
from tests.bench.postgres import Landing
from tests.services.kafka_tools import KafkaTools

RATES = (1_000, 10_000, 50_000)
SECONDS, WARM_UP = 10, 2
EVERY = 0.01
LOOK_EVERY = 0.002
FLUSH_EVERY_MS = 100
IDLE_SECONDS = 20


class Latency(NamedTuple):
    """Milliseconds. rate: records a second that were really produced."""

    rate: float
    p50: float
    p99: float
    longest: float


class Idle(NamedTuple):
    """core: share of one. rss: in MB."""

    core: float
    rss: float


class Trickle:
    """Records at a steady pace into one partition, and when each was committed."""

    def __init__(self, landing: Landing, kafka: KafkaTools, client: str) -> None:
        self._landing, self._kafka, self._client = landing, kafka, client
        self._keys: Mapping[str, str] = POSTGRES["insert"] | {
            "kafka.client": client, "offset.flush.interval.ms": str(FLUSH_EVERY_MS),
        }  # fmt: skip

    def latencies(self) -> Iterator[Latency]:
        for rate in RATES:
            latency = self._at(rate)
            print(f"{self._client}, {latency.rate:,.0f} records/s: p50 {latency.p50:.0f} ms, "
                  f"p99 {latency.p99:.0f} ms, longest {latency.longest:.0f} ms", flush=True)  # fmt: skip
            yield latency

    def _at(self, rate: int) -> Latency:
        topic = self._kafka.create_topic(f"latency-{self._client}-{rate}", 1)
        worker = self._started(topic)
        begun, sent = time.monotonic(), list[float]()
        sender = threading.Thread(target=self._send, args=(topic, rate, sent))
        sender.start()
        seen = self._watch(worker, 1 + rate * (SECONDS + WARM_UP))
        sender.join()
        worker.ended()
        waits = sorted(
            1000 * (at - sent_at)
            for sent_at, at in zip(sent, seen, strict=True)
            if sent_at > begun + WARM_UP
        )
        return Latency(len(sent) / (sent[-1] - sent[0]), waits[len(waits) // 2],
                       waits[len(waits) * 99 // 100], waits[-1])  # fmt: skip

    def _started(self, topic: str) -> Program:
        """A worker that has committed its first record."""
        producer = self._kafka.producer()
        put(producer, topic, plain(0), 0)
        producer.flush(10)
        worker = self._landing.worker(topic, self._keys)
        worker.seen(1)
        return worker

    def _send(self, topic: str, rate: int, sent: list[float]) -> None:
        producer, begun = self._kafka.producer(linger_ms=5), time.monotonic()
        messages = [plain(number) for number in range(1000)]
        for number in range(rate * (SECONDS + WARM_UP)):
            if number % max(1, int(rate * EVERY)) == 0:
                time.sleep(max(0.0, begun + number / rate - time.monotonic()))
            sent.append(time.monotonic())
            put(producer, topic, messages[number % len(messages)], 0)
        producer.flush(30)

    def _watch(self, worker: Program, total: int) -> list[float]:
        """When each record but the first was seen committed."""
        seen: list[float] = []
        while len(seen) + 1 < total:
            at, committed = worker.seen(len(seen) + 2)
            seen += [at] * (committed - 1 - len(seen))
            time.sleep(LOOK_EVERY)
        return seen

    def idle(self) -> Idle:
        """Of a worker that has nothing to do, after it has done something."""
        worker = self._started(self._kafka.create_topic(f"idle-{self._client}", 4))
        time.sleep(WARM_UP)
        before = worker.cpu_seconds()
        time.sleep(IDLE_SECONDS)
        core = (worker.cpu_seconds() - before) / IDLE_SECONDS
        idle = Idle(core, worker.memory("VmRSS"))
        worker.ended()
        print(
            f"{self._client}, idle: {100 * idle.core:.2f} % of a core, {idle.rss:.0f} MB",
            flush=True,
        )
        return idle
