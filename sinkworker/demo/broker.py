"""A Kafka broker without Kafka: the mock cluster of librdkafka, in a process of its own.

Owns starting it, and what it cannot do: it makes each topic with four partitions when it is first
asked for, keeps 5 MB of each partition, and does not tell its version (hence `api.version`).
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from confluent_kafka import Producer

from sinkworker.demo.child import Child
from sinkworker.demo.patience import Patience

PARTITIONS = 4
SPEAKS = "2.3"


class Broker:
    """One cluster of one broker, on a free port of this machine. What it holds ends with it."""

    def __init__(self, home: Path) -> None:
        self.child = Child([sys.executable, "-m", "sinkworker.demo.broker"], home / "broker.log")

    @property
    def bootstrap(self) -> str:
        """`host:port`."""
        return self.child.log().split()[0]

    def start(self, patience: Patience) -> None:
        self.child.start()
        patience.until(lambda: "\n" in self.child.log(), 20, "the broker's address")


def serve() -> None:
    """Print the address, and be a broker until a signal ends the process."""
    # The address is not used: the client is itself the cluster that it connects to.
    cluster = Producer({"bootstrap.servers": "none", "test.mock.num.brokers": 1, "log_level": 0})
    (broker,) = cluster.list_topics(timeout=10).brokers.values()
    print(f"{broker.host}:{broker.port}", flush=True)  # noqa: T201  read by Broker
    signal.pause()


if __name__ == "__main__":
    serve()
