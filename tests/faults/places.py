"""The named places of a worker where a failpoint can strike: one list for each sink.

Owns the names; `sinkworker/failpoints.py` knows how to get there. A test holds each to a function that
exists.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal, NamedTuple

from sinkworker.failpoints import Failpoint

CONSUMER = "sinkworker.kafka.consumer:KafkaPythonConsumer"
CLIENT_POLL = "kafka.consumer.group:KafkaConsumer.poll"  # the adapter's own may not lose its events
LISTENER = "sinkworker.kafka.rebalance:RebalanceListener"
LOOP = "sinkworker.runtime.sink_task:SinkTaskLoop"
OFFSETS = "connectors.postgres.offsets:OffsetTable"
TASK = "connectors.postgres.task:PostgresSinkTask"


class Place(NamedTuple):
    """at, when: as a Failpoint has them. often: it is passed at every flush, not only now and then."""

    at: str
    when: Literal["before", "after"]
    often: bool = True

    def failpoint(self, do: Any, hit: int = 1, argument: float = 0) -> Failpoint:
        return Failpoint(self.at, self.when, do, hit, argument)


PLACES = {
    "poll.before": Place(f"{CONSUMER}.poll", "before"),
    "poll.after": Place(CLIENT_POLL, "after"),
    "convert.before": Place("sinkworker.runtime.pipeline:Pipeline.process", "before"),
    "convert.after": Place("sinkworker.runtime.pipeline:Pipeline.process", "after"),
    "put.after": Place(f"{TASK}.put", "after"),
    "flush.before": Place(f"{TASK}.flush", "before"),
    "cas.before": Place(f"{OFFSETS}.advance", "before"),
    "cas.after": Place(f"{OFFSETS}.advance", "after"),
    "copy.mid": Place("connectors.postgres.copying:format_row_text", "before"),
    "rows.after": Place("connectors.postgres.isolation:Isolation.write_all_good", "after"),
    "commit.before": Place(f"{TASK}._verify", "after"),
    "commit.after": Place(f"{TASK}._commit", "after"),
    "flush.after": Place(f"{TASK}.flush", "after"),
    "mirror.before": Place(f"{CONSUMER}.mirror", "before"),
    "mirror.after": Place(f"{CONSUMER}.mirror", "after"),
    "seed.before": Place(f"{OFFSETS}.seed", "before", often=False),
    "seed.after": Place(f"{OFFSETS}.seed", "after", often=False),
    "claim.before": Place(f"{OFFSETS}.claim", "before", often=False),
    "claim.after": Place(f"{OFFSETS}.claim", "after", often=False),
    "seek.before": Place(f"{CONSUMER}.seek", "before", often=False),
    "resume.after": Place(f"{CONSUMER}.resume", "after", often=False),
    "assign.in": Place(f"{LISTENER}.on_partitions_assigned", "after", often=False),
    "revoke.in": Place(f"{LISTENER}.on_partitions_revoked", "after", often=False),
    "shutdown.flush": Place(f"{LOOP}._flush_once_more", "before", often=False),
    "close.before": Place(f"{CONSUMER}.close", "before", often=False),
}

LETTERS = "sinkworker.kafka.dead_letters:KafkaDeadLetters"

LETTER_PLACES = {
    "letters.sending": Place(f"{LETTERS}.send", "before"),
    "letters.sent": Place(f"{LETTERS}.send", "after"),
    "letters.stored": Place("connectors.postgres.dead_letters:LetterTable.add", "after"),
}
"""Passed only by connectors with dead letters."""

GROWTH = "connectors.postgres.growth:Growth.grow"

GROWTH_PLACES = {
    "growth.before": Place(GROWTH, "before", often=False),
    "growth.after": Place(GROWTH, "after", often=False),
}
"""Passed only where records have fields that the table has no columns for."""

# kafka-python's → confluent's.
OF_CONFLUENT = {
    CONSUMER: "sinkworker.kafka.confluent.consumer:ConfluentConsumer",
    CLIENT_POLL: "sinkworker.kafka.confluent.consumer:ConfluentConsumer._consume",
    LETTERS: "sinkworker.kafka.confluent.dead_letters:ConfluentDeadLetters",
    f"{LISTENER}.on_partitions_assigned": "sinkworker.kafka.confluent.rebalance:Rebalances.on_assign",
    f"{LISTENER}.on_partitions_revoked": "sinkworker.kafka.confluent.rebalance:Rebalances.on_revoke",
}


def of_client(failpoint: Failpoint, client: str) -> Failpoint:
    """The same place in another client's adapter."""
    if client == "confluent":
        for of_kafka_python, own in OF_CONFLUENT.items():
            if failpoint.at.startswith(of_kafka_python):
                return replace(failpoint, at=failpoint.at.replace(of_kafka_python, own))
    return failpoint


CHAIN = "connectors.s3.chain:Chain"
S3_TASK = "connectors.s3.task:S3SinkTask"

S3_PLACES = {
    "convert.before": PLACES["convert.before"],
    "put.after": Place(f"{S3_TASK}.put", "after"),
    "flush.before": Place(f"{S3_TASK}.flush", "before"),
    "data.before": Place("connectors.s3.bucket:Bucket.upload", "before"),
    "data.after": Place("connectors.s3.bucket:Bucket.upload", "after"),
    "entry.before": Place(f"{CHAIN}.commit", "before"),
    "entry.after": Place(f"{CHAIN}.commit", "after"),
    "flush.after": Place(f"{S3_TASK}.flush", "after"),
    "mirror.before": PLACES["mirror.before"],
    "claim.before": Place(f"{CHAIN}.claim", "before", often=False),
    "claim.read": Place("connectors.s3.manifest:claimed", "after", often=False),
    "claim.after": Place(f"{CHAIN}.claim", "after", often=False),
}
"""claim.read: the newest entry is known, and the claim is not put yet."""
