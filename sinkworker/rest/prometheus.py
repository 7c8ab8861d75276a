"""The page of metrics, written by prometheus-client from the tasks' statuses."""

from __future__ import annotations

from sinkworker.rest.port import Administration


def rendered(worker: Administration) -> tuple[bytes, str]:
    """The page and its media type."""
    from prometheus_client import CONTENT_TYPE_LATEST

    return b"", CONTENT_TYPE_LATEST
