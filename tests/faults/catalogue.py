"""All rounds of the short run, in their order: a round's number is its place here.

Owns how many there are of each measure. The long run goes through them again and again.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.faults import (
    commits,
    dead_letters,
    errors,
    kafka_faults,
    kafka_network,
    kills,
    orders,
    postgres_faults,
    postgres_network,
    postgres_servers,
    rebalances,
    registry,
    s3_faults,
    s3_garbage,
    s3_unknown,
    s3_users,
    s3_zombies,
    zombies,
)
from tests.faults.campaign import Round


def interleaved(*lanes: Sequence[Round]) -> list[Round]:
    """Each lane spread over the whole: those that wait for the same server do not stand in a row."""
    places = [((i + 0.5) / len(lane), each) for lane in lanes for i, each in enumerate(lane)]
    return [each for _, each in sorted(places, key=lambda place: place[0])]


SHORT = interleaved(
    kills.rounds(placed=3, random=10),
    zombies.rounds(in_copy=6),
    rebalances.rounds(cooperative=3),
    errors.rounds(),
    commits.rounds(several=2, silent=1, killed=3, frozen=3),
    postgres_network.rounds(each=1),
    [*kafka_network.rounds(), *kafka_faults.rounds()],
    [*postgres_faults.rounds(each=1), *postgres_servers.rounds(each=1)],
    kills.s3_rounds(placed=3, random=4),
    s3_unknown.rounds(several=2, silent=2, given_up=2, killed=2),
    s3_zombies.rounds(),
    dead_letters.rounds(),
    registry.rounds(),
    orders.rounds(7),
    [*s3_faults.rounds(), *s3_users.rounds(), *s3_garbage.rounds()],
)

PROMISED = {
    "kill -9": 80,
    "zombies": 10,
    "zombies in COPY": 6,
    "rebalances": 30,
    errors.MEASURE: 15,
    commits.LANDED: 12,
    commits.NOT_LANDED: 12,
    "network faults": 24,
    "Kafka faults": 16,
    postgres_servers.MEASURE: 14,
    kills.IN_S3: 40,
    s3_unknown.LANDED: 12,
    s3_unknown.NOT_LANDED: 12,
    s3_zombies.MEASURE: 12,
    s3_zombies.LATE: 5,
    s3_faults.MEASURE: 24,
    s3_garbage.MEASURE: 5,
    dead_letters.MEASURE: 20,
    registry.DOWN: 16,
    registry.CHANGES: 12,
    orders.MEASURE: 100,
}
"""So many faults the short run shows at least, by measure."""
