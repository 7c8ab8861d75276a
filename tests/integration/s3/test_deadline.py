"""A flush that takes too long is given up in time: nothing is committed, and it says what was slow."""

from __future__ import annotations

import pytest

from sinkworker.api import RetriableError
from sinkworker.testing.owner import Owner
from tests.integration.s3.proxy import Proxy, Request
from tests.integration.s3.sinks import P0, files, sink
from tests.services.store import Store

pytestmark = pytest.mark.s3
TOO_LATE = (
    r"S3: a flush may take 45 s, and they were over while {}\. If the store is well, lower flush\.size "
    r"or flush\.bytes, or raise max\.poll\.interval\.ms"
)
WRITING = TOO_LATE.format(r"writing topics/alerts/partition=0/archive\+\S+ \(\d+ bytes\)")


class Clock:
    """Stands still until a minute is over, at once."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("connectors.s3.deadline.monotonic", clock)
    return clock


@pytest.fixture
def slow(proxy: Proxy, clock: Clock) -> Proxy:
    """A minute passes while data is on its way."""

    def script(request: Request) -> None:
        clock.now += 60 * request.is_data

    proxy.script = script
    return proxy


def flush(store: Store, slow: Proxy, expected: str, **settings: int | str) -> list[Request]:
    """Put three records and flush; the requests with data."""
    owner = Owner(sink(store, store_url=slow.address, **settings))
    owner.open(P0)
    owner.put(P0, range(3), text="x" * (4 << 20))
    with pytest.raises(RetriableError, match=f"^{expected}$"):
        owner.flush({P0: 3})
    owner.close(P0)
    owner.open(P0)
    assert owner.resume(P0) == 0
    assert files(sink(store)) == []
    owner.stop()
    return [request for request in slow.seen if request.is_data]


def test_nothing_is_committed_after_it(store: Store, slow: Proxy) -> None:
    assert len(flush(store, slow, TOO_LATE.format("committing alerts-0"))) == 1


def test_no_more_files_are_begun(
    store: Store, slow: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.s3.lanes.Lanes.__init__.__defaults__", (1,))
    assert len(flush(store, slow, WRITING, flush_size=1)) == 1


def test_a_large_file_is_given_up_between_its_parts(store: Store, slow: Proxy) -> None:
    flush(store, slow, WRITING, s3_part_size=5 << 20)
    assert store.client.list_multipart_uploads(Bucket=store.bucket).get("Uploads", []) == []


def test_a_file_that_was_refused_is_not_sent_again(
    store: Store, proxy: Proxy, clock: Clock
) -> None:
    def script(request: Request) -> int | None:
        clock.now += 60 * request.is_data
        return 503 if request.is_data else None

    proxy.script = script
    assert len(flush(store, proxy, WRITING)) == 1


def test_a_flush_in_time_is_none_of_its_business(store: Store, proxy: Proxy, clock: Clock) -> None:
    clock.now = 1e9
    owner = Owner(sink(store, store_url=proxy.address))
    owner.open(P0)
    owner.put(P0, range(3))
    clock.now += 1e9
    owner.flush({P0: 3})
    assert len(files(sink(store))) == 1
    owner.stop()
