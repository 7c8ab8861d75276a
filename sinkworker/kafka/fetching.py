"""How long kafka-python lets a broker wait for records.

Owns that. Must not know the consumer.
"""

from __future__ import annotations

from typing import Any

BUFFERED_MAX_WAIT_MS = 20


def hurry_while_buffered(fetcher: Any) -> None:
    """Let fetches that leave out a partition return soon; others wait `fetch.max.wait.ms`.

    kafka-python 3.0.12 has one fetch per broker under way, without those partitions of which it holds
    records. When the others are at their end it waits to no purpose, and what is held is soon used up:
    with 500 ms, a million records took half as long again; with 100 ms, an idle task, which asks for
    all, used 2 % of a core.
    """
    create = fetcher._create_fetch_requests

    def create_fetch_requests() -> Any:
        requests = create()
        if fetcher._completed_fetches or fetcher._next_partition_records:
            for request, _ in requests.values():
                request.max_wait_ms = min(request.max_wait_ms, BUFFERED_MAX_WAIT_MS)
        return requests

    fetcher._create_fetch_requests = create_fetch_requests
