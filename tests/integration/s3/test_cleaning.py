"""What gc removes: what never was committed and never can be. Nothing else, whoever is writing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from connectors.s3 import gc
from connectors.s3.connector import S3SinkConnector
from connectors.s3.reader import S3Reader
from sinkworker.api import Alteration, FencedError, Offset, RetriableError
from sinkworker.testing.owner import Owner
from tests.integration.s3.proxy import Fate, Proxy
from tests.integration.s3.sinks import P0, P1, files, sink, write
from tests.services.store import Store

pytestmark = pytest.mark.s3


def collect(connector: S3SinkConnector) -> list[str]:
    """Run gc; the keys of the files it removed."""
    bucket = connector.bucket()
    with S3Reader(connector.name, connector.config) as reader:
        garbage = gc.find(bucket, reader, connector.names())
        gc.remove(bucket, garbage)
    bucket.close()
    return [listed.key for listed in garbage.files] + [key for key, _ in garbage.uploads]


def orphan(store: Store, connector: S3SinkConnector, first: int, epoch: int) -> str:
    """A file as a worker that was killed before its entry leaves it."""
    key = connector.names().key("alerts/partition=0", P0, first, epoch, ".json")
    store.put(key, b"{}\n")
    return key


def test_an_orphan_of_a_claim_that_is_over_goes(store: Store) -> None:
    connector = sink(store)
    one, two = Owner(connector, "one"), Owner(connector, "two")
    one.open(P0)
    one.put(P0, range(3))
    left = orphan(store, connector, first=0, epoch=1)
    assert collect(connector) == [], "its entry may still come"
    two.open(P0)
    with pytest.raises(FencedError):
        one.flush({P0: 3})
    removed = collect(connector)
    assert left in removed
    assert len(removed) == 2, "the fenced flush had written its file, too"
    assert store.keys("topics/") == []
    one.stop()
    two.stop()


def test_an_orphan_below_the_stored_offset_goes_and_one_beyond_it_stays(store: Store) -> None:
    connector = sink(store)
    owner = Owner(connector)
    owner.open(P0)
    write(owner, P0, range(5))
    below, beyond = (orphan(store, connector, first, epoch=1) for first in (4, 5))
    assert collect(connector) == [below]
    assert beyond in store.keys("topics/")
    owner.stop()


def test_files_that_are_uploaded_and_not_yet_committed_stay(store: Store, proxy: Proxy) -> None:
    connector = sink(store, store_url=proxy.address)
    owner = Owner(connector)
    owner.open(P0)
    owner.put(P0, range(3))
    removed: list[str] = []

    def collect_before_the_entry(request: object) -> None:
        if request.is_entry:  # type: ignore[attr-defined]
            removed.extend(collect(sink(store)))

    proxy.script = collect_before_the_entry  # type: ignore[assignment]
    owner.flush({P0: 3})
    assert removed == []
    (file,) = files(connector)
    assert store.get(file.key)
    owner.stop()


def test_two_connectors_on_one_topic_keep_each_other_s_files(store: Store) -> None:
    one, two = sink(store, "archive"), sink(store, "archive-1")
    for connector in (one, two):
        owner = Owner(connector)
        owner.open(P0, P1)
        write(owner, P0, range(3))
        write(owner, P1, range(2))
        owner.open(P0, P1)
        owner.stop()
    store.put("topics/alerts/partition=0/notes.txt", b"somebody's")
    left = orphan(store, two, first=0, epoch=1)
    before = store.keys("topics/")
    assert collect(one) == []
    assert collect(two) == [left]
    assert store.keys("topics/") == [key for key in before if key != left]


def test_beside_two_connectors_that_write_nothing_that_they_commit_goes(store: Store) -> None:
    """Each commits, is taken over and rewound again and again, while gc runs for both."""
    sinks = [sink(store, name, flush_size=2) for name in ("archive", "archive-1")]
    removed: set[str] = set()

    def work(connector: S3SinkConnector) -> None:
        owner, offsets = Owner(connector), connector.offset_store()
        for turn in range(8):
            owner.close(P0)
            owner.open(P0)
            at = owner.resume(P0)
            write(owner, P0, range(at, at + 5))
            orphan(store, connector, first=at, epoch=owner.claims[P0].epoch)
            if turn % 3 == 2:
                offsets.alter({P0: Alteration(Offset(at - 4))})
        owner.stop()
        offsets.close()

    with ThreadPoolExecutor(2) as pool:
        works = [pool.submit(work, connector) for connector in sinks]
        while not all(done.done() for done in works):
            for connector in sinks:
                removed.update(collect(connector))
        for done in works:
            done.result()
    for connector in sinks:
        removed.update(collect(connector))
    named = [file.key for connector in sinks for file in files(connector)]
    assert len(named) == 2 * 8 * 3
    assert sorted(named) == store.keys("topics/")
    assert len(removed) == 2 * 8


def test_after_a_rewind_nothing_that_was_or_gets_committed_goes(store: Store) -> None:
    connector = sink(store)
    owner, offsets = Owner(connector), connector.offset_store()
    owner.open(P0)
    write(owner, P0, range(10))
    old = orphan(store, connector, first=3, epoch=1)
    offsets.alter({P0: Alteration(Offset(2))})
    owner.close(P0)
    owner.open(P0)
    new = orphan(store, connector, first=2, epoch=3)
    assert collect(connector) == [old]
    write(owner, P0, range(2, 6))
    assert collect(connector) == [new]
    assert [file.key for file in files(connector)] == store.keys("topics/")
    assert len(files(connector)) == 2
    owner.stop()
    offsets.close()


def test_after_a_reset_nothing_that_was_committed_goes(store: Store) -> None:
    connector = sink(store)
    owner, offsets = Owner(connector), connector.offset_store()
    owner.open(P0)
    write(owner, P0, range(3))
    left = orphan(store, connector, first=3, epoch=1)
    offsets.alter({P0: Alteration(None)})
    assert collect(connector) == [left]
    assert len(files(connector)) == len(store.keys("topics/")) == 1
    owner.stop()
    offsets.close()


def test_a_commit_that_lands_late_keeps_its_files(
    store: Store, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.s3.connector.PATIENCE_SECONDS", 0)
    connector = sink(store, store_url=proxy.address)
    owner = Owner(connector)
    owner.open(P0)
    owner.put(P0, range(3))
    proxy.once(Fate.LATE, lambda request: request.is_entry)
    with pytest.raises(RetriableError):
        owner.flush({P0: 3})
    assert collect(sink(store)) == [], "nobody has claimed meanwhile: the entry may still come"
    assert proxy.release() == [200]
    assert collect(sink(store)) == []
    assert [file.key for file in files(connector)] == store.keys("topics/")
    owner.stop()


def test_an_upload_in_parts_that_nobody_will_finish_is_aborted(store: Store) -> None:
    connector = sink(store)
    owner = Owner(connector)
    owner.open(P0)
    key = connector.names().key("alerts/partition=0", P0, 0, 1, ".json")
    store.client.create_multipart_upload(Bucket=store.bucket, Key=key)
    assert collect(connector) == []
    owner.open(P0)
    assert collect(connector) == [key]
    assert not store.client.list_multipart_uploads(Bucket=store.bucket).get("Uploads")
    owner.stop()
