"""What a replay refuses before anything is touched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sinkworker.administration.replaying import Replay
from sinkworker.api import ConnectError, TopicPartition
from sinkworker.app import load_without_kafka
from sinkworker.runtime.log_range import Range
from sinkworker.runtime.rewriting import ranges

P0, P1 = TopicPartition("alerts", 0), TopicPartition("alerts", 1)


def nowhere(partitions: Any) -> Any:
    raise AssertionError(f"asked Kafka for {partitions}")


def test_a_sink_that_cannot_write_again_says_what_can_be_done_instead(tmp_path: Path) -> None:
    configured = load_without_kafka("FileStreamSink", {"file": str(tmp_path / "out.txt")})
    with pytest.raises(ConnectError) as failure:
        Replay(configured, nowhere, None, deletes_first=False)
    assert str(failure.value) == (
        "The sink of connector plugin-test cannot write again what it has written. Write the range to "
        "another place with a connector of another name, or set the offsets back (`sinkworker offsets "
        "set --to-datetime …`) and have it all a second time"
    )


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        (
            {},
            "insert.mode=insert adds rows, so a replay corrects nothing. Instead, stop the connector",
        ),
        (
            {"insert.mode": "ignore", "pk.mode": "record_key"},
            "insert.mode=ignore leaves rows as they",
        ),
    ],
)
def test_tables_without_keys_are_refused(keys: dict[str, str], says: str) -> None:
    configured = load_without_kafka("PostgresSink", {"connection.url": "postgresql://x/y"} | keys)
    refused: Callable[..., Any] = lambda deletes: Replay(  # noqa: E731
        configured, nowhere, None, deletes_first=deletes
    )
    with pytest.raises(ConnectError) as failure:
        refused(False)
    assert str(failure.value).startswith(says)
    with pytest.raises(ConnectError, match="--delete-first needs rows that say where"):
        refused(True)


def test_nothing_is_written_that_was_not_written_before() -> None:
    wanted, stored = {P0: Range(3, 20), P1: Range(9, 20)}, {P0: 10, P1: 9}
    assert ranges(wanted, stored, reads_on=False) == {P0: Range(3, 10)}
    assert ranges(wanted, stored, reads_on=True) == {P0: Range(3, 10)}


def test_what_follows_a_range_is_written_only_where_a_range_was_wanted() -> None:
    stored = {P0: 10, P1: 10}
    wanted = {P0: Range(3, 5), P1: Range(4, 4)}
    assert ranges(wanted, stored, reads_on=True) == {P0: Range(3, 10)}
    assert ranges(wanted, stored, reads_on=False) == {P0: Range(3, 5)}
