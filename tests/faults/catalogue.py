"""All rounds of the short run, in their order: a round's number is its place here.

Owns how many there are of each measure. The long run goes through them again and again.
"""

from __future__ import annotations

from tests.faults import commits, kills, postgres_faults, postgres_network, postgres_servers
from tests.faults.campaign import Round

SHORT: list[Round] = [
    *kills.rounds(placed=3, random=10),
    *commits.rounds(several=2, silent=1, killed=3, frozen=3),
    *postgres_network.rounds(each=1),
    *postgres_faults.rounds(each=1),
    *postgres_servers.rounds(each=1),
]

PROMISED = {
    "kill -9": 80,
    commits.LANDED: 12,
    commits.NOT_LANDED: 12,
    postgres_network.MEASURE: 12,
    postgres_servers.MEASURE: 14,
}
"""What the short run shows at least, by measure."""
