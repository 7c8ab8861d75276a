"""How a worker's threads take turns.

Owns how long one may keep Python to itself. Must not know what they do.
"""

from __future__ import annotations

import sys

SECONDS = 0.001


def keep_short() -> None:
    """Beside a plugin that never waits, REST gets a turn after each of these times; one of its answers
    takes four or five turns. Python's own 5 ms make that 20 ms and more. Records cost no more CPU."""
    sys.setswitchinterval(SECONDS)
