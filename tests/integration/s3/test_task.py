"""One task on a real store: files first, then the entry; several files and partitions at once."""

from __future__ import annotations

import pytest

from sinkworker.api import RetriableError
from sinkworker.testing.owner import Owner
from tests.integration.s3.proxy import Fate, Proxy
from tests.integration.s3.sinks import P0, P1, files, ranges, sink, write
from tests.services.store import Store

pytestmark = pytest.mark.s3


def test_a_commit_is_one_request_beside_its_data_files(store: Store, proxy: Proxy) -> None:
    owner = Owner(sink(store, store_url=proxy.address, flush_size=10))
    owner.open(P0)
    owner.put(P0, range(25))
    proxy.seen.clear()
    owner.flush({P0: 25})
    assert [request.is_entry for request in proxy.seen] == [False, False, False, True]
    assert ranges(files(sink(store))) == [(0, 0, 9), (0, 10, 19), (0, 20, 24)]
    owner.stop()


def test_files_stand_where_confluent_s_sink_puts_them(store: Store) -> None:
    owner = Owner(sink(store))
    owner.open(P0)
    write(owner, P0, range(3))
    (file,) = files(sink(store))
    folder, _, name = file.key.rpartition("/")
    assert folder == "topics/alerts/partition=0"
    assert name.startswith("archive+alerts+0+00000000000000000000.e1.")
    assert file.url == f"s3://{store.bucket}/{file.key}"
    assert len(store.get(file.key).splitlines()) == file.count == 3
    owner.stop()


def test_what_was_uploaded_says_what_it_is(store: Store) -> None:
    owner = Owner(sink(store))
    owner.open(P0)
    write(owner, P0, range(3))
    head = store.client.head_object(Bucket=store.bucket, Key=files(sink(store))[0].key)
    assert head["Metadata"] == {"connector": "archive", "first": "0", "last": "2", "count": "3"}
    owner.stop()


def test_a_large_file_is_sent_in_parts(store: Store, proxy: Proxy) -> None:
    connector = sink(store, store_url=proxy.address, s3_part_size=5 << 20)
    owner = Owner(connector)
    owner.open(P0)
    owner.put(P0, range(12), text="x" * (1 << 20))
    owner.flush({P0: 12})
    (file,) = files(connector)
    assert len(store.get(file.key)) == file.bytes > 12 << 20
    assert len([r for r in proxy.seen if "partNumber=" in r.path]) == 3
    owner.stop()


@pytest.mark.parametrize("fate", [Fate.LOST, Fate.UNANSWERED, 500, 503])
def test_a_data_file_is_sent_again_until_it_is_there(
    store: Store, proxy: Proxy, fate: Fate | int
) -> None:
    owner = Owner(sink(store, store_url=proxy.address))
    owner.open(P0)
    owner.put(P0, range(3))
    proxy.once(fate, lambda request: request.is_data)
    owner.flush({P0: 3})
    (file,) = files(sink(store))
    assert len(store.get(file.key)) == file.bytes
    owner.stop()


def test_a_data_file_that_is_damaged_on_its_way_is_refused(store: Store, proxy: Proxy) -> None:
    owner = Owner(sink(store, store_url=proxy.address))
    owner.open(P0)
    owner.put(P0, range(3))
    proxy.once(Fate.DAMAGED, lambda request: request.is_data)
    with pytest.raises(RetriableError, match=r"BadDigest \(400\)"):
        owner.flush({P0: 3})
    assert files(sink(store)) == store.keys("topics/") == []
    owner.stop()


def test_without_its_data_nothing_is_committed(store: Store, proxy: Proxy) -> None:
    owner = Owner(sink(store, store_url=proxy.address, s3_part_retries=0))
    owner.open(P0)
    owner.put(P0, range(3))
    proxy.once(503, lambda request: request.is_data)
    with pytest.raises(RetriableError, match=r"S3, writing topics/alerts/partition=0/.* \(503\)"):
        owner.flush({P0: 3})
    owner.close(P0)
    owner.open(P0)
    assert owner.resume(P0) == 0
    assert files(sink(store)) == []
    owner.stop()


def test_when_one_of_two_commits_fails_each_chain_says_how_far_it_is(
    store: Store, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.s3.connector.PATIENCE_SECONDS", 0)
    owner = Owner(sink(store, store_url=proxy.address))
    owner.open(P0, P1)
    owner.put(P0, range(3))
    owner.put(P1, range(2))
    proxy.script = lambda r: 503 if r.is_entry and "/alerts/1/" in r.path else None
    with pytest.raises(RetriableError):
        owner.flush({P0: 3, P1: 2})
    owner.close(P0, P1)
    owner.open(P0)
    assert owner.resume(P0) == 3
    proxy.script = lambda _: None
    owner.open(P1)
    assert owner.resume(P1) == 0
    assert ranges(files(sink(store))) == [(0, 0, 2)]
    owner.stop()


def test_an_offset_that_moves_without_records_is_offered_once_a_minute(store: Store) -> None:
    owner = Owner(sink(store))
    owner.open(P0, P1)
    owner.put(P1, range(1))
    looks = [owner.task.due(now_ms) for now_ms in (0, 59_000, 60_000, 61_000, 120_000)]
    assert looks == [[], [], [P0], [], [P0]]
    owner.stop()


def test_an_entry_counts_what_became_of_every_offset(store: Store) -> None:
    connector = sink(store, behavior_on_null_values="ignore")
    owner = Owner(connector)
    owner.open(P0)
    owner.put_values(P0, {0: {"id": 0}, 1: None, 5: {"id": 5}})
    owner.flush({P0: 8})
    (key,) = [k for k in store.keys("_sinkworker/") if b'"commit"' in store.get(k)]
    assert b'"counts":{"records":2,"filtered":1,"errant":0,"gaps":5}' in store.get(key)
    owner.stop()


def test_files_and_entries_are_stored_encrypted_where_the_store_is_told_to(
    store: Store, proxy: Proxy
) -> None:
    keys = {"s3_ssea_name": "aws:kms", "s3_sse_kms_key_id": "key-1"}
    owner = Owner(sink(store, store_url=proxy.address, s3_acl_canned="private", **keys))
    proxy.script = lambda request: 200 if request.method == "PUT" else None
    owner.open(P0)
    owner.put(P0, range(1))
    owner.flush({P0: 1})
    headers = [{name.lower(): value for name, value in request.headers.items()}
               for request in proxy.seen if request.method == "PUT"]  # fmt: skip
    assert len(headers) == 3
    for each in headers:
        assert each["x-amz-server-side-encryption"] == "aws:kms"
        assert each["x-amz-server-side-encryption-aws-kms-key-id"] == "key-1"
    assert [each.get("x-amz-acl") for each in headers] == [None, "private", None]
    owner.stop()
