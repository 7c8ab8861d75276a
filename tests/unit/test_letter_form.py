"""What a dead letter is in a topic, whichever client sends it."""

from __future__ import annotations

import pytest

from sinkworker.api import DataError, ErrantRecord, Stage, TopicPartition
from sinkworker.kafka.letters import Letter, LetterForm, LetterTopic
from sinkworker.runtime.letter_headers import context_headers, omitted_header


def errant(timestamp: int | None = 1_700_000_000_123) -> ErrantRecord:
    return ErrantRecord(
        TopicPartition("alerts", 3), 5, Stage.TASK_PUT, DataError("too long"), timestamp,
        b"key", b"value", [("h", None)], "a.Task",
    )  # fmt: skip


SAID = context_headers(errant(), "alerts-to-pg", 2)
BARE = LetterForm(LetterTopic("dead", has_context=False), "alerts-to-pg", 2)
TELLING = LetterForm(LetterTopic("dead"), "alerts-to-pg", 2)


def test_a_letter_is_the_record_and_perhaps_what_failed() -> None:
    assert BARE.whole(errant()) == Letter(1_700_000_000_123, b"key", b"value", [("h", None)])
    assert TELLING.whole(errant()).headers == [("h", None), *SAID]


@pytest.mark.parametrize("timestamp", [None, -1])
def test_a_letter_without_a_time_is_of_now(timestamp: int | None) -> None:
    assert BARE.whole(errant(timestamp)).timestamp is None


def test_only_its_time_is_left_out_where_the_topic_does_not_take_it() -> None:
    assert TELLING.of_now(errant()) == TELLING.whole(errant())._replace(timestamp=None)


def test_what_is_too_large_says_in_any_case_where_it_was_and_how_much_is_missing() -> None:
    headers = [*SAID, omitted_header(errant())]
    assert BARE.headers_only(errant()) == Letter(1_700_000_000_123, None, None, headers)
