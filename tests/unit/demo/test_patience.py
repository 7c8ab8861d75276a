"""Waiting in the demo: in vain, or until a signal."""

from __future__ import annotations

import os
import signal

import pytest

from sinkworker.demo.patience import DemoError, Patience, ToldToStop

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def test_what_is_waited_for_in_vain_is_named() -> None:
    with pytest.raises(DemoError, match=r"^Waited 0 s in vain for rain$"):
        Patience().until(lambda: False, 0, "rain")


def test_waiting_ends_when_it_is_so() -> None:
    answers = iter([False, False, True])
    Patience().until(lambda: next(answers), 10, "the third answer")
    assert list(answers) == []


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_is_only_noted_and_ends_the_next_wait(number: signal.Signals) -> None:
    patience = Patience()
    with patience.listening():
        os.kill(os.getpid(), number)
        with pytest.raises(ToldToStop) as told:
            patience.until(lambda: False, 10, "nothing")
    assert told.value.number == number


def test_afterwards_signals_do_what_they_did_before() -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    with Patience().listening():
        assert [signal.getsignal(number) for number in SIGNALS] != before
    assert [signal.getsignal(number) for number in SIGNALS] == before
