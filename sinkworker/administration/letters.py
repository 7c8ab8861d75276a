"""Dead letters that a sink stores itself: choosing them, and writing them once more.

Owns what becomes of a replay. Must not know who asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from sinkworker.api import DeadLetter, DeadLetterStore
from sinkworker.configuration import ConfiguredConnector
from sinkworker.rest.port import LetterQuestion, ReplayedLetters
from sinkworker.runtime import replay as replaying
from sinkworker.runtime.pipeline import Pipeline
from sinkworker.runtime.tolerance import Tolerance, ToleranceMode, sentence


def chosen(store: DeadLetterStore, question: LetterQuestion) -> Iterator[DeadLetter]:
    meant = (each for each in store.read() if _is_meant(each, question))
    return islice(meant, question.limit)


def _is_meant(letter: DeadLetter, question: LetterQuestion) -> bool:
    is_there = question.partition in (None, letter.source)
    return is_there and question.offset in (None, letter.offset)


def replayed(
    configured: ConfiguredConnector, store: DeadLetterStore, question: LetterQuestion
) -> ReplayedLetters:
    pipeline = letter_pipeline(configured)
    steps = list(replaying.replay(chosen(store, question), store, pipeline))
    stayed = [sentence(errant) for step in steps for errant in step.errant]
    return ReplayedLetters(
        sum(step.written for step in steps), sum(step.filtered for step in steps), stayed
    )


def letter_pipeline(configured: ConfiguredConnector) -> Pipeline:
    """A connector's converters and transforms, for dead letters: what fails again stays one."""
    made = configured.conversion()
    tolerance = Tolerance(ToleranceMode.ALL, log_errors=False, include_messages=False)
    return Pipeline(
        made.key_converter, made.value_converter, made.steps, tolerance, made.header_converter
    )
