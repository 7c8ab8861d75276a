"""A round that shows nothing does not count, and what its witnesses did not see is told."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from tests.faults.campaign import flaw
from tests.faults.observer import PostgresObserver
from tests.faults.rig import FaultyWorker, Outcome
from tests.services.process import free_port

EXACT = {"records": 5, "snapshots": 3, "faults": ["kill -9"]}


@pytest.mark.parametrize(
    ("missing", "why"),
    [
        ({}, None),
        ({"faults": []}, "no fault has struck: this round shows nothing"),
        ({"records": 0}, "nothing was compared: the round never came to its verdict"),
        ({"snapshots": 0}, "no snapshot was taken: nobody watched this round"),
        ({"anomalies": {"lost": 1}, "shown": ["lost: 3"]}, "anomalies {'lost': 1}:\nlost: 3"),
    ],
    ids=["nothing", "a fault", "records", "snapshots", "an anomaly instead"],
)
def test_a_round_counts_only_if_nothing_is_missing(
    missing: dict[str, object], why: str | None
) -> None:
    assert flaw(Outcome(**(EXACT | missing))) == why  # type: ignore[arg-type]


def test_an_observer_that_reached_no_server_at_the_end_says_so(tmp_path: Path) -> None:
    url = f"postgresql://nobody@127.0.0.1:{free_port()}/none"
    observer = PostgresObserver(url, "c", "inserted", tmp_path / "snapshots").start()
    observer.stop()
    assert isinstance(observer.failure, psycopg.OperationalError)


def test_an_observer_that_fails_for_any_other_reason_ends_and_says_so(tmp_path: Path) -> None:
    class Broken(PostgresObserver):
        def _take_all(self) -> None:
            raise OSError("the disk is full")

    observer = Broken("postgresql://", "c", "inserted", tmp_path / "snapshots").start()
    observer.stop()
    assert str(observer.failure) == "the disk is full"


@pytest.mark.parametrize("is_told", [True, False])
def test_a_worker_that_ends_by_itself_has_crashed(tmp_path: Path, is_told: bool) -> None:
    worker = FaultyWorker(
        tmp_path / "none.properties", home=tmp_path, number=0, failpoints=[], source=None, env={}
    )
    assert not worker.has_crashed()
    worker.start()
    if is_told:
        worker.kill()
    else:
        worker.wait()
    assert worker.has_crashed() is not is_told
