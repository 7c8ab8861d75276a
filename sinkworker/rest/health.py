"""Whether the process lives, and whether it does its work: `/`, `/health`, `/ping`, `/ready`.

Owns the difference: a restart mends what `/ping` reports; `/ready` reports what a restart does not.
"""

from __future__ import annotations

from sinkworker.rest.message import Answer, Request, refused
from sinkworker.rest.port import Administration

SILENT_SECONDS = 300.0
HEALTHY = "Worker has completed startup and is ready to handle requests."
STARTING = "Worker is still starting up."


def root(worker: Administration, request: Request) -> Answer:
    info = worker.worker()
    commit = info.version.rpartition("-")[2]
    content = {"version": info.version, "commit": commit, "kafka_cluster_id": info.cluster_id}
    return Answer(200, content)


def health(worker: Administration, request: Request) -> Answer:
    if worker.is_starting():
        return Answer(503, {"status": "starting", "message": STARTING})
    silent = worker.silent(SILENT_SECONDS)
    if silent:
        message = f"Tasks that hang: {', '.join(map(str, silent))}"
        return Answer(500, {"status": "unhealthy", "message": message})
    return Answer(200, {"status": "healthy", "message": HEALTHY})


def ping(worker: Administration, request: Request) -> Answer:
    silent = worker.silent(SILENT_SECONDS)
    if silent:
        return refused(503, f"Tasks that hang: {', '.join(map(str, silent))}")
    return Answer(200, {"status": "alive"})


def ready(worker: Administration, request: Request) -> Answer:
    reasons = [STARTING] if worker.is_starting() else list(worker.not_ready())
    return Answer(503 if reasons else 200, {"ready": not reasons, "reasons": reasons})
