"""Which offsets a ledger covers: gaps, overlaps, rewinds, skips."""

from __future__ import annotations

from sinkworker.report.coverage import Covered, Run, Span, coverage, told
from sinkworker.report.steps import Step


def step(
    kind: str, old: int | None, new: int | None, epoch: int = 1, handled: int | None = None
) -> Step:
    distance = (new or 0) - (old or 0) if handled is None else handled
    return Step("a-0", kind, epoch, old, new, distance, distance, "me", 0.0)


def covered(*steps: Step) -> Covered:
    return coverage(steps)["a-0"]


def test_commits_that_lie_end_to_end_are_one_run_of_their_epoch() -> None:
    of = covered(
        step("seed", None, 0, 0), step("claim", 0, 0), step("commit", 0, 5), step("commit", 5, 9),
        step("claim", 9, 9, 2), step("commit", 9, 12, 2),
    )  # fmt: skip
    assert of.passes == [[Run(0, 9, 1, "me"), Run(9, 12, 2, "me")]]
    assert of.is_exact
    assert (of.low, of.high, of.next) == (0, 12, 12)
    assert told([of]) == "1 partition(s), no gap, no overlap, 0 rewind(s)."


def test_offsets_that_nobody_committed_are_a_gap() -> None:
    of = covered(step("commit", 0, 5), step("commit", 7, 9))
    assert (of.gaps, of.is_exact) == ([Span(5, 7, 0)], False)


def test_a_claim_that_begins_elsewhere_is_a_gap_or_an_overlap_too() -> None:
    assert covered(step("commit", 0, 5), step("claim", 8, 8)).gaps == [Span(5, 8, 0)]
    assert covered(step("commit", 0, 5), step("claim", 3, 3)).overlaps == [Span(3, 5, 0)]


def test_offsets_that_were_committed_twice_are_an_overlap() -> None:
    of = covered(step("commit", 0, 5), step("commit", 3, 9))
    assert of.overlaps == [Span(3, 5, 0)]
    assert told([of]) == "1 partition(s), no gap, 1 overlap(s), 0 rewind(s)."


def test_an_operator_s_rewind_begins_another_pass_and_is_no_overlap() -> None:
    of = covered(step("commit", 0, 9), step("alter", 9, 4), step("commit", 4, 6, 2))
    assert of.passes == [[Run(0, 9, 1, "me")], [Run(4, 6, 2, "me")]]
    assert (of.rewinds, of.is_exact) == (1, True)


def test_what_an_operator_skips_is_no_gap() -> None:
    of = covered(step("commit", 0, 5), step("alter", 5, 8), step("commit", 8, 9, 2))
    assert (of.skipped, of.gaps) == ([Span(5, 8, 0)], [])


def test_after_a_reset_any_start_is_right() -> None:
    of = covered(step("commit", 0, 5), step("alter", 5, None), step("commit", 2, 6, 2))
    assert (of.is_exact, len(of.passes), of.rewinds) == (True, 2, 0)


def test_a_commit_whose_counts_do_not_add_up_is_told() -> None:
    of = covered(step("commit", 0, 5, handled=4))
    assert (of.miscounted, of.is_exact) == (1, False)
    assert "1 commit(s) whose counts do not add up" in told([of])


def test_a_history_that_begins_in_the_middle_has_no_gap_before_it() -> None:
    assert covered(step("commit", 70, 75)).is_exact
