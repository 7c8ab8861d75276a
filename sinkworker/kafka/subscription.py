"""What a consumer is to read.

Owns the three ways to say it. Must not know any client.
"""

from __future__ import annotations

from dataclasses import dataclass

from sinkworker.api import TopicPartition


@dataclass(frozen=True)
class Subscription:
    """What to read: topics, or a pattern they match as a whole, or fixed partitions."""

    topics: tuple[str, ...] = ()
    pattern: str | None = None
    partitions: tuple[TopicPartition, ...] = ()
