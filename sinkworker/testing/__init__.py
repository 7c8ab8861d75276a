"""The public test kit: run a sink without Kafka, and prove that it is exact.

Owns what authors of plugins need for their tests. Imports the engine, which it runs for real.
"""

from sinkworker.testing.broker import InMemoryBroker
from sinkworker.testing.clock import FakeClock
from sinkworker.testing.consumer import InMemoryConsumer
from sinkworker.testing.dead_letters import InMemoryDeadLetters
from sinkworker.testing.harness import Harness, Worker, encode

__all__ = [
    "FakeClock",
    "Harness",
    "InMemoryBroker",
    "InMemoryConsumer",
    "InMemoryDeadLetters",
    "Worker",
    "encode",
]
