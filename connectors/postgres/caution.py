"""In how many parts a batch is written first.

Owns when it pays: the parts before a bad record's need not be written again, but each costs about
1.5 ms, most of it the slots that COPY makes for its first 1,000 rows. Pure.
"""

from __future__ import annotations

# The fewest records of a part: so many that another COPY costs nothing beside them; and after a
# failure, for so many flushes. The most parts of a batch.
LEAST_PART, LEAST_CAUTIOUS_PART, CAUTIOUS_FLUSHES = 10_000, 1500, 5
MOST_PARTS = 4


class Caution:
    """Of one task. Smaller parts for a while after a bad record; none where records need later ones."""

    def __init__(self) -> None:
        self._flushes, self._is_useless = 0, False

    def parts(self, records: int) -> int:
        if self._is_useless:
            return 1
        least = LEAST_CAUTIOUS_PART if self._flushes else LEAST_PART
        return min(max(records // least, 1), MOST_PARTS)

    def learn(self, *, is_bad: bool, is_good_at_once_only: bool) -> None:
        """After each flush."""
        self._flushes = CAUTIOUS_FLUSHES if is_bad else max(self._flushes - 1, 0)
        self._is_useless = self._is_useless or is_good_at_once_only
