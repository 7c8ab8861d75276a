"""All rounds of the short run, in their order: a round's number is its place here.

Owns how many there are of each measure. The long run goes through them again and again.
"""

from __future__ import annotations

from tests.faults import kills
from tests.faults.campaign import Round

SHORT: list[Round] = [
    *kills.rounds(placed=3, random=10),
]

PROMISED = {"kill -9": 80}
"""What the short run shows at least, by measure."""
