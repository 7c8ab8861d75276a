"""What a bad record's exception keeps in memory: its lines, and no batch."""

from __future__ import annotations

import traceback
import weakref

from sinkworker.runtime.traces import let_go


class Batch:
    """Something large."""


def failed_deep_below(batch: Batch) -> Exception:
    def plugin(batch: Batch) -> None:
        assert batch
        raise ValueError("of the plugin")

    try:
        plugin(batch)
    except ValueError as error:
        return error
    raise AssertionError


def test_the_batch_goes_and_the_lines_of_what_has_ended_stay() -> None:
    batch = Batch()
    gone = weakref.ref(batch)
    error = failed_deep_below(batch)
    let_go(error)
    del batch
    assert gone() is None
    assert 'raise ValueError("of the plugin")' in "".join(traceback.format_exception(error))


def test_frames_that_still_run_are_no_part_of_it_any_more() -> None:
    batch, found = Batch(), []
    gone = weakref.ref(batch)

    def loop(batch: Batch) -> None:
        try:
            raise ValueError("here")
        except ValueError as error:
            let_go(error)
            found.append(error)

    loop(batch)
    del batch
    assert gone() is None
    assert "".join(traceback.format_exception(found[0])) == "ValueError: here\n"


def test_what_it_came_of_lets_go_too_even_in_a_circle() -> None:
    batch = Batch()
    gone = weakref.ref(batch)
    error, cause = KeyError(), failed_deep_below(batch)
    error.__cause__, cause.__context__ = cause, error
    let_go(error)
    del batch
    assert gone() is None
