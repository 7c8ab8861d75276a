"""All rounds of the short run, in their order: a round's number is its place here.

Owns how many there are of each measure. The long run goes through them again and again.
"""

from __future__ import annotations

from tests.faults import kafka_faults, kafka_network, kills
from tests.faults.campaign import Round

SHORT: list[Round] = [
    *kills.rounds(placed=3, random=10),
    *kafka_faults.rounds(),
    *kafka_network.rounds(),
]

PROMISED = {"kill -9": 80, "Kafka faults": 16, "network faults": 12}
"""What the short run shows at least, by measure."""
