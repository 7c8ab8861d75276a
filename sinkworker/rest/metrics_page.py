"""`/metrics`: what Prometheus reads.

Owns the page. The numbers come from the tasks' statuses, at the moment of reading.
"""

from __future__ import annotations

from sinkworker.rest.message import Answer, Request
from sinkworker.rest.port import Administration


def page(worker: Administration, request: Request) -> Answer:
    from sinkworker.rest.prometheus import rendered

    text, media_type = rendered(worker)
    return Answer(200, text=text, media_type=media_type)
