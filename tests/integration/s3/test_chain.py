"""One partition's chain on a real store: exactly one entry in each slot, whatever becomes of answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeAlias

import pytest

from connectors.s3 import manifest
from connectors.s3.bucket import Bucket
from connectors.s3.chain import Chain, Patience
from connectors.s3.config import S3SinkConfig
from connectors.s3.connector import S3SinkConnector
from connectors.s3.manifest import BrokenChainError, Counts, Entry
from connectors.s3.reader import S3Reader
from sinkworker.api import (
    Advance,
    Alteration,
    ConnectError,
    FencedError,
    Offset,
    RetriableError,
    TopicPartition,
)
from tests.integration.s3.conftest import SOURCE
from tests.integration.s3.proxy import Fate, Proxy, Request
from tests.services.store import Store

pytestmark = pytest.mark.s3


def claim(chain: Chain, owner: str = "me", start: int = 0) -> Entry:
    entry = chain.claim(Offset(start), owner)
    assert entry is not None
    return entry


def commit(chain: Chain, last: Entry, to: int) -> Entry:
    assert last.next_offset is not None
    gaps = to - last.next_offset
    advance = Advance(last.epoch, last.next_offset, Offset(to), 0, gaps=gaps)
    return chain.commit(last, advance, [], Counts(gaps=gaps))


def entries(store: Store) -> list[Entry]:
    """The whole chain, oldest first, with all its links checked."""
    with S3Reader("archive", **store.settings()) as reader:
        return list(reader.entries(SOURCE))


def steps(store: Store) -> list[tuple[str, int, int | None]]:
    return [(entry.type.value, entry.epoch, entry.next_offset) for entry in entries(store)]


def is_entry(request: Request) -> bool:
    return request.is_entry


# few requests


def test_opening_a_long_chain_takes_three_requests_and_a_commit_one(
    store: Store, proxy: Proxy, chain: Chain, other: Chain
) -> None:
    last = claim(other)
    for to in range(1, 60):
        last = commit(other, last, to)
    entry = claim(chain)
    assert entry.next_offset == 59
    assert [request.method for request in proxy.seen] == ["GET", "GET", "PUT"]
    proxy.seen.clear()
    commit(chain, entry, 60)
    assert [request.method for request in proxy.seen] == ["PUT"]


def test_of_many_claims_at_once_each_gets_an_epoch_of_its_own(store: Store, other: Chain) -> None:
    racers, rounds = 8, 3
    start = Barrier(racers, timeout=30)

    def race(number: int) -> int:
        start.wait()
        return claim(other, f"racer {number}").epoch

    with ThreadPoolExecutor(racers) as pool:
        for _ in range(rounds):
            list(pool.map(race, range(racers)))
    assert [entry.epoch for entry in entries(store)] == list(range(1, racers * rounds + 1))


def test_of_many_commits_of_one_slot_one_wins_and_all_others_are_fenced(
    store: Store, other: Chain
) -> None:
    racers, rounds = 32, 4
    start, last = Barrier(racers, timeout=30), claim(other)

    def race(number: int) -> Entry | None:
        start.wait()
        try:
            return commit(other, last, last.next_offset + number + 1)  # type: ignore[operator]
        except FencedError:
            return None

    with ThreadPoolExecutor(racers) as pool:
        for _ in range(rounds):
            winners = [won for won in pool.map(race, range(racers)) if won is not None]
            assert len(winners) == 1
            last = winners[0]
    assert len(entries(store)) == 1 + rounds


# answers that are lost


@pytest.mark.parametrize("fate", [Fate.LOST, Fate.UNANSWERED, 409, 429, 500, 503])
@pytest.mark.parametrize("times", [1, 2])
def test_a_commit_whose_answer_is_unknown_is_put_again_with_the_same_bytes(
    store: Store, proxy: Proxy, chain: Chain, fate: Fate | int, times: int
) -> None:
    last = claim(chain)
    proxy.once(fate, is_entry, times)
    proxy.seen.clear()
    committed = commit(chain, last, 5)
    puts = [request for request in proxy.seen if request.is_entry]
    assert len(puts) == times + 1
    assert len({(request.path, request.body) for request in puts}) == 1
    assert entries(store)[-1] == committed
    assert steps(store) == [("claim", 1, 0), ("commit", 1, 5)]


@pytest.mark.parametrize("fate", [Fate.LOST, Fate.UNANSWERED])
def test_a_claim_whose_answer_is_unknown_is_made_once(
    store: Store, proxy: Proxy, chain: Chain, fate: Fate
) -> None:
    proxy.once(fate, is_entry)
    assert claim(chain).epoch == 1
    assert steps(store) == [("claim", 1, 0)]


@pytest.mark.parametrize(("fate", "landed"), [(Fate.LOST, 0), (Fate.UNANSWERED, 5)])
def test_after_patience_has_ended_the_next_claim_knows_how_the_commit_ended(
    store: Store, proxy: Proxy, bucket: Bucket, other: Chain, fate: Fate, landed: int
) -> None:
    impatient = Chain(bucket, "archive", SOURCE, Patience(0))
    last = claim(impatient)
    proxy.script = lambda request: fate if request.is_entry else None
    with pytest.raises(RetriableError, match="S3, writing _sinkworker/archive/alerts/3/"):
        commit(impatient, last, 5)
    assert claim(other, "next").next_offset == landed


def test_a_commit_that_arrives_after_a_takeover_changes_nothing(
    store: Store, proxy: Proxy, bucket: Bucket, other: Chain
) -> None:
    """A frozen worker's request waits in a buffer while another one takes over and commits."""
    zombie = Chain(bucket, "archive", SOURCE, Patience(0))
    last = claim(zombie, "zombie")
    proxy.once(Fate.LATE, is_entry)
    with pytest.raises(RetriableError):
        commit(zombie, last, 5)
    commit(other, claim(other, "next"), 3)
    assert proxy.release() == [412]
    assert steps(store) == [("claim", 1, 0), ("claim", 2, 0), ("commit", 2, 3)]


def test_a_commit_that_arrives_just_before_a_takeover_counts(
    store: Store, proxy: Proxy, bucket: Bucket, other: Chain
) -> None:
    zombie = Chain(bucket, "archive", SOURCE, Patience(0))
    last = claim(zombie, "zombie")
    proxy.once(Fate.LATE, is_entry)
    with pytest.raises(RetriableError):
        commit(zombie, last, 5)
    assert proxy.release() == [200]
    assert claim(other, "next").next_offset == 5


def test_a_request_that_was_damaged_on_its_way_is_sent_again(
    store: Store, proxy: Proxy, chain: Chain
) -> None:
    last = claim(chain)
    proxy.once(Fate.DAMAGED, is_entry)
    commit(chain, last, 5)
    assert steps(store) == [("claim", 1, 0), ("commit", 1, 5)]


@pytest.mark.parametrize("fate", [Fate.LOST, 503])
def test_who_stands_in_a_slot_is_asked_until_it_is_known(
    store: Store, proxy: Proxy, chain: Chain, other: Chain, fate: Fate | int
) -> None:
    """The entry is refused, and then the answer to "by whom?" is lost."""
    last = claim(chain)
    claim(other, "next")
    proxy.once(fate, lambda request: request.method == "GET")
    with pytest.raises(FencedError):
        commit(chain, last, 5)


# others


def test_a_commit_after_another_s_claim_is_fenced_and_says_by_whom(
    store: Store, chain: Chain, other: Chain
) -> None:
    last = claim(chain)
    claim(other, "archive-1@elsewhere")
    with pytest.raises(FencedError) as caught:
        commit(chain, last, 5)
    assert str(caught.value) == (
        "S3 refused the flush of alerts-3: it was claimed by archive-1@elsewhere"
    )


def test_a_commit_after_an_operator_s_change_is_fenced_and_says_so(
    chain: Chain, other: Chain
) -> None:
    last = claim(chain)
    other.alter(Alteration(Offset(2)))
    with pytest.raises(FencedError) as caught:
        commit(chain, last, 5)
    assert str(caught.value) == (
        "S3 refused the flush of alerts-3: its offset was changed from outside"
    )


def test_a_listing_that_is_behind_does_no_harm(
    store: Store, chain: Chain, other: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = claim(chain)
    key = chain.folder + manifest.name(1)
    for to in (4, 7):
        old = commit(other, old, to)
    monkeypatch.setattr(Bucket, "keys", lambda *_: [key])
    assert claim(chain, "late").next_offset == 7
    monkeypatch.undo()
    assert [entry.seq for entry in entries(store)] == [1, 2, 3, 4]


# broken chains


def shorten(store: Store, folder: str) -> None:
    newest = folder + manifest.name(3)
    store.put(newest, store.get(newest)[:-9])


def repeat(store: Store, folder: str) -> None:
    store.put(folder + manifest.name(4), store.get(folder + manifest.name(3)))


def leave_only_the_last(store: Store, folder: str) -> None:
    store.delete(folder + manifest.name(1))
    store.delete(folder + manifest.name(2))


def make_it_follow_another(store: Store, folder: str) -> None:
    content = json.loads(store.get(folder + manifest.name(3)))
    store.put(folder + manifest.name(3), json.dumps(content | {"prev_id": "0"}).encode())


Damage: TypeAlias = Callable[[Store, str], None]
DAMAGES: dict[str, Damage] = {
    "garbage": lambda store, folder: store.put(folder + manifest.name(3), b"garbage"),
    "shortened": shorten,
    "a gap": lambda store, folder: store.delete(folder + manifest.name(2)),
    "all others gone": leave_only_the_last,
    "a hint": lambda store, folder: store.put(folder + "!HEAD", b"3"),
    "repeated": repeat,
}


def broken_by(damage: Damage, store: Store, chain: Chain) -> None:
    last = claim(chain)
    for to in (4, 7):
        last = commit(chain, last, to)
    damage(store, chain.folder)


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_broken_chain_is_not_opened_and_nothing_is_written(
    store: Store, chain: Chain, damage: Damage
) -> None:
    broken_by(damage, store, chain)
    before = store.keys()
    with pytest.raises(BrokenChainError) as caught:
        claim(chain)
    assert not isinstance(caught.value, RetriableError)
    assert store.keys() == before


def test_an_entry_that_does_not_follow_is_found_by_readers(store: Store, chain: Chain) -> None:
    broken_by(make_it_follow_another, store, chain)
    with pytest.raises(BrokenChainError, match="does not follow the one before: it follows 0"):
        entries(store)


# refusals


def test_a_bucket_that_is_gone_ends_the_task(store: Store, chain: Chain) -> None:
    store.client.delete_bucket(Bucket=store.bucket)
    with pytest.raises(ConnectError) as caught:
        claim(chain)
    assert not isinstance(caught.value, RetriableError)
    assert "NoSuchBucket (404)" in str(caught.value)


def test_the_ledger_is_the_chain_newest_first(store: Store) -> None:
    connector = S3SinkConnector("archive", S3SinkConfig(**store.settings()))
    offsets = connector.offset_store()
    here, there = TopicPartition("alerts", 3), TopicPartition("alerts", 4)
    offsets.seed({here: Offset(5)})
    offsets.seed({there: Offset(0)})
    offsets.alter({here: Alteration(Offset(2))})
    steps = offsets.ledger(2)
    offsets.close()
    assert [step[:-1] for step in steps] == [
        (here, "alter", 1, 5, 2, 0, 0, 0, 0, None, None),
        (there, "seed", 0, None, 0, 0, 0, 0, 0, None, None),
    ]
