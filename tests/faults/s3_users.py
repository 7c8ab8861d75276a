"""Rounds of what users and operators do to a bucket: broken chains, moved offsets.

Owns what they do.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial

from connectors.s3.connector import S3SinkConnector
from sinkworker.api import Alteration, Offset, TopicPartition
from tests.faults.campaign import Round
from tests.faults.rig import Rig
from tests.faults.s3_faults import MEASURE
from tests.faults.s3_unknown import REST
from tests.services.process import wait_until


def rounds() -> list[Round]:
    plays = {
        "a chain with a hole": partial(break_chain, damage=make_hole),
        "a chain with a damaged entry": partial(break_chain, damage=damage_newest),
        "a stranger in a chain": partial(break_chain, damage=add_stranger),
        "rewound under a worker": rewind,
    }
    return [Round(MEASURE, f"S3 {name}", play, lands_in="s3") for name, play in plays.items()]


Mend = Callable[[], object]


def break_chain(rig: Rig, damage: Callable[[Rig, str, str], tuple[str, Mend]]) -> None:
    """Nothing is guessed: no worker goes on until somebody has mended it."""
    rig.load_any()
    config = rig.config()
    victim = rig.worker(config, seconds_a_flush=REST).start()
    rig.wait_for_progress(800)
    victim.kill()
    chains = rig.s3.chains(rig.connector, rig.topic)
    _wait_until_seen(rig)
    newest, older = list(chains.keys(rig.dice.randrange(rig.partitions)))[:2]
    told, mend = damage(rig, newest, older)
    refused = rig.worker(config).start()
    refused.wait_failed()
    assert told in refused.log(), refused.log()[-3000:]
    rig.struck_under_backlog("broken chain")
    mend()
    at = time.monotonic()
    heir = rig.worker(config).start()
    rig.recovered(at)
    rig.finish(heir)


def _wait_until_seen(rig: Rig) -> None:
    """By the observer: it is not to miss what is about to be taken away."""
    newest = rig.s3.chains(rig.connector, rig.topic).newest()
    ids = {entry["id"] for entry in newest.values()}

    def has_seen() -> bool:
        *_, last = rig.snapshots(rig.connector).read_text().splitlines()
        return ids <= {each[2] for each in json.loads(last)["chains"]}

    wait_until(has_seen, 30, "the observer to see the newest entries")


def make_hole(rig: Rig, newest: str, older: str) -> tuple[str, Mend]:
    content = _take(rig, older)
    return f"The entry before {newest} is missing", lambda: _put(rig, older, content)


def damage_newest(rig: Rig, newest: str, older: str) -> tuple[str, Mend]:
    content = _take(rig, newest)
    _put(rig, newest, content.replace(b'"epoch":', b'"epoch":-', 1))
    return f"{newest} is damaged: epoch", lambda: _put(rig, newest, content)


def add_stranger(rig: Rig, newest: str, older: str) -> tuple[str, Mend]:
    stranger = newest.rpartition("/")[0] + "/.DS_Store"
    _put(rig, stranger, b"")
    return f"{stranger} is no entry", lambda: _take(rig, stranger)


def _take(rig: Rig, key: str) -> bytes:
    chains = rig.s3.chains(rig.connector, rig.topic)
    content = chains.get(key)
    assert content is not None
    chains.client.delete_object(Bucket=chains.bucket, Key=key)
    return content


def _put(rig: Rig, key: str, content: bytes) -> None:
    chains = rig.s3.chains(rig.connector, rig.topic)
    chains.client.put_object(Bucket=chains.bucket, Key=key, Body=content)


def rewind(rig: Rig) -> None:
    """As an operator does it, under a worker that is at work: its next commit is refused."""
    rig.load_any()
    worker = rig.worker(rig.config(), seconds_a_flush=REST).start()
    rig.wait_for_progress(800)
    at = time.monotonic()
    alter(rig, rig.dice.choice([0, 0.5, 2]))
    worker.wait_for("its offset was changed from outside")
    rig.struck_under_backlog("offset moved from outside")
    rig.recovered(at)
    rig.finish(worker)


def alter(rig: Rig, share: float) -> None:
    """Move the offset of the partition that has come furthest to this share of itself."""
    stored = rig.stored()
    p = max(stored, key=lambda each: stored[each])
    keys = {**rig.landing.keys(rig.table, rig.connector), "aws.secret.access.key": _secret(rig)}
    own = {k: v for k, v in keys.items() if not k.startswith(("consumer.", "connector."))}
    connector = S3SinkConnector(rig.connector, S3SinkConnector.config_class.model_validate(own))
    store = connector.offset_store()
    target = min(int(stored[p] * share), rig.kafka.ends(rig.topic)[p])
    source = TopicPartition(rig.topic, p)
    assert store.alter({source: Alteration(Offset(target))}) == {source}
    store.close()


def _secret(rig: Rig) -> str:
    return rig.landing.environment["S3_SECRET"]
