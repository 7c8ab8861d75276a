"""A chain longer than one listing: opened and committed to as quickly as a new one, read as a stream."""

from __future__ import annotations

import pytest

from connectors.s3 import manifest
from connectors.s3.lanes import Lanes
from connectors.s3.manifest import Counts, DataFile, Entry
from connectors.s3.reader import ENTRIES_AT_ONCE, S3Reader
from connectors.s3.verify import verify
from sinkworker.api import Advance, Offset
from sinkworker.testing.owner import Owner
from tests.integration.s3.proxy import Proxy, Request
from tests.integration.s3.sinks import P0, sink
from tests.services.store import Store

pytestmark = pytest.mark.s3
COMMITS, OF_ONE_LISTING = 1_200, 1_000


@pytest.fixture
def long(store: Store) -> Store:
    """A claim, and after it this many commits of one record."""
    folder, lanes = manifest.folder("archive", P0), Lanes()
    lanes.map(lambda e: store.put(folder + manifest.name(e.seq), e.encode()), entries(COMMITS))
    lanes.close()
    return store


def entries(commits: int) -> list[Entry]:
    first = manifest.claimed(None, Offset(0), "one")
    assert first is not None
    chain = [first]
    for offset in range(commits):
        file = DataFile(key=f"topics/{offset}.json", first=offset, last=offset, count=1, bytes=3,
                        sha256="0" * 64, path="")  # fmt: skip
        advance = Advance(epoch=1, expected=offset, to=Offset(offset + 1), records=1)
        entry = manifest.committed(chain[-1], advance, [file], Counts(records=1))
        assert entry is not None
        chain.append(entry)
    return chain


def entry_reads(requests: list[Request]) -> int:
    return sum(r.method == "GET" and r.path.endswith(".json") for r in requests)


def test_opening_it_takes_three_requests_and_a_commit_one_beside_its_data(
    long: Store, proxy: Proxy
) -> None:
    owner = Owner(sink(long, store_url=proxy.address))
    owner.open(P0)
    assert owner.resume(P0) == COMMITS
    assert [request.method for request in proxy.seen] == ["GET", "GET", "PUT"]

    proxy.seen.clear()
    owner.put(P0, range(COMMITS, COMMITS + 3))
    owner.flush({P0: COMMITS + 3})
    assert [request.is_entry for request in proxy.seen] == [False, True]
    owner.stop()


def test_reading_its_stored_offset_does_not_depend_on_its_length(long: Store, proxy: Proxy) -> None:
    offsets = sink(long, store_url=proxy.address).offset_store()
    stored = offsets.read()
    assert [each.next for each in stored.values()] == [COMMITS]
    assert len(proxy.seen) == 4
    offsets.close()


def test_all_of_it_is_read_in_order(long: Store) -> None:
    with S3Reader("archive", **long.settings()) as reader:
        assert [file.first for file in reader.files()] == list(range(COMMITS))


def test_the_first_files_are_there_before_the_last_entries_are_asked_for(
    long: Store, proxy: Proxy
) -> None:
    with S3Reader("archive", **long.settings(proxy.address)) as reader:
        assert next(reader.files_of(P0)).first == 0
        assert len(proxy.seen) - entry_reads(proxy.seen) == COMMITS // OF_ONE_LISTING + 1
        assert entry_reads(proxy.seen) <= 2 * ENTRIES_AT_ONCE + 1


def test_an_entry_that_is_missing_in_the_middle_is_found(long: Store) -> None:
    folder = manifest.folder("archive", P0)
    long.delete(folder + manifest.name(600))
    bucket, lanes = sink(long).bucket(), Lanes()
    with S3Reader("archive", **long.settings()) as reader:
        (finding,) = verify(reader, bucket, lanes, contents=False)
    assert finding.flaws == [
        f"The entry before {folder}{manifest.name(601)} is missing: the next one is 599"
    ]
    lanes.close()
    bucket.close()
