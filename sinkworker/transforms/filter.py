"""Filter: drops records; which, a predicate says."""

from __future__ import annotations

from sinkworker.api import SinkRecord, Transform


class Filter(Transform):
    """Drops every record. They count as filtered, and the offset moves on."""

    def apply(self, record: SinkRecord) -> SinkRecord | None:
        return None
