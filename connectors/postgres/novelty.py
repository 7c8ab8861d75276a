"""Whether a batch's keys are likely to be new to their table.

Owns when it pays to try: rows with new keys need no stage, and COPY straight into the table takes half
the time; one key that is there already costs the attempt. Pure.
"""

from __future__ import annotations

# Batches that are not tried after one with a known key; twice as many after each further one.
FIRST_PAUSE, LONGEST_PAUSE = 8, 4096


class Novelty:
    """Of the keys of one table, as one task meets them."""

    def __init__(self) -> None:
        self._left, self._pause = 0, FIRST_PAUSE

    def is_likely(self) -> bool:
        """Asked once for each batch."""
        if self._left:
            self._left -= 1
            return False
        return True

    def learn(self, *, are_new: bool) -> None:
        """After a batch of which it was likely."""
        if are_new:
            self._pause = FIRST_PAUSE
        else:
            self._left, self._pause = self._pause, min(2 * self._pause, LONGEST_PAUSE)

    def give_up(self) -> None:
        """The table takes no COPY."""
        self._left = self._pause = LONGEST_PAUSE
