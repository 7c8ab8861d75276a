"""When a batch is tried as new rows: at first, and again after pauses that grow while keys are known."""

from __future__ import annotations

from connectors.postgres.novelty import FIRST_PAUSE, LONGEST_PAUSE, Novelty


def pause(novelty: Novelty) -> int:
    """How many batches are not tried before the next one that is."""
    count = 0
    while not novelty.is_likely():
        count += 1
    return count


def test_while_keys_are_new_every_batch_is_tried() -> None:
    novelty = Novelty()
    for _ in range(3):
        assert novelty.is_likely()
        novelty.learn(are_new=True)


def test_pauses_double_while_keys_are_known_up_to_the_longest() -> None:
    novelty, pauses = Novelty(), []
    for _ in range(12):
        novelty.learn(are_new=False)
        pauses.append(pause(novelty))
    assert pauses == [min(FIRST_PAUSE << n, LONGEST_PAUSE) for n in range(12)]


def test_after_new_keys_the_next_pause_is_the_first_one_again() -> None:
    novelty = Novelty()
    for _ in range(3):
        novelty.learn(are_new=False)
        pause(novelty)
    novelty.learn(are_new=True)
    novelty.learn(are_new=False)
    assert pause(novelty) == FIRST_PAUSE


def test_a_table_that_takes_no_copy_is_hardly_tried_again() -> None:
    novelty = Novelty()
    novelty.give_up()
    assert pause(novelty) == LONGEST_PAUSE
    novelty.learn(are_new=False)
    assert pause(novelty) == LONGEST_PAUSE
