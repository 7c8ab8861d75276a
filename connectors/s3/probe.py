"""Whether a store can be trusted with exactly one winner.

Owns the race that is run once before anything starts. Must not know chains.
"""

from __future__ import annotations

import hashlib
import uuid

from connectors.s3.bucket import Bucket
from connectors.s3.lanes import Lanes
from sinkworker.api import ConfigError, ConfigProblem

RACERS = 32
FOLDER = "_sinkworker+probe/"  # no connector has a + in its name


def check_conditional_writes(bucket: Bucket, where: str) -> None:
    """Let writers race for one key. ConfigError when not exactly one of them is told that it won."""
    key, lanes = f"{FOLDER}{uuid.uuid4().hex}", Lanes(RACERS)

    def race(number: int) -> bool:
        content = str(number).encode()
        return bucket.put_if_absent(key, content, hashlib.sha256(content).hexdigest())

    try:
        winners = [number for number, won in enumerate(lanes.map(race, range(RACERS))) if won]
        stored = bucket.get(key)
        bucket.delete([key])
    finally:
        lanes.close()
    if len(winners) != 1 or stored != str(winners[0]).encode():
        raise ConfigError([ConfigProblem("store.url", _sentence(where, len(winners)))])


def _sentence(where: str, winners: int) -> str:
    return (
        f"{where} cannot be used: of {RACERS} writers of one new object (PUT with If-None-Match: *) "
        f"{winners} were told that theirs is the one, and not 1. Without such conditional writes two "
        "workers could commit the same records. Use a store that has them: Amazon S3, SeaweedFS, "
        "versitygw from 1.8, MinIO, Cloudflare R2."
    )
